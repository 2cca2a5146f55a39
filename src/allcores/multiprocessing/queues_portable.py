"""`Queue` and `JoinableQueue` where the core has no shared memory yet: macOS and Windows.

The standard library's queues with the methods that ours add. They have the standard queues' pains:
a feeder thread, unpicklable objects that are reported by it, a join that waits for readers, and a
lock that a killed process keeps. Not measured.
"""

import time
from collections.abc import Iterable
from multiprocessing import queues as _queues
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING, Any, TypeVar

from allcores.errors import Empty, Full, ShutDown

__all__ = ["JoinableQueue", "Queue"]

_T = TypeVar("_T")


class _Batches:
    """What both queues add to the standard ones."""

    def put_many(
        self: Any, items: Iterable[Any], block: bool = True, timeout: float | None = None
    ) -> None:
        """Put all objects in, in order; see `allcores.multiprocessing.queues.Queue.put_many`."""
        end = None if timeout is None else time.monotonic() + timeout
        for count, item in enumerate(tuple(items)):
            try:
                self.put(item, block, None if end is None else max(0.0, end - time.monotonic()))
            except (Full, ShutDown) as error:
                error.count = count  # type: ignore[attr-defined]
                raise

    def get_many(self: Any, n: int, block: bool = True, timeout: float | None = None) -> list[Any]:
        """Wait for an object, then take up to `n` that are there."""
        if n < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        items = [self.get(block, timeout)]
        while len(items) < n:
            try:
                items.append(self.get(False))
            except Empty:
                break
        return items

    def get_view(self: Any, block: bool = True, timeout: float | None = None) -> Any:
        """Take the oldest object out; here it is a copy."""
        return self.get(block, timeout)

    def stats(self: Any) -> dict[str, int]:
        """Return ``depth``, where the system tells it."""
        return {"depth": self.qsize()}

    @classmethod
    def attach(cls, name: str) -> Any:
        """Not available here."""
        _refuse(name)

    def shutdown(self, immediate: bool = False) -> None:
        """Not available here."""
        raise NotImplementedError("shutdown() of a queue between processes needs Linux for now")


if TYPE_CHECKING:
    StandardQueue = _queues.Queue
    StandardJoinable = _queues.JoinableQueue
else:  # generic for the type checker alone before 3.12
    StandardQueue = {_T: _queues.Queue}
    StandardJoinable = {_T: _queues.JoinableQueue}


def _refuse(name: str | None) -> None:
    if name is not None:
        raise NotImplementedError("queues with a name need Linux for now")


class Queue(_Batches, StandardQueue[_T]):
    """The standard `multiprocessing.Queue` with batches."""

    def __init__(
        self, maxsize: int = 0, *, ordered: bool = True, name: str | None = None, ctx: BaseContext
    ) -> None:
        _refuse(name)
        super().__init__(maxsize, ctx=ctx)  # always in one order


class JoinableQueue(_Batches, StandardJoinable[_T]):
    """The standard `multiprocessing.JoinableQueue` with batches."""

    def __init__(
        self, maxsize: int = 0, *, ordered: bool = True, name: str | None = None, ctx: BaseContext
    ) -> None:
        _refuse(name)
        super().__init__(maxsize, ctx=ctx)  # always in one order
