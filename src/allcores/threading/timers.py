"""Timers that share one waiting thread (``timer_clock.py``), and are still Threads."""

import contextvars
import math
import sys
import threading as std
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any

from allcores.threading.timer_clock import Clock, Job, clock_of, enter, is_current, leave

__all__ = ["Timer"]

#: Where a timer is. OWN: a subclass has its own `run`, and this is a thread as any other.
NEW, PENDING, RUNNING, DONE, OWN = range(5)


class _Finished(std.Event):
    """The `finished` of a timer: whoever sets it, also without `cancel`, ends a pending timer."""

    timer: "Timer | None" = None  # only while it is pending

    def set(self) -> None:
        super().set()
        timer = self.timer
        if timer is not None:
            timer._withdraw()


class Timer(Job):
    """Call a function after a time, in a thread of its own.

    All pending timers together need one waiting thread (and one more if both daemon and other
    timers wait), so that a hundred thousand of them are no burden. A callback gets a thread when it
    is due: one that another callback has left, or a new one, so that a slow callback delays no
    other. Such threads end after some idle seconds.

    Parameters
    ----------
    interval : float or None
        Seconds from `start` to the call, by the monotonic clock. Zero and less: at once. None,
        infinity: never, until cancelled. There is no upper limit.
    function : callable
        What to call. An exception goes to ``threading.excepthook``, with the timer as its thread.
    args : iterable, optional
        Positional arguments.
    kwargs : mapping, optional
        Keyword arguments.

    Attributes
    ----------
    finished : threading.Event
        Set when the timer is cancelled or its function has returned.
    interval, function, args, kwargs
        As given. `interval` is read by `start`, the others when the timer fires.

    Raises
    ------
    TypeError, ValueError
        The interval is no number, or NaN (also by `start`, which reads it).

    Notes
    -----
    It is a ``threading.Thread`` and a drop-in for the standard Timer. What differs:

    - A pending timer is alive, but has no thread: `ident` and `native_id` are None until the
      function is called, and ``threading.enumerate()`` and ``active_count()`` show the waiting
      thread in its place. While the function runs, the timer is ``threading.current_thread()`` and is
      listed.
    - A thread-local that one callback sets may be seen by a later one on the same thread. Context
      variables, trace and profile functions are as in a new thread.
    - Where no thread can be started (too many; or on 3.12 once the main thread has ended) functions run
      one after the other in the waiting thread.
    - An interval that makes no sense raises in the caller and not in a thread.

    A subclass with its own `run` gets a thread of its own, as the standard one; a `run` that calls
    this class's does what the standard one does.

    Thread-safety: any thread may call any method, signal handlers and ``__del__`` too. In a forked
    child, the timers of the parent have ended, and new ones work; a function that forks goes on in
    the child. A timer that is not a daemon keeps the interpreter alive until it has run or is
    cancelled.

    Source: a binary heap with deletion on contact; threads handed work one by one, as in trio's
    thread cache.

    Examples
    --------
    >>> timer = Timer(0.01, print, ["ding"])
    >>> timer.start()
    >>> timer.join()
    ding
    """

    def __init__(
        self,
        interval: float | None,
        function: Callable[..., object],
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.interval = interval
        self.function = function
        self.args = args if args is not None else []
        self.kwargs = kwargs if kwargs is not None else {}
        self.finished: std.Event = _Finished()
        self._deadline = math.inf  # written by start
        self._phase = NEW
        self._clock: Clock | None = None  # written by start, and in a child by the fork
        self._run_context: contextvars.Context | None = None
        self._borrowed: tuple[int, int | None] | None = None  # ident, native_id of the thread it has
        if not self._has_own_run():
            _seconds(interval)

    def _has_own_run(self) -> bool:
        return type(self).run is not Timer.run or "run" in self.__dict__

    def start(self) -> None:
        """Begin to wait.

        Raises
        ------
        RuntimeError
            It was started before; or no thread could be started.
        TypeError, ValueError
            The interval is no number, or the function cannot be called.
        """
        if "_phase" not in self.__dict__:
            raise RuntimeError("Timer.__init__() was not called: a subclass must call it in its own")
        if self._phase != NEW:
            raise RuntimeError("threads can only be started once; make a new Timer")
        if self._has_own_run():
            super().start()
            self._phase = OWN
            return
        seconds = _seconds(self.interval)
        if not callable(self.function):
            raise TypeError(
                f"Timer(interval, function): function is {self.function!r}, which cannot be called"
            )
        self._run_context = _new_context()
        clock = self._clock = clock_of(self.daemon)
        self._deadline = monotonic() + max(seconds, 0.0)
        finished = self.finished
        if isinstance(finished, _Finished):
            finished.timer = self
        self._phase = PENDING
        if finished.is_set():
            self._finish()
            return
        try:
            clock.add(self)
        except BaseException:
            if self._phase == PENDING:
                self._phase = NEW
            raise
        if self.finished.is_set():  # cancelled in between, when it could not be withdrawn yet
            self._withdraw()

    def cancel(self) -> None:
        """Keep the function from being called, unless its call has begun. Any number of times."""
        self.finished.set()
        self._withdraw()

    def run(self) -> None:
        """Wait for the interval, then call the function; not used unless a subclass or you call it."""
        self.finished.wait(self.interval)
        if not self.finished.is_set():
            self.function(*self.args, **self.kwargs)
        self.finished.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the function has returned or the timer was cancelled.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None for ever. `is_alive` then tells whether it was reached.

        Raises
        ------
        RuntimeError
            It was not started, or the caller is its own function.
        """
        phase = self._phase
        if phase in (NEW, OWN):
            super().join(timeout)
            return
        borrowed = self._borrowed
        if phase == RUNNING and borrowed is not None and borrowed[0] == std.get_ident():
            raise RuntimeError("cannot join current thread: this is the timer's own function")
        clock = self._clock
        if clock is None or not is_current(clock):
            return  # ended with the fork
        # The finisher writes the phase and then pops the entry, here it is the other way round.
        ended = clock.joiners.setdefault(id(self), std.Event())
        if self._phase == DONE:
            clock.joiners.pop(id(self), None)
            return
        ended.wait(None if timeout is None else max(timeout, 0))

    def is_alive(self) -> bool:
        """Whether it is pending or its function runs."""
        if self._phase in (NEW, OWN):
            return super().is_alive()
        return self._phase != DONE and is_current(self._clock)

    @property
    def ident(self) -> int | None:
        """The identifier of the thread that runs or ran the function; None before."""
        return self._borrowed[0] if self._borrowed else super().ident

    @property
    def native_id(self) -> int | None:
        """The system's identifier of that thread; None before."""
        return self._borrowed[1] if self._borrowed else super().native_id

    @property
    def daemon(self) -> bool:
        """Whether the interpreter may exit without it. Inherited from the thread that makes it."""
        return super().daemon

    @daemon.setter
    def daemon(self, value: bool) -> None:
        if self._phase != NEW:
            raise RuntimeError("cannot set daemon status of active thread: set it before start()")
        std.Thread.daemon.__set__(self, value)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        if self._phase in (NEW, OWN):
            return super().__repr__()
        words = ["started" if self.is_alive() else "stopped"]
        if self.daemon:
            words.append("daemon")
        if self.ident is not None:
            words.append(str(self.ident))
        return f"<{type(self).__name__}({self.name}, {' '.join(words)})>"

    # -- what the clock calls -------------------------------------------------------------------

    def _fire(self, host: std.Thread) -> None:
        """Call the function in the calling thread, `host`. For the clock."""
        self._borrowed = (std.get_ident(), std.get_native_id())
        self._phase = RUNNING
        enter(host, self)
        try:
            try:
                assert self._run_context is not None
                self._run_context.run(self._call)
            except BaseException:
                _report(self)
        finally:
            self._run_context = None
            leave(host)
            self._finish()

    def _call(self) -> None:
        trace, profile = std.gettrace(), std.getprofile()
        if trace is not None:
            sys.settrace(trace)
        if profile is not None:
            sys.setprofile(profile)
        try:
            if not self.finished.is_set():
                self.function(*self.args, **self.kwargs)
            self.finished.set()
        finally:
            if sys.gettrace() is not None:
                sys.settrace(None)
            if sys.getprofile() is not None:
                sys.setprofile(None)

    def _fork_returned(self, clock: Clock) -> None:
        """Go on in a child that this timer's function forked. For the clock."""
        self._clock = clock

    def _withdraw(self) -> None:
        clock = self._clock
        if clock is not None and is_current(clock) and clock.withdraw(self):
            self._finish()

    def _finish(self) -> None:
        self._phase = DONE
        finished = self.finished
        if isinstance(finished, _Finished):
            finished.timer = None
        if self._clock is not None:
            ended = self._clock.joiners.pop(id(self), None)
            if ended is not None:
                ended.set()


def _seconds(interval: object) -> float:
    if interval is None:
        return math.inf
    # float() would also take text, which has never been an interval
    number = math.nan
    if not isinstance(interval, (str, bytes, bytearray)):
        try:
            number = float(interval)  # type: ignore[arg-type]
        except OverflowError:
            return math.inf if interval > 0 else 0.0  # type: ignore[operator]
        except (TypeError, ValueError):
            pass
        else:
            if number != number:
                raise ValueError("Timer(interval, ...): interval is NaN; expected seconds, or None")
            return number
    hint = "; use its total_seconds()" if hasattr(interval, "total_seconds") else ""
    raise TypeError(
        f"Timer(interval, ...): interval is {interval!r}; expected seconds as a number, or None to "
        f"wait until cancelled{hint}"
    )


def _new_context() -> contextvars.Context:
    """The context of a new thread: empty, or where the interpreter says so that of its starter."""
    if getattr(sys.flags, "thread_inherit_context", 0):
        return contextvars.copy_context()
    return contextvars.Context()


def _report(timer: Timer) -> None:
    """Give the exception that is being handled to ``threading.excepthook``."""
    try:
        std.excepthook(std.ExceptHookArgs((*sys.exc_info(), timer)))
    except Exception:
        if sys.stderr is not None:
            print("Exception in threading.excepthook:", file=sys.stderr, flush=True)
        sys.excepthook(*sys.exc_info())
