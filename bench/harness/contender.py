"""What takes part in a comparison: something that does so many units of work and says how long.

`Work` is the job, `Sample` one measurement of it, `Call` runs it in this process. Threads behind
a barrier are in crew.py, processes in family.py, the machine's ceiling in ceiling.py.
"""

import gc
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


class NotAvailable(Exception):
    """Something that a case needs is not there; the message says what."""


class WrongAnswer(AssertionError):
    """What was measured did not do its work: a count or a checksum differs."""


@dataclass(frozen=True)
class Sample:
    """One measurement.

    Attributes
    ----------
    wall_s : float
        Seconds on the clock.
    cpu_s : float
        Seconds of processor time of all threads and processes that took part.
    units : int
        How much was done; figures are told per unit.
    checksum : str
        What came out, the same for all contenders of a comparison.
    """

    wall_s: float
    cpu_s: float
    units: int
    checksum: str

    @property
    def wall_per_unit(self) -> float:
        """Seconds for one unit."""
        return self.wall_s / self.units

    @property
    def cpu_per_unit(self) -> float:
        """Processor seconds for one unit."""
        return self.cpu_s / self.units


class Contender(Protocol):
    """What the rounds need to know of someone who takes part."""

    name: str

    def measure(self, reps: int) -> Sample:
        """Do the work `reps` times, measured."""

    def close(self) -> None:
        """Give back what the constructor took: processes, files."""


@dataclass(frozen=True)
class Work:
    """A job: what is timed, and the look at its result, which is not.

    Attributes
    ----------
    run : callable
        ``run(n)`` does the job n times and returns the last result.
    check : callable
        ``check(result)`` returns a checksum of it, or raises `WrongAnswer`.
    """

    run: Callable[[int], Any]
    check: Callable[[Any], object] = repr

    @classmethod
    def calling(
        cls,
        function: Callable[..., Any],
        *args: Any,
        check: Callable[[Any], object] = repr,
        **keywords: Any,
    ) -> "Work":
        """Return the work of calling a function with these arguments, n times."""

        def run(n: int) -> Any:
            result = None
            for _ in range(n):
                result = None  # its memory is free before the next one is made
                result = function(*args, **keywords)
            return result

        return cls(run, check)


class Call:
    """A contender that works in this process, with as many threads as it pleases.

    Parameters
    ----------
    name : str
    work : Work
    """

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self.work = work

    def measure(self, reps: int) -> Sample:
        """Run the work `reps` times."""
        gc.collect()
        cpu = cpu_seconds()
        start = time.perf_counter_ns()
        result = self.work.run(reps)
        wall = time.perf_counter_ns() - start
        cpu = cpu_seconds() - cpu
        return Sample(wall / 1e9, cpu, reps, str(self.work.check(result)))

    def close(self) -> None:
        """Nothing to give back."""


def cpu_seconds() -> float:
    """Return the processor time of this process and of the children it waited for."""
    own = time.process_time()
    if resource is None:
        return own
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own + children.ru_utime + children.ru_stime


def gil_enabled() -> bool:
    """Return whether this interpreter runs with its GIL at the moment."""
    ask = getattr(sys, "_is_gil_enabled", None)
    return True if ask is None else bool(ask())


def own_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a copy of a function with a code object of its own.

    The interpreter specialises the instructions of a code object for the types that it meets. A
    timing loop that first ran with another class would run with that one's inline caches.
    """
    assert isinstance(function, types.FunctionType)
    copy = types.FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
