"""What threads wait for each other with: the standard module's names, made of one word each.

``Condition Event Semaphore BoundedSemaphore Barrier Timer`` are ours, and ``RWLock Latch AtomicInt
AtomicRef AtomicFlag Once call_once ThreadGroup`` are new; every other name is the standard module's own
object, so that a changed import keeps every program working. ``Lock`` and ``RLock`` are the standard
ones: they are written in C already. With ``ALLCORES_DEBUG=1`` in the environment they are watched ones
instead (lock_order.py), and ``dump_locks()`` says who waits for whom.
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
from typing import TYPE_CHECKING, Any, TextIO

from allcores._common.env import read_debug
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
from allcores.threading.groups import CancelToken, GroupTask, ThreadGroup
from allcores.threading.timers import Timer

if not TYPE_CHECKING and read_debug():
    from allcores.threading.lock_order import Lock, RLock

#: The names that are not the standard module's objects.
OWN = (
    "AtomicFlag",
    "AtomicInt",
    "AtomicRef",
    "Barrier",
    "BoundedSemaphore",
    "CancelToken",
    "Condition",
    "Event",
    "GroupTask",
    "Latch",
    "Once",
    "RWLock",
    "Semaphore",
    "ThreadGroup",
    "Timer",
    "call_once",
    "dump_locks",
)

__all__ = [
    "TIMEOUT_MAX",
    "AtomicFlag",
    "AtomicInt",
    "AtomicRef",
    "Barrier",
    "BoundedSemaphore",
    "BrokenBarrierError",
    "CancelToken",
    "Condition",
    "Event",
    "ExceptHookArgs",
    "GroupTask",
    "Latch",
    "Lock",
    "Once",
    "RLock",
    "RWLock",
    "Semaphore",
    "Thread",
    "ThreadError",
    "ThreadGroup",
    "Timer",
    "active_count",
    "call_once",
    "current_thread",
    "dump_locks",
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


def dump_locks(file: TextIO | None = None) -> None:
    """Write which threads wait for which watched locks, and who holds those, since where.

    Parameters
    ----------
    file : text file, optional
        Where to; standard error by default.

    Notes
    -----
    Locks are watched with ``ALLCORES_DEBUG=1`` in the environment when this module is imported. Takes
    no lock: a signal handler may call it while the program is stuck.
    """
    from allcores.threading import lock_holders

    lock_holders.dump_locks(file)


def __getattr__(name: str) -> Any:
    """Find what the standard module has and is not imported above: newer and private names."""
    try:
        return getattr(_standard, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(_standard)})
