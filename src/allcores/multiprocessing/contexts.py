"""The contexts: real `multiprocessing.context.BaseContext` subclasses that make our types.

The default context follows the standard library's: which start method a program has chosen is one
fact of the process, whichever of the two modules it chose it through.
"""

import multiprocessing
import sys
from multiprocessing import context as std
from typing import TYPE_CHECKING, Any

from allcores.multiprocessing.processes import OurProcess, Process
from allcores.multiprocessing.queues import JoinableQueue as OurJoinableQueue
from allcores.multiprocessing.queues import Queue as OurQueue
from allcores.multiprocessing.queues import SimpleQueue as OurSimpleQueue

if sys.platform == "linux" or TYPE_CHECKING:
    from allcores.multiprocessing import arrays, locks, pipes

    class OurLocks(std.BaseContext):
        """Locks in shared memory, see `allcores.multiprocessing.locks`, and `Pipe`."""

        # Their types differ from the standard ones on purpose. `Value` and `Array` are the standard
        # library's, with a lock from here.

        def Lock(self) -> locks.Lock:  # type: ignore[override]
            """Return a lock that the death of its owner does not keep locked."""
            return locks.Lock(ctx=self.get_context())

        def RLock(self) -> locks.RLock:  # type: ignore[override]
            """Return a `Lock` that its holder may take again."""
            return locks.RLock(ctx=self.get_context())

        def Condition(self, lock: Any = None) -> locks.Condition:  # type: ignore[override]
            """Return a condition that passes over the dead."""
            return locks.Condition(lock, ctx=self.get_context())

        def Semaphore(  # type: ignore[override]
            self, value: int = 1, *, owned: bool = False
        ) -> locks.Semaphore:
            """Return a semaphore; an owned one takes back the permits of the dead."""
            return locks.Semaphore(value, owned=owned, ctx=self.get_context())

        def BoundedSemaphore(  # type: ignore[override]
            self, value: int = 1, *, owned: bool = False
        ) -> locks.BoundedSemaphore:
            """Return a semaphore that notices one release too many."""
            return locks.BoundedSemaphore(value, owned=owned, ctx=self.get_context())

        def Event(self) -> locks.Event:  # type: ignore[override]
            """Return a flag to wait for."""
            return locks.Event(ctx=self.get_context())

        def Barrier(  # type: ignore[override]
            self, parties: int, action: Any = None, timeout: float | None = None
        ) -> locks.Barrier:
            """Return a barrier that forgets the dead."""
            return locks.Barrier(parties, action, timeout, ctx=self.get_context())

        def AtomicInt(self, value: int = 0) -> locks.AtomicInt:
            """Return a number that is changed in one step."""
            return locks.AtomicInt(value, ctx=self.get_context())

        def SharedArray(self, shape: int | tuple[int, ...], dtype: Any = "d") -> arrays.SharedArray:
            """Return an array in shared memory."""
            return arrays.SharedArray(shape, dtype, ctx=self.get_context())

        def Pipe(self, duplex: bool = True) -> Any:
            """Return the two ends of a pipe that carries large messages in shared memory."""
            return pipes.Pipe(duplex)

else:
    OurLocks = std.BaseContext

__all__ = ["DefaultContext", "default_context"]


class OurTypes(OurLocks):
    """What our contexts, one for each start method, have in common."""

    # Their types differ from the standard ones on purpose.

    def Queue(  # type: ignore[override]
        self,
        maxsize: int = 0,
        *,
        ordered: bool = False,
        name: str | None = None,
        checksum: bool = False,
        serializer: Any = None,
    ) -> OurQueue[Any]:
        """Return a queue in shared memory; see `allcores.multiprocessing.queues.Queue`."""
        return OurQueue(
            maxsize,
            ordered=ordered,
            name=name,
            checksum=checksum,
            serializer=serializer,
            ctx=self.get_context(),
        )

    def JoinableQueue(  # type: ignore[override]
        self,
        maxsize: int = 0,
        *,
        ordered: bool = False,
        name: str | None = None,
        checksum: bool = False,
        serializer: Any = None,
    ) -> OurJoinableQueue[Any]:
        """Return a queue in shared memory with `task_done` and `join`."""
        return OurJoinableQueue(
            maxsize,
            ordered=ordered,
            name=name,
            checksum=checksum,
            serializer=serializer,
            ctx=self.get_context(),
        )

    def SimpleQueue(self) -> OurSimpleQueue[Any]:  # type: ignore[override]
        """Return a queue in shared memory with `put`, `get`, `empty` and `close`."""
        return OurSimpleQueue(ctx=self.get_context())

    def get_context(self, method: str | None = None) -> Any:
        """Return our context for a start method; without one, this context."""
        return self if method is None else _concrete(method)


# `mp.Queue.attach(name)`: what a context has is a method, which shows its function's attributes.
vars(OurTypes.Queue)["attach"] = OurQueue.attach
vars(OurTypes.JoinableQueue)["attach"] = OurJoinableQueue.attach


class SpawnProcess(OurProcess, std.SpawnProcess):
    """A `Process` that starts as a fresh interpreter."""


class SpawnContext(OurTypes, std.SpawnContext):
    """Our types with the start method ``spawn``."""

    Process = SpawnProcess


_contexts: dict[str, std.BaseContext] = {"spawn": SpawnContext()}

if sys.platform != "win32":

    class ForkProcess(OurProcess, std.ForkProcess):
        """A `Process` that starts as a copy of its parent."""

    class ForkContext(OurTypes, std.ForkContext):
        """Our types with the start method ``fork``."""

        Process = ForkProcess

    class ForkServerProcess(OurProcess, std.ForkServerProcess):
        """A `Process` that starts as a copy of a small server process."""

    class ForkServerContext(OurTypes, std.ForkServerContext):
        """Our types with the start method ``forkserver``."""

        Process = ForkServerProcess

    _contexts["fork"] = ForkContext()
    _contexts["forkserver"] = ForkServerContext()


def _concrete(method: str) -> std.BaseContext:
    try:
        context = _contexts[method]
    except KeyError:
        raise ValueError(
            f"cannot find context for {method!r}; this system has {' '.join(sorted(_contexts))}"
        ) from None
    context._check_available()
    return context


_standard: Any = multiprocessing.get_context.__self__  # type: ignore[attr-defined]


class DefaultContext(OurTypes, std.DefaultContext):
    """Our types with the start method that the process uses, chosen through either module."""

    Process = Process

    def __init__(self) -> None:
        super().__init__(_standard)

    def get_context(self, method: str | None = None) -> Any:
        """Return our context for a start method; without one, for the one in use."""
        return _concrete(_standard.get_start_method() if method is None else method)

    def set_start_method(self, method: str | None, force: bool = False) -> None:
        """Choose the start method of this process, for the standard library too."""
        _standard.set_start_method(method, force)

    def get_start_method(self, allow_none: bool = False) -> str:
        """Return the start method in use."""
        method: str = _standard.get_start_method(allow_none)
        return method


default_context = DefaultContext()
