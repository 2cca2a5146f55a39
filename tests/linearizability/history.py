"""Records what threads did to a queue: each operation with its outcome and the time around it.

A thread writes to a list of its own, so that recording adds no order between threads beyond that of the
clock. What an operation was about is noted before it begins: one that never returned (a thread that
hangs or was abandoned) still stands in the history, with the outcome UNKNOWN and no end.
"""

import math
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from allcores.errors import Empty, Full, ShutDown

PUT, GET, CLOSE = "put", "get", "close"
OK, EMPTY, FULL, CLOSED, UNKNOWN = "ok", "empty", "full", "closed", "unknown"

#: The end of an operation that never ended.
NEVER = math.inf


class Op(NamedTuple):
    """One operation. `start` and `end` enclose the call; two that share an instant overlapped."""

    thread: int
    number: int  # in the order of its thread; items of one batch have numbers in their order
    kind: str
    outcome: str
    value: Any  # None for a get that got nothing; for CLOSE whether it threw away what was inside
    start: float
    end: float

    def __str__(self) -> str:
        return (
            f"thread {self.thread} #{self.number}: {self.kind}({self.value!r}) -> {self.outcome} "
            f"[{self.start}, {self.end}]"
        )


class Log:
    """One thread's calls, made through it and written down. Not to be shared between threads."""

    def __init__(self, thread: int, queue: Any) -> None:
        self.thread = thread
        self.queue = queue
        self.done: list[tuple[str, str, Any, float, float]] = []
        self.begun: tuple[str, tuple[Any, ...], float] | None = None

    def put(self, value: Any, *args: Any, **kwargs: Any) -> str:
        """Put a value that no other call of the history puts; return the outcome."""
        self.begun = (PUT, (value,), start := time.monotonic_ns())
        try:
            self.queue.put(value, *args, **kwargs)
            outcome = OK
        except Full:
            outcome = FULL
        except ShutDown:
            outcome = CLOSED
        except BaseException:
            self._unknown()
            raise
        end = time.monotonic_ns()
        self.done.append((PUT, outcome, value, start, end))
        self.begun = None
        return outcome

    def get(self, *args: Any, **kwargs: Any) -> tuple[str, Any]:
        """Take a value; return the outcome and the value (None without one)."""
        self.begun = (GET, (None,), start := time.monotonic_ns())
        value = None
        try:
            value = self.queue.get(*args, **kwargs)
            outcome = OK
        except Empty:
            outcome = EMPTY
        except ShutDown:
            outcome = CLOSED
        except BaseException:
            self._unknown()
            raise
        end = time.monotonic_ns()
        self.done.append((GET, outcome, value, start, end))
        self.begun = None
        return outcome, value

    def put_many(self, values: Iterable[Any], *args: Any, **kwargs: Any) -> str:
        """Put a batch: written down as single puts that share the call's time."""
        values = tuple(values)
        self.begun = (PUT, values, start := time.monotonic_ns())
        count = len(values)
        try:
            self.queue.put_many(values, *args, **kwargs)
            outcome = OK
        except (Full, ShutDown) as error:
            outcome = FULL if isinstance(error, Full) else CLOSED
            count = error.count  # type: ignore[union-attr]
        except BaseException:
            self._unknown()
            raise
        end = time.monotonic_ns()
        self.done += [(PUT, OK, value, start, end) for value in values[:count]]
        # Of those that did not go in, the first met the end; the others were never tried.
        self.done += [(PUT, outcome, value, start, end) for value in values[count : count + 1]]
        self.begun = None
        return outcome

    def get_many(self, most: int, *args: Any, **kwargs: Any) -> tuple[str, list[Any]]:
        """Take a batch: written down as single gets that share the call's time."""
        # How many an abandoned call took, nobody knows: up to `most`.
        self.begun = (GET, (None,) * most, start := time.monotonic_ns())
        values: list[Any] = []
        try:
            values = self.queue.get_many(most, *args, **kwargs)
            outcome = OK
        except Empty:
            outcome = EMPTY
        except ShutDown:
            outcome = CLOSED
        except BaseException:
            self._unknown()
            raise
        end = time.monotonic_ns()
        self.done += [(GET, OK, value, start, end) for value in values]
        if outcome != OK:
            self.done.append((GET, outcome, None, start, end))
        self.begun = None
        return outcome, values

    def shutdown(self, immediate: bool = False) -> None:
        self.begun = (CLOSE, (immediate,), start := time.monotonic_ns())
        self.queue.shutdown(immediate)
        self.done.append((CLOSE, OK, immediate, start, time.monotonic_ns()))
        self.begun = None

    def _unknown(self) -> None:
        # An exception of somebody else's (a signal handler's): the operation may have happened, but
        # not after now.
        end = time.monotonic_ns()
        assert self.begun is not None
        kind, values, start = self.begun
        self.done += [(kind, UNKNOWN, value, start, end) for value in values]
        self.begun = None

    def ops(self) -> list[Op]:
        found = [Op(self.thread, number, *entry) for number, entry in enumerate(self.done)]
        begun = self.begun
        if begun is not None:
            kind, values, start = begun
            for value in values:
                found.append(Op(self.thread, len(found), kind, UNKNOWN, value, start, NEVER))
        return found


class Recorder:
    """Hands out the logs of the threads that use one queue, and puts them together at the end."""

    def __init__(self, queue: Any) -> None:
        self.queue = queue
        self.logs: list[Log] = []

    def log(self) -> Log:
        """A new log, for one thread. To be called before the threads start."""
        self.logs.append(Log(len(self.logs), self.queue))
        return self.logs[-1]

    def history(self) -> list[Op]:
        """All operations so far. To be called when no thread will write any more."""
        return [op for log in self.logs for op in log.ops()]
