"""`multiprocessing`, faster, and without its hangs: change the import, not the program.

    from allcores import multiprocessing as mp

exports all that the standard module does. `Process`, `Queue`, `JoinableQueue`, `SimpleQueue`,
`Pipe`, `Lock`, `RLock`, `Semaphore`, `BoundedSemaphore`, `Condition`, `Event` and `Barrier` are ours,
also of the contexts of `get_context`, which are real `multiprocessing.context.BaseContext` objects;
`wait`, `AtomicInt` and `SharedArray` are new. `Value` and `Array` are the standard ones with our
locks. Everything else, `Pool` included, is the standard library's own. On systems other
than Linux the queues are the standard ones with our methods, see `allcores.multiprocessing.queues`,
and the locks and pipes the standard ones; `AtomicInt` and `SharedArray` are not there.
"""

from importlib import import_module as _import_module
from typing import Any as _Any

from allcores.errors import Empty, Full, OwnerDiedWarning, QueueCorrupted, RemoteError, ShutDown
from allcores.multiprocessing.contexts import default_context as _default_context
from allcores.multiprocessing.processes import Process, wait

# As the standard module does: the methods of the default context are the functions of the module.
# The first of them again by name, so that type checkers know ours; the rest is Any to them.
_standard_names = [name for name in dir(_default_context) if not name.startswith("_")]
globals().update((name, getattr(_default_context, name)) for name in _standard_names)
Queue = _default_context.Queue
JoinableQueue = _default_context.JoinableQueue
SimpleQueue = _default_context.SimpleQueue
get_context = _default_context.get_context

__all__ = [
    "Empty",
    "Full",
    "JoinableQueue",
    "OwnerDiedWarning",
    "Process",
    "Queue",
    "QueueCorrupted",
    "RemoteError",
    "ShutDown",
    "SimpleQueue",
    "get_context",
    "wait",
]
__all__ += [name for name in _standard_names if name not in __all__]


def __getattr__(name: str) -> _Any:
    """Give the standard module's other names and its submodules, ``connection`` for example."""
    import multiprocessing

    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(multiprocessing, name)
    except AttributeError:
        pass
    try:
        return _import_module(f"multiprocessing.{name}")
    except ModuleNotFoundError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
