"""What threads wait for each other with: the standard module's names, made of one word each.

``Condition Event Semaphore BoundedSemaphore Barrier`` are ours, and ``RWLock Latch AtomicInt AtomicRef
AtomicFlag Once call_once`` are new; every other name is the standard module's own object, so that a
changed import keeps every program working. ``Lock`` and ``RLock`` are the standard ones: they are
written in C already.
"""

import threading as _standard
from threading import (
    TIMEOUT_MAX,
    BrokenBarrierError,
    ExceptHookArgs,
    Lock,
    RLock,
    Thread,
    ThreadError,
    Timer,
    active_count,
    current_thread,
    enumerate,
    excepthook,
    get_ident,
    get_native_id,
    getprofile,
    gettrace,
    local,
    main_thread,
    setprofile,
    settrace,
    stack_size,
)
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

# Parts in files of their own (timers.py, groups.py, lock_order.py) are imported here, in the place of
# the standard name if there is one, and their names added to OWN and __all__.

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

__all__ = [
    "TIMEOUT_MAX",
    "AtomicFlag",
    "AtomicInt",
    "AtomicRef",
    "Barrier",
    "BoundedSemaphore",
    "BrokenBarrierError",
    "Condition",
    "Event",
    "ExceptHookArgs",
    "Latch",
    "Lock",
    "Once",
    "RLock",
    "RWLock",
    "Semaphore",
    "Thread",
    "ThreadError",
    "Timer",
    "active_count",
    "call_once",
    "current_thread",
    "enumerate",
    "excepthook",
    "get_ident",
    "get_native_id",
    "getprofile",
    "gettrace",
    "local",
    "main_thread",
    "setprofile",
    "settrace",
    "stack_size",
]
# What this interpreter's standard module has besides (setprofile_all_threads, names to come).
__all__ += [name for name in _standard.__all__ if name not in __all__]


def __getattr__(name: str) -> Any:
    """Find what the standard module has and is not imported above: newer and private names."""
    try:
        return getattr(_standard, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(_standard)})
