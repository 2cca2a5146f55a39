"""What threads wait for each other with: the standard module's names, made of one word each.

``Condition Event Semaphore BoundedSemaphore Barrier`` are ours, and ``RWLock Latch AtomicInt AtomicRef
AtomicFlag Once call_once`` are new; every other name is the standard module's own object, so that a
changed import keeps every program working. ``Lock`` and ``RLock`` are the standard ones: they are
written in C already.
"""

import threading as _standard
from threading import *  # noqa: F403  (get_ident, Thread, Lock, RLock, local, ...: as they are)
from typing import Any

from allcores._native.sync import (
    AtomicFlag,
    AtomicInt,
    AtomicRef,
    Barrier,
    BoundedSemaphore,
    Condition,
    Event,
    Latch,
    Once,
    RWLock,
    Semaphore,
    call_once,
)

# Parts in files of their own (timers.py, groups.py, lock_order.py) are imported here, and their names
# added to OWN.

#: The names that are not the standard module's objects.
OWN = (
    "AtomicFlag",
    "AtomicInt",
    "AtomicRef",
    "Barrier",
    "BoundedSemaphore",
    "Condition",
    "Event",
    "Latch",
    "Once",
    "RWLock",
    "Semaphore",
    "call_once",
)

__all__ = sorted({*_standard.__all__, *OWN})  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Find what the standard module has outside ``__all__`` (``_RLock``, ``_shutdown``, names to come)."""
    try:
        return getattr(_standard, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(_standard)})
