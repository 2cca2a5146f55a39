"""Every exception of allcores. Where the standard library has one, it is that one."""

import queue as _queue
from queue import Empty, Full

__all__ = [
    "Empty",
    "Full",
    "LockOrderWarning",
    "NativeImportError",
    "OwnerDiedWarning",
    "QueueCorrupted",
    "RangeFailed",
    "RemoteError",
    "ShutDown",
    "TaskCancelled",
    "WorkerDied",
]

if hasattr(_queue, "ShutDown"):
    ShutDown: type[Exception] = _queue.ShutDown
else:

    class _ShutDown(Exception):
        """Raised when put/get with a queue that was shut down (the standard name since 3.13)."""

    _ShutDown.__name__ = _ShutDown.__qualname__ = "ShutDown"
    ShutDown = _ShutDown


class NativeImportError(ImportError):
    """A compiled module is missing, or was built for another version."""


class WorkerDied(RuntimeError):
    """A worker process ended without giving back the result of its task.

    Parameters
    ----------
    message : str
        What happened, in one sentence.
    pid : int or None
        The process.
    exitcode : int or None
        Its exit code; negative for the signal that ended it.
    """

    def __init__(self, message: str, pid: int | None = None, exitcode: int | None = None) -> None:
        super().__init__(message, pid, exitcode)
        self.pid = pid
        self.exitcode = exitcode

    def __str__(self) -> str:
        return str(self.args[0])


class TaskCancelled(Exception):
    """A task of a ThreadGroup was not run, or ended itself, because its group was cancelled."""


class LockOrderWarning(RuntimeWarning):
    """Locks are taken in orders that can block each other for ever (``ALLCORES_DEBUG=1``)."""


class OwnerDiedWarning(RuntimeWarning):
    """A lock between processes was taken from a process that died with it: look at what it protects."""


class QueueCorrupted(RuntimeError):
    """The shared memory of a queue holds what no queue writes: another process wrote over it."""


class RangeFailed(RuntimeError):
    """The function of a `parallel.for_range` returned something else than 0.

    Parameters
    ----------
    message : str
        What happened, in one sentence.
    code : int
        What the function returned.
    lo, hi : int
        The chunk that it returned this for.
    """

    def __init__(self, message: str, code: int, lo: int, hi: int) -> None:
        super().__init__(message, code, lo, hi)
        self.code = code
        self.lo = lo
        self.hi = hi

    def __str__(self) -> str:
        return str(self.args[0])


class RemoteError(RuntimeError):
    """Stands for an exception of another process that could not be brought over by pickling.

    Parameters
    ----------
    message : str
        What ``repr`` said about the exception there.
    traceback : str
        Its traceback, as text.
    """

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message, traceback)
        self.traceback = traceback

    def __str__(self) -> str:
        return str(self.args[0])
