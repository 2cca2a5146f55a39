"""`Queue`, `JoinableQueue` and `SimpleQueue` between processes.

On Linux they lie in shared memory (csrc/shm): no feeder thread, no pipe, no semaphore, and nothing
that a killed process leaves locked. On other systems they are the standard library's with the same
methods (queues_portable.py), until the core has its shared memory there.
"""

import errno
import os
import sys
import weakref
from collections.abc import Coroutine
from importlib import import_module
from multiprocessing import context as _context
from multiprocessing import util
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from allcores.errors import Empty, Full, ShutDown

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

__all__ = ["Empty", "Full", "JoinableQueue", "Queue", "ShutDown", "SimpleQueue"]

_T = TypeVar("_T")
_AnyQueue = TypeVar("_AnyQueue", bound="ShmQueue[Any]")

if sys.platform == "linux" or TYPE_CHECKING:
    from multiprocessing.reduction import DupFd

    from allcores._native.shm import ShmQueue
    from allcores.multiprocessing import listening as _listening  # noqa: F401  # registers itself
    from allcores.multiprocessing import names
    from allcores.multiprocessing.awaiting import take_when_ready
    from allcores.multiprocessing.limits import queue_limit_bytes

    class _NoLock:
        """Where the standard library's code takes a lock, and ours needs none."""

        def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
            return True

        def release(self) -> None:
            pass

        def __enter__(self) -> bool:
            return True

        def __exit__(self, *exc: object) -> None:
            pass

    class Queue(ShmQueue[_T]):
        """A first-in first-out queue between processes: `multiprocessing.Queue` in shared memory.

        Usually made by a context: ``allcores.multiprocessing.Queue(maxsize)``.

        Parameters
        ----------
        maxsize : int, default 0
            Most objects that the queue holds; `put` waits while there are so many. Zero or less:
            no bound.
        ordered : bool, default False
            Whether all processes put into one lane: see Notes. A queue with a `maxsize` always has one.
        name : str, optional
            A name under which processes that are no relatives find it: `attach`. See Notes.
        checksum : bool, default False
            Whether each message carries a CRC-32, and `get` raises `QueueCorrupted` where it is wrong.
            Headers and positions are checked in any case.
        serializer : optional
            Something with ``dumps(obj) -> bytes`` and ``loads(bytes) -> obj``, such as the modules
            `marshal` or ``cloudpickle``: every object goes through it. It must be picklable, or a
            module, where the queue is to be an argument of a process. None: pickle with the
            reducers of `ForkingPickler`, and short forms of small built-in values.
        ctx : BaseContext
            The context that it belongs to.

        Notes
        -----
        A queue with a name lies in /dev/shm, with mode 0600, and can be attached to by processes of the
        same user. It stays, with what is in it, when nobody has it open, until `unlink`; or until
        `attach` or ``allcores ipc repair`` finds that somebody was killed who had it open and that
        nobody alive has. Whoever can write to its memory can run code in whoever reads it, as with
        every pickle. A full /dev/shm raises MemoryError, and loses nothing.

        An object is pickled in the caller of `put` and lies in shared memory when `put` returns. So
        what cannot be pickled raises in `put`, and a process can end, and be joined, while nobody
        has read what it has put.

        Buffers that an object gives to the pickler apart (protocol 5: NumPy arrays do) are copied once
        into shared memory and once out of it, and can be written to where the original could.

        Without a `maxsize`, `put` does not wait: the queue grows up to a quarter of the memory of
        the machine (or of the container), where `put` raises MemoryError. Memory that has been read
        goes back to the system, all of it when the last process that has the queue ends.

        When a process is killed in the middle of a `put`, nothing of it is seen; in the middle of a
        `get`, at most the one object, or the one batch of `get_many`, that it held is lost, and
        `stats` counts it as ``lost``. The others go on.

        Every process that puts has a lane of its own (up to 16; more share), and readers take the
        earliest object of all lanes: what was put before another `put` began comes out before it. So
        a process that is stopped (SIGSTOP) holds up nobody but those that share its lane. With
        ``ordered=True`` or a `maxsize` there is one lane, of which the order is one and the bound
        exact: who is stopped in the middle of a `put` then makes other writers wait until it goes on,
        or until their timeouts: it is not dead. Readers wait for nobody in any case. All methods
        may be called by any thread of any process. The queue reaches children by inheritance or as
        an argument of a `Process`, as the standard one.

        Examples
        --------
        >>> from allcores import multiprocessing as mp
        >>> q = mp.Queue()
        >>> p = mp.get_context("fork").Process(target=q.put, args=(42,))
        >>> p.start(); p.join()
        >>> q.get()
        42
        """

        def __init__(
            self,
            maxsize: int = 0,
            *,
            ordered: bool = False,
            name: str | None = None,
            checksum: bool = False,
            serializer: Any = None,
            ctx: "BaseContext | None" = None,
            _limit: int | None = None,
        ) -> None:
            limit = queue_limit_bytes() if _limit is None else _limit
            self._use(serializer)
            if name is None:
                super().__init__(maxsize, limit, 0, ordered, checksum=checksum)
                return
            file = names.named_file(name)
            try:
                super().__init__(maxsize, limit, 0, ordered, file, checksum)
            except BaseException:
                os.close(file)
                raise
            self._enlist()
            names.publish(file, name)
            self._become(name)

        @classmethod
        def attach(cls, name: str, *, serializer: Any = None) -> "Queue[_T]":
            """Open the queue of this name, which any process of this user has made.

            Parameters
            ----------
            name : str
            serializer : optional
                The one that the queue was made with.

            Returns
            -------
            Queue

            Raises
            ------
            FileNotFoundError
                There is none; or there was one, of which all processes were killed: it is removed.
            PermissionError
                It is another user's, or others could open it.
            RuntimeError
                Another version of allcores has made it.
            """
            file = names.open_named(name)
            queue = cls.__new__(cls)
            try:
                with names.locked(file, name):
                    queue._attach(file, named=True)
                    file = -1  # the queue's
                    left = queue._all_dead()
                    if left:
                        depth = queue.qsize()
                        os.unlink(names.path_of(name))
                    else:
                        queue._enlist()
            finally:
                if file >= 0:
                    os.close(file)
            if left:
                raise FileNotFoundError(
                    errno.ENOENT,
                    f"all processes that had this queue open were killed: it was removed, with {depth} "
                    "objects that nobody had taken; make it anew",
                    name,
                )
            queue._use(serializer)
            queue._become(name)
            return queue

        def _use(self, serializer: Any) -> None:
            if serializer is None:
                return
            if not callable(getattr(serializer, "dumps", None)) or not callable(
                getattr(serializer, "loads", None)
            ):
                raise TypeError(
                    f"a serializer has dumps(obj) and loads(bytes); {serializer!r} does not"
                )
            self._serialize(serializer.dumps, serializer.loads)
            self._serializer = (
                _Module(serializer.__name__) if isinstance(serializer, ModuleType) else serializer
            )

        def unlink(self) -> None:
            """Take the queue's name away; who has it open goes on, and its memory goes with the last.

            Raises
            ------
            ValueError
                It has no name.
            FileNotFoundError
                Its name is gone already.
            """
            if self.name is None:
                raise ValueError("this queue has no name: its memory goes with its last process")
            names.remove(self._fileno(), self.name)

        @property
        def name(self) -> str | None:
            """The name that it was made or attached with; None without one."""
            return self.__dict__.get("_name")

        def _become(self, name: str) -> None:
            self._name = name
            # A process that ends in order is nobody who was killed with the queue open.
            util.Finalize(None, _leave, (weakref.ref(self),), exitpriority=0)

        def aget(self) -> Coroutine[Any, Any, _T]:
            """Take the oldest object out; wait for one in the running event loop.

            Returns
            -------
            coroutine
                Of the object.

            Raises
            ------
            ShutDown
                The queue was shut down and is empty.

            Notes
            -----
            A task that is cancelled while it waits has taken nothing. Tasks of several loops, threads
            and other processes may wait for the same queue. An object of many megabytes holds up the
            loop while it is copied and unpickled. It uses no thread: see
            `allcores.multiprocessing.awaiting`.
            """
            return take_when_ready(self, self.get_nowait)

        def aget_many(self, n: int) -> Coroutine[Any, Any, list[_T]]:
            """Wait for an object in the running event loop, then take up to `n` that are there."""
            return take_when_ready(self, self.get_many, n, False)

        def __reduce__(self) -> tuple[Any, ...]:
            _context.assert_spawning(self)
            about = (type(self), *_descriptors(self), self.name is not None)
            return _rebuild, about, self.__dict__ or None

        def __setstate__(self, state: dict[str, Any]) -> None:
            self.__dict__.update(state)  # what a subclass has set
            serializer = state.get("_serializer")
            if serializer is not None:
                self._use(serializer)
            if self.name is not None:
                self._enlist()
                self._become(self.name)

        def __repr__(self) -> str:
            try:
                state = f"maxsize={self.maxsize} size={self.qsize()}"
            except RuntimeError:
                state = "(not initialised)"
            return f"<{type(self).__name__} {state} at {id(self):#x}>"

        @property
        def _maxsize(self) -> int:
            return self.maxsize

    class _Module:
        # A module as a serializer, on its way to another process.

        def __init__(self, name: str) -> None:
            self.name = name
            module = import_module(name)
            self.dumps, self.loads = module.dumps, module.loads

        def __reduce__(self) -> tuple[Any, ...]:
            return _Module, (self.name,)

    def _leave(reference: "weakref.ref[Queue[Any]]") -> None:
        queue = reference()
        if queue is not None:
            queue._delist()

    def _descriptors(queue: ShmQueue[Any]) -> tuple[Any, Any]:
        bell = queue._bell()
        return DupFd(queue._fileno()), None if bell < 0 else DupFd(bell)

    def _rebuild(
        cls: type[_AnyQueue], descriptor: Any, bell: Any, named: bool = False
    ) -> _AnyQueue:
        queue = cls.__new__(cls)
        queue._attach(descriptor.detach(), -1 if bell is None else bell.detach(), named)
        return queue

    class JoinableQueue(Queue[_T]):
        """A `Queue` whose objects are reported as done: `multiprocessing.JoinableQueue`.

        Notes
        -----
        A process that is killed between `get` and `task_done` leaves its object unfinished, and
        `join` waits for it: whether the work was done nobody can know.
        """

        def task_done(self) -> None:
            """Say that the work on one object that was taken out is finished.

            Raises
            ------
            ValueError
                It was called more often than objects were put.
            """
            self._task_done()

        def join(self) -> None:
            """Wait until `task_done` was called for every object that was put."""
            self._join()

    class SimpleQueue(ShmQueue[_T]):
        """A queue between processes without much around it: `multiprocessing.SimpleQueue`.

        Notes
        -----
        What concurrent.futures and `multiprocessing.Pool` bring their results home with. It is `Queue`
        without a bound; it has no feeder and no locks, and a `put` that finds no reader does not wait.
        `close` is for this process alone: after it `empty`, `get` and `put` raise OSError here.
        """

        def __init__(self, *, ctx: "BaseContext | None" = None) -> None:
            super().__init__(0, queue_limit_bytes(), 0, False)

        def __reduce__(self) -> tuple[Any, ...]:
            _context.assert_spawning(self)
            return _rebuild, (type(self), *_descriptors(self))

        def close(self) -> None:
            """Use the queue no more in this process. What was put stays in it."""
            self._reader.close()
            self._writer.close()

        def empty(self) -> bool:
            """Return whether there was nothing inside at some instant of the call."""
            return not self._reader.poll()

        # Pool locks its queues against its own workers before it empties them. Nobody has to be kept
        # out here: each object goes to one taker.
        _rlock = _wlock = _NoLock()

else:
    from multiprocessing.queues import SimpleQueue

    from allcores.multiprocessing.queues_portable import JoinableQueue, Queue
