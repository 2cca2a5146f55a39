"""Several threads that start together behind a barrier and are measured as one.

The clock runs from the first start to the last end; starting the threads is outside it.
"""

import gc
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.harness.contender import Sample, cpu_seconds

HANG_S = 300.0  # far beyond any cell: a lost wake-up must end the run with words, not hang it


@dataclass(frozen=True)
class Shift:
    """What one measurement makes its threads do.

    Attributes
    ----------
    bodies : sequence of callable
        One for each thread, without arguments.
    units : int
        How much all of them do together.
    check : callable
        ``check(results)``, in the order of the bodies, returns a checksum or raises `WrongAnswer`.
    """

    bodies: Sequence[Callable[[], Any]]
    units: int
    check: Callable[[list[Any]], object]


class ThreadCrew:
    """A contender of several threads.

    Parameters
    ----------
    name : str
    plan : callable
        ``plan(reps)`` returns the `Shift` of one measurement, with fresh queues.
    """

    def __init__(self, name: str, plan: Callable[[int], Shift]) -> None:
        self.name = name
        self.plan = plan

    def measure(self, reps: int) -> Sample:
        """Start a thread for each body, let them go together, wait for all."""
        shift = self.plan(reps)
        gc.collect()
        gate = threading.Barrier(len(shift.bodies) + 1)
        members = [_Member(body, gate) for body in shift.bodies]
        for member in members:
            member.start()
        cpu = cpu_seconds()
        gate.wait(HANG_S)
        give_up = time.monotonic() + HANG_S
        for member in members:
            member.join(max(0.0, give_up - time.monotonic()))
            if member.is_alive() and member.error is None:
                failed = [other.error for other in members if other.error is not None]
                raise RuntimeError(
                    f"{self.name}: a thread has not ended after {HANG_S:g} s"
                    + (f"; another one failed: {failed[0]!r}" if failed else "")
                )
        cpu = cpu_seconds() - cpu
        for member in members:
            if member.error is not None:
                raise member.error
        wall = max(member.end_ns for member in members) - min(m.start_ns for m in members)
        checksum = str(shift.check([member.result for member in members]))
        return Sample(wall / 1e9, cpu, shift.units, checksum)

    def close(self) -> None:
        """Nothing to give back."""


class _Member(threading.Thread):
    def __init__(self, body: Callable[[], Any], gate: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.body = body
        self.gate = gate
        self.result: Any = None
        self.error: BaseException | None = None
        self.start_ns = self.end_ns = 0

    def run(self) -> None:
        try:
            self.gate.wait(HANG_S)
            self.start_ns = time.perf_counter_ns()
            self.result = self.body()
            self.end_ns = time.perf_counter_ns()
        except BaseException as error:
            self.error = error
