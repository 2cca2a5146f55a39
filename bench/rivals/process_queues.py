"""Queues between processes, scalar and batch, behind one adapter.

Each has ``put get put_batch get_batch finish``; ``finish`` returns when all that was put is out of
this process's hands, so that a feeder thread's time is counted.
"""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from bench.harness.contender import NotAvailable
from bench.ours import ours


@dataclass(frozen=True)
class Family:
    """A module that has processes and queues.

    Attributes
    ----------
    name : str
    process : callable
        Its `Process`.
    queue : callable
        ``queue(maxsize)`` returns an adapter, which may be an argument of a process.
    """

    name: str
    process: Callable[..., Any]
    queue: Callable[[int], Any]


class StandardQueue:
    """`multiprocessing.Queue`. Its batch is what its users do: a list is one message."""

    def __init__(self, maxsize: int) -> None:
        self.inner: Any = multiprocessing.Queue(maxsize)
        self.put, self.get = self.inner.put, self.inner.get
        self.put_batch = self.inner.put

    def get_batch(self, n: int) -> Any:
        """Return the next list, of whatever length."""
        return self.inner.get()

    def finish(self) -> None:
        """Wait for the feeder thread."""
        self.inner.close()
        self.inner.join_thread()

    def close(self) -> None:
        """Give back what the creating process holds."""
        self.finish()

    def __reduce__(self) -> Any:
        return _standard_again, (self.inner,)


def _standard_again(inner: Any) -> StandardQueue:
    queue = StandardQueue.__new__(StandardQueue)
    queue.inner = inner
    queue.put, queue.get, queue.put_batch = inner.put, inner.get, inner.put
    return queue


class StandardSimpleQueue:
    """`multiprocessing.SimpleQueue`, which knows no bound but its pipe's."""

    def __init__(self, maxsize: int) -> None:
        self.inner: Any = multiprocessing.SimpleQueue()
        self.put, self.get, self.put_batch = self.inner.put, self.inner.get, self.inner.put

    def get_batch(self, n: int) -> Any:
        """Return the next list, of whatever length."""
        return self.inner.get()

    def finish(self) -> None:
        """Nothing: what was put is in the pipe."""

    def close(self) -> None:
        """Give back what the creating process holds."""
        self.inner.close()

    def __reduce__(self) -> Any:
        return _simple_again, (self.inner,)


def _simple_again(inner: Any) -> StandardSimpleQueue:
    queue = StandardSimpleQueue.__new__(StandardSimpleQueue)
    queue.inner = inner
    queue.put, queue.get, queue.put_batch = inner.put, inner.get, inner.put
    return queue


class FasterFifo:
    """`faster_fifo.Queue`, with its batches; its bound is one of bytes."""

    def __init__(self, max_size_bytes: int, inner: Any = None) -> None:
        if inner is None:
            import faster_fifo

            inner = faster_fifo.Queue(max_size_bytes=max_size_bytes)
        self.inner = inner
        self.get, self.put_batch = inner.get, inner.put_many

    def put(self, item: Any) -> None:
        """Put, waiting as the others do: its own put gives up after ten seconds."""
        self.inner.put(item, timeout=3600)

    def get_batch(self, n: int) -> Any:
        """Return up to n messages."""
        return self.inner.get_many(max_messages_to_get=n)

    def finish(self) -> None:
        """Nothing: it has no thread."""

    def close(self) -> None:
        """Its memory goes with it."""

    def __reduce__(self) -> Any:
        return FasterFifo, (0, self.inner)


class OurQueue:
    """`allcores.multiprocessing.Queue`. Its batch is ``put_many`` and ``get_many``."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.put, self.get = inner.put, inner.get
        self.put_batch = inner.put_many
        self.get_batch = inner.get_many

    def finish(self) -> None:
        """Whatever ours has to do; by design there is no feeder thread."""
        self.inner.close()
        self.inner.join_thread()

    def close(self) -> None:
        """Give back what the creating process holds."""
        self.finish()

    def __reduce__(self) -> Any:
        return OurQueue, (self.inner,)


def standard() -> Family:
    """Return the standard library's family."""
    return Family("multiprocessing", multiprocessing.Process, StandardQueue)


def simple() -> Family:
    """Return the standard library's with its simple queue."""
    return Family("multiprocessing.simple", multiprocessing.Process, StandardSimpleQueue)


def faster_fifo(max_size_bytes: int = 64 << 20) -> Family:
    """Return faster-fifo's queue, where it is installed, with room for so many bytes."""
    if find_spec("faster_fifo") is None:
        raise NotAvailable("faster-fifo is not installed")

    def make(maxsize: int) -> FasterFifo:
        return FasterFifo(max_size_bytes)

    return Family("faster_fifo", multiprocessing.Process, make)


def allcores() -> Family:
    """Return ours."""
    make = ours("multiprocessing", "Queue")
    if not hasattr(make(1), "put_many"):
        raise NotAvailable("allcores.multiprocessing.Queue has no put_many")
    process = ours("multiprocessing", "Process")
    return Family("allcores.multiprocessing", process, lambda maxsize: OurQueue(make(maxsize)))
