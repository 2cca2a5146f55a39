"""ThreadGroup: threads that end where they began, with their errors in one place.

What trio's nurseries and ``asyncio.TaskGroup`` are for coroutines. One difference remains, and cannot
be helped: a running thread cannot be stopped from outside, so cancelling is asking.
"""

import threading as std
import weakref
from collections import deque
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar, cast

from allcores.errors import TaskCancelled

__all__ = ["CancelToken", "GroupTask", "ThreadGroup"]

P = ParamSpec("P")
R = TypeVar("R")


class CancelToken:
    """Tells the tasks of a group that they should end. Any thread may call any method."""

    def __init__(self) -> None:
        self._event = std.Event()

    def is_set(self) -> bool:
        """Whether the group is cancelled."""
        return self._event.is_set()

    __bool__ = is_set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the group is cancelled: a sleep that ends early.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None for ever.

        Returns
        -------
        bool
            Whether it is cancelled.
        """
        return self._event.wait(timeout)

    def check(self) -> None:
        """Raise `TaskCancelled` if the group is cancelled: the short way out of a task.

        Raises
        ------
        TaskCancelled
            The group is cancelled. Let it out of the task: the group does not count it as an error.
        """
        if self._event.is_set():
            raise TaskCancelled("the group of this task was cancelled")


class GroupTask(Generic[R]):
    """One call in a `ThreadGroup`, as ``ThreadGroup.start`` returns it. Any thread may ask it."""

    def __init__(self, name: str, call: Callable[[], R]) -> None:
        self.name = name
        self._call: Callable[[], R] | None = call  # taken by whoever runs or cancels it
        self._result: R | None = None  # these two: written once, before `_done` is set
        self._error: BaseException | None = None
        self._done = std.Event()

    def done(self) -> bool:
        """Whether it has returned, raised, or been cancelled before it began."""
        return self._done.is_set()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the end, and return what it raised, or None.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None for ever.

        Returns
        -------
        BaseException or None
            `TaskCancelled` if it never began.

        Raises
        ------
        TimeoutError
            It was not done in time.
        """
        if not self._done.wait(timeout):
            raise TimeoutError(f"task {self.name!r} was not done after {timeout} s; it runs on")
        return self._error

    def result(self, timeout: float | None = None) -> R:
        """Wait for the end, and return what the function returned.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None for ever.

        Raises
        ------
        TimeoutError
            It was not done in time.
        TaskCancelled
            It never began.
        BaseException
            What the function raised. The group raises it too, at its end.
        """
        error = self.exception(timeout)
        if error is not None:
            try:
                raise error
            finally:
                del error, self  # the traceback must not lead back to itself
        return cast(R, self._result)

    def __repr__(self) -> str:
        if not self._done.is_set():
            state = "waiting or running"
        elif self._error is not None:
            state = f"raised {type(self._error).__name__}"
        else:
            state = "done"
        return f"<GroupTask {self.name!r} {state}>"

    # -- for the group --------------------------------------------------------------------------

    def _run(self) -> BaseException | None:
        call, self._call = self._call, None
        assert call is not None
        try:
            self._result = call()
        except BaseException as error:
            self._error = error
        self._done.set()
        return self._error

    def _drop(self) -> None:
        self._call = None
        self._error = TaskCancelled(f"task {self.name!r} was not started: its group was cancelled")
        self._done.set()


class ThreadGroup:
    """Threads that all end before the ``with`` block is left.

    ``g.start(f, x)`` calls ``f(x)`` in a thread. Leaving the block waits for every thread, also for
    those that tasks have started meanwhile. When a task raises, the group is cancelled: tasks that
    have not begun never do, and those that run see it in `cancelled`. Once all have ended, the block
    raises everything that was raised.

    Parameters
    ----------
    name : str, optional
        Threads are called ``name-1``, ``name-2``, ...; by default ``ThreadGroup-n``.
    max_threads : int, optional
        How many tasks run at once; further ones wait for their turn, in order. None for no limit. A
        task that waits for the result of one that waits for its turn can wait for ever.
    daemon : bool, optional
        Whether the threads are daemons; by default as the thread that starts them.

    Attributes
    ----------
    cancelled : CancelToken
        ``is_set()``, ``wait(timeout)``, ``check()``: for tasks to end early.

    Raises
    ------
    ExceptionGroup
        At the end of the block: what tasks raised, in the order in which they raised it, and then
        what the block raised. `BaseExceptionGroup` if one of them is no `Exception`. What alone
        comes from the block and is no `Exception` (KeyboardInterrupt, SystemExit, GeneratorExit)
        is raised as it is. `TaskCancelled` in a cancelled group is no error.

    Notes
    -----
    **A running Python thread cannot be killed.** Cancelling sets a flag that tasks have to look at,
    and a task that never does keeps the block waiting. The first Ctrl-C during that wait cancels
    the group and goes on waiting; the second leaves the threads behind, and the exception says so.

    Groups nest: one that is entered inside another's block, or in one of its tasks, is cancelled with
    it. Its errors go up as any others.

    Thread-safety: `start` and `cancel` may be called by any thread, and by the tasks. One thread
    enters and leaves the block. A forked child has none of the threads; do not leave the parent's
    block there.

    Source: structured concurrency as in trio's nurseries.

    Examples
    --------
    >>> with ThreadGroup() as g:
    ...     tasks = [g.start(pow, 2, n) for n in range(4)]
    >>> [task.result() for task in tasks]
    [1, 2, 4, 8]
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        max_threads: int | None = None,
        daemon: bool | None = None,
    ) -> None:
        if max_threads is not None and (
            isinstance(max_threads, bool) or not isinstance(max_threads, int) or max_threads < 1
        ):
            raise ValueError(
                f"ThreadGroup(max_threads={max_threads!r}): expected a whole number from 1 up, or None "
                f"for no limit"
            )
        self.name = name if name is not None else f"ThreadGroup-{_next_number()}"
        self.max_threads = max_threads
        self.cancelled = CancelToken()
        self._daemon = daemon
        # Re-entrant, for signal handlers and destructors; held for a few steps or a thread's start.
        self._lock = std.RLock()
        self._open = False  # these: under the lock
        self._entered = False
        self._waiting: deque[GroupTask[Any]] = deque()
        # In order; those that have not been joined yet, each with what it sets at its end.
        self._threads: dict[std.Thread, std.Event] = {}
        self._working = 0  # threads that have or will look for a task
        self._started = 0
        self._errors: list[BaseException] = []
        self._outer: ThreadGroup | None = None  # the entering thread
        self._inner: weakref.WeakSet[ThreadGroup] = weakref.WeakSet()

    # -- use ------------------------------------------------------------------------------------

    def start(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> GroupTask[R]:
        """Call ``fn(*args, **kwargs)`` in a thread of this group.

        Parameters
        ----------
        fn : callable
            What to call.
        *args, **kwargs
            Its arguments.

        Returns
        -------
        GroupTask
            For its result. In a cancelled group, one that is cancelled already.

        Raises
        ------
        RuntimeError
            The group is not entered, or is left; or no thread could be started.
        """
        if not callable(fn):
            raise TypeError(f"ThreadGroup.start(fn, ...): {fn!r} cannot be called")
        with self._lock:
            if not self._open:
                raise RuntimeError(
                    f"{self!r} is not open: start tasks inside its block, `with ThreadGroup() as g:`"
                )
            self._started += 1
            task: GroupTask[R] = GroupTask(f"{self.name}-{self._started}", lambda: fn(*args, **kwargs))
            if self.cancelled.is_set():
                task._drop()
                return task
            if self.max_threads is not None and self._working >= self.max_threads:
                self._waiting.append(task)
                return task
            # Under the lock, so that the end of the block cannot come between; the new thread does
            # not need it to begin.
            self._start_thread(task)
        self._reap()
        return task

    def cancel(self) -> None:
        """Ask the tasks to end, and start none that has not begun. Any number of times."""
        with self._lock:
            self.cancelled._event.set()
            dropped = list(self._waiting)
            self._waiting.clear()
            inner = list(self._inner)
        for task in dropped:
            task._drop()
        for group in inner:
            group.cancel()

    def __enter__(self) -> "ThreadGroup":
        with self._lock:
            if self._entered:
                raise RuntimeError(f"{self!r} was entered before: each block needs a new ThreadGroup")
            self._entered = self._open = True
        self._outer = getattr(_here, "group", None)
        if self._outer is not None:
            with self._outer._lock:
                self._outer._inner.add(self)
                late = self._outer.cancelled.is_set()
            if late:
                self.cancel()
        _here.group = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        _here.group = self._outer
        obeyed = isinstance(error, TaskCancelled) and self.cancelled.is_set()
        if error is not None:
            self.cancel()
        interrupt = self._join_all()
        with self._lock:
            self._open = False
            left = [thread for thread, ended in self._threads.items() if not ended.is_set()]
            errors, self._errors = self._errors, []
        if self._outer is not None:
            self._outer._inner.discard(self)
        from_block = [each for each in (error, interrupt) if each is not None]
        if obeyed and from_block[0] is error:
            if not errors and interrupt is None:
                # Its own cancellation ends here; that of the group around it goes on up.
                return self._outer is None or not self._outer.cancelled.is_set()
            del from_block[0]
        try:
            if interrupt is not None and left:
                interrupt.add_note(
                    f"{len(left)} threads of {self.name} were left running: "
                    + ", ".join(thread.name for thread in left[:10])
                )
            if not errors and len(from_block) == 1 and not isinstance(from_block[0], Exception):
                if from_block[0] is error:
                    return False  # as it came
                raise from_block[0]
            if errors or from_block:
                everything = errors + from_block
                raise BaseExceptionGroup(
                    f"{self.name}: {len(everything)} "
                    + ("exception" if len(everything) == 1 else "exceptions"),
                    everything,
                ) from None
            return False
        finally:
            # no traceback that leads back to itself
            del errors, from_block, error, interrupt

    def __repr__(self) -> str:
        state = "open" if self._open else "left" if self._entered else "new"
        if self.cancelled.is_set():
            state += ", cancelled"
        return f"<ThreadGroup {self.name!r} {state}, {self._working} threads>"

    # -- the threads ----------------------------------------------------------------------------

    def _start_thread(self, first: GroupTask[Any]) -> None:
        # An interrupt may come out of Thread.start although the thread lives. Whoever pops the claim
        # says whether it does its work.
        claim, ended = [True], std.Event()
        thread = std.Thread(
            target=self._work, args=(first, claim, ended), name=first.name, daemon=self._daemon
        )
        self._working += 1
        self._threads[thread] = ended
        try:
            thread.start()
        except BaseException:
            try:
                claim.pop()
            except IndexError:
                pass  # it works, and will be joined
            else:
                self._working -= 1
                del self._threads[thread]
            raise

    def _work(self, first: GroupTask[Any], claim: list[bool], ended: std.Event) -> None:
        try:
            claim.pop()
        except IndexError:
            return
        _here.group = self
        try:
            self._run_tasks(first)
        finally:
            ended.set()

    def _run_tasks(self, task: GroupTask[Any] | None) -> None:
        while task is not None:
            if self.cancelled.is_set():
                task._drop()
            else:
                self._settle(task._run())
            with self._lock:
                task = self._waiting.popleft() if self._waiting else None
                if task is None:
                    self._working -= 1

    def _settle(self, error: BaseException | None) -> None:
        if error is None or (isinstance(error, TaskCancelled) and self.cancelled.is_set()):
            return
        with self._lock:
            self._errors.append(error)
        self.cancel()

    def _reap(self) -> None:
        """Join threads that have ended, so that an endless group does not collect them."""
        with self._lock:
            if len(self._threads) <= 2 * self._working + 8:
                return
            over = [t for t, ended in self._threads.items() if ended.is_set() and not t.is_alive()]
            for thread in over:
                del self._threads[thread]

    def _join_all(self) -> KeyboardInterrupt | None:
        """Wait for every thread; a first interrupt cancels, a second one ends the wait."""
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                while True:
                    with self._lock:
                        thread, ended = next(iter(self._threads.items()), (None, None))
                        if thread is None or ended is None:
                            self._open = False
                            return interrupt
                    # Not join() at once: interrupted, it takes the thread for dead on 3.11 and 3.12.
                    ended.wait()
                    thread.join()
                    with self._lock:
                        self._threads.pop(thread, None)
            except KeyboardInterrupt as error:
                if interrupt is not None:
                    error.__context__ = None
                    return error
                interrupt = error
                self.cancel()


class _Here(std.local):
    """The group whose block or task the current thread is in."""

    group: ThreadGroup | None = None


_here = _Here()
_numbers = count(1)
_numbers_lock = std.Lock()


def _next_number() -> int:
    with _numbers_lock:  # without a GIL, not every count is safe by itself
        return next(_numbers)
