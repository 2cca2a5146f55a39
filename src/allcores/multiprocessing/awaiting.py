"""`await q.aget()`: waiting in an event loop for an object that another process puts.

There is no thread. A queue's bell (csrc/shm/ac_shm_bell.h) makes a descriptor readable, and the loop
waits for that one together with its others. So nothing has to be joined before a fork, nobody is warned
of threads there, and an object is taken by the task that gets it, in the step in which it goes on: a
task that is cancelled has taken nothing.

For each queue and each loop there is one `_Watch`. Its methods run in the loop's thread alone.
"""

import os
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

from allcores._common.async_waits import Waiter, retry_when_told
from allcores._native.shm import ShmEar, ShmQueue
from allcores.errors import Empty

if TYPE_CHECKING:
    import asyncio  # at run time it is imported by the first task that waits
    from collections.abc import Callable, Coroutine

__all__ = ["take_when_ready"]

#: Seconds between two looks without a ring: who puts may be killed between the object and the ring.
LOOK_AGAIN = 1.0

_watches: "weakref.WeakKeyDictionary[ShmQueue[Any], weakref.WeakKeyDictionary[Any, _Watch]]"
_watches = weakref.WeakKeyDictionary()
_lock = threading.Lock()  # held to find or make a watch


class _Watch:
    """Those tasks of one loop that wait for one queue; the listeners of `retry_when_told`."""

    def __init__(self, queue: ShmQueue[Any], loop: "asyncio.AbstractEventLoop") -> None:
        self.pid = os.getpid()
        self._ear = ShmEar(queue)
        self._loop = weakref.ref(loop)
        self._waiters: deque[Waiter] = deque()
        self._inside = 0  # calls of aget; the descriptor is watched while there are any
        self._timer = False
        # Referred to while somebody is inside, so that a watch does not keep its queue alive.
        self.queue: ShmQueue[Any] | None = None

    def enter(self, what: int) -> int:
        self._inside += 1
        loop = self._loop()
        if self._inside == 1 and loop is not None:
            loop.add_reader(self._ear.fileno(), self._tell)
            if not self._timer:
                self._timer = True
                loop.call_later(LOOK_AGAIN, self._look_again)
        return 0

    def add(self, what: int, waiter: Waiter, front: bool) -> None:
        if front:
            self._waiters.appendleft(waiter)
        else:
            self._waiters.append(waiter)
        assert self.queue is not None
        # It may have noticed a ring that was meant for others: then the descriptor is readable again.
        self._ear.listen(self.queue)

    def discard(self, what: int, waiter: Waiter) -> bool:
        try:
            self._waiters.remove(waiter)
        except ValueError:
            return False
        return True

    def leave(self, what: int, since: int) -> None:
        self._inside -= 1
        if self._inside == 0:
            self.queue = None
            loop = self._loop()
            if loop is not None and not loop.is_closed():
                loop.remove_reader(self._ear.fileno())

    def pass_on(self, what: int, queue: Any) -> None:
        self._tell()

    def _tell(self) -> None:
        # While there is something, the descriptor stays readable, and the next turn tells the next one.
        if self.queue is not None and self._ear.listen(self.queue) and self._waiters:
            self._waiters.popleft().told()

    def _look_again(self) -> None:
        loop = self._loop()
        if self._inside == 0 or loop is None:
            self._timer = False
            return
        loop.call_later(LOOK_AGAIN, self._look_again)
        self._tell()


def _watch_of(queue: ShmQueue[Any]) -> _Watch:
    import asyncio

    loop = asyncio.get_running_loop()
    with _lock:
        of_queue = _watches.setdefault(queue, weakref.WeakKeyDictionary())
        watch = of_queue.get(loop)
        if watch is None or watch.pid != os.getpid():  # a forked child has ears of its own
            watch = of_queue[loop] = _Watch(queue, loop)
    watch.queue = queue
    return watch


def take_when_ready(
    queue: ShmQueue[Any], take: "Callable[..., Any]", *args: object
) -> "Coroutine[Any, Any, Any]":
    """Return a coroutine of ``take(*args)``, which waits as long as that raises `Empty`.

    Parameters
    ----------
    queue : ShmQueue
        Whose objects are taken.
    take, *args
        A call that does not wait.
    """
    return retry_when_told(queue, 0, Empty, _watch_of, take, *args)


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork_in_child)
