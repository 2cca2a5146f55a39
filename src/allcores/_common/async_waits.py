"""Waiting in an event loop for a queue that threads use as well.

A queue keeps nothing back for who waits. A waiter is told "try again", and that is all: so a task may
be cancelled at any time and no item is lost with it. What must not be lost is the *hint*: a put tells
one waiter only, and one that was told and leaves without having found the queue empty (full) after it
tells the next. asyncio is imported when the first task has to wait.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any, Protocol, TypeVar

    T = TypeVar("T")

    class Listeners(Protocol):
        """What a queue shows of its listeners (`_native/queues_listening.pxi`)."""

        def enter(self, what: int) -> int: ...
        def add(self, what: int, waiter: "Waiter", front: bool) -> None: ...
        def discard(self, what: int, waiter: "Waiter") -> bool: ...
        def leave(self, what: int, since: int) -> None: ...
        def pass_on(self, what: int, queue: Any) -> None: ...


__all__ = ["Waiter", "retry_when_told"]


class Waiter:
    """A task asleep in its loop until some thread calls `wake`.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        The running one. Only `wake` may be called from elsewhere.
    """

    __slots__ = ("future", "loop")

    def __init__(self, loop: "asyncio.AbstractEventLoop") -> None:
        self.loop = loop
        self.future: asyncio.Future[None] = loop.create_future()

    def told(self) -> None:
        """Let the task go on. In the loop's thread; a second call does nothing."""
        if not self.future.done():
            self.future.set_result(None)

    def wake(self) -> bool:
        """Let the task go on, from any thread, also from ``__del__`` and from signal handlers.

        Returns
        -------
        bool
            Whether the loop runs. If it does not, the task sees to it when the loop runs again, or
            never: the caller tells somebody else too.
        """
        loop, asyncio = self.loop, sys.modules.get("asyncio")
        if asyncio is None:
            return False  # the interpreter ends, and with it every loop
        # Within a task of the same loop there is no select() to interrupt, which costs a system call.
        # Within the loop but not a task there may be: a signal handler runs inside select().
        if asyncio._get_running_loop() is loop and asyncio.current_task(loop) is not None:
            self.told()
            return True
        try:
            loop.call_soon_threadsafe(self.told)
        except RuntimeError:
            if loop.is_closed():
                return False
            raise
        return loop.is_running()


async def retry_when_told(
    queue: object,
    what: int,
    refusal: type[Exception],
    listen: "Callable[[Any], Listeners]",
    attempt: "Callable[..., T]",
    *args: object,
) -> "T":
    """Return ``attempt(*args)`` once it does not raise `refusal`; between two tries wait to be told.

    Parameters
    ----------
    queue : object
        The queue, for ``Listeners.pass_on``.
    what : int
        What to wait for: items or room, in the words of `listen`.
    refusal : type of Exception
        `Empty` or `Full`: "not now".
    listen : callable
        Returns the listeners of `queue`; called only when there is a need to wait.
    attempt, *args
        What to do; it must not wait.
    """
    try:
        return attempt(*args)
    except refusal:
        pass
    import asyncio

    loop = asyncio.get_running_loop()
    listeners = listen(queue)
    owed = False  # a hint came to us, and nobody has seen since then that there is nothing
    since = listeners.enter(what)
    try:
        while True:
            waiter = Waiter(loop)
            try:
                # Whoever was told and came too late keeps its place.
                listeners.add(what, waiter, owed)
                try:
                    return attempt(*args)
                except refusal:
                    # Seen while on the list: what comes now is told to us, or to one before us.
                    owed = False
                await waiter.future
            finally:
                if not listeners.discard(what, waiter):
                    owed = True  # it is not on the list any more: it was told
    finally:
        listeners.leave(what, since)
        if owed:
            listeners.pass_on(what, queue)
