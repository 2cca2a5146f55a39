"""Several processes that start together behind a barrier and are measured as one.

Starting them is outside the clock. It runs from the first start to the last end, on the monotonic
clock that all processes of a machine share. Each reports its own processor time.
"""

import gc
import multiprocessing
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.harness.contender import Sample

HANG_S = 120.0  # far beyond any cell


@dataclass(frozen=True)
class ProcessShift:
    """What one measurement makes its processes do.

    Attributes
    ----------
    bodies : sequence of (callable, tuple)
        A function at the top of a module and its arguments, one pair for each process.
    units : int
        How much all of them do together.
    check : callable
        ``check(results)``, in the order of the bodies, returns a checksum or raises `WrongAnswer`.
    close : callable
        Gives back what belongs to this measurement.
    """

    bodies: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]
    units: int
    check: Callable[[list[Any]], object]
    close: Callable[[], None] = lambda: None


class ProcessCrew:
    """A contender of several processes.

    Parameters
    ----------
    name : str
    process : callable
        The `Process` class of the family that is measured.
    plan : callable
        ``plan(reps)`` returns the `ProcessShift` of one measurement.
    """

    def __init__(
        self, name: str, process: Callable[..., Any], plan: Callable[[int], ProcessShift]
    ) -> None:
        self.name = name
        self.process = process
        self.plan = plan

    def measure(self, reps: int) -> Sample:
        """Start a process for each body, let them go together, wait for all."""
        shift = self.plan(reps)
        gc.collect()
        gate = multiprocessing.Barrier(len(shift.bodies))
        members, pipes = [], []
        try:
            for body, args in shift.bodies:
                receiver, sender = multiprocessing.Pipe(duplex=False)
                member = self.process(target=_member, args=(gate, sender, body, args), daemon=True)
                member.start()
                sender.close()
                members.append(member)
                pipes.append(receiver)
            reports = [self._report(pipe) for pipe in pipes]
            for member in members:
                member.join(HANG_S)
        finally:
            for member in members:
                if member.is_alive():
                    member.kill()
                    member.join()
            for pipe in pipes:
                pipe.close()
            shift.close()
        wall = max(report[1] for report in reports) - min(report[0] for report in reports)
        cpu = sum(report[2] for report in reports)
        checksum = str(shift.check([report[3] for report in reports]))
        return Sample(wall / 1e9, cpu, shift.units, checksum)

    def _report(self, pipe: Any) -> tuple[int, int, float, Any]:
        if not pipe.poll(HANG_S):
            raise RuntimeError(f"{self.name}: a process has not ended after {HANG_S:g} s")
        try:
            error, *report = pipe.recv()
        except EOFError:
            raise RuntimeError(f"{self.name}: a process died without a word") from None
        if error is not None:
            raise RuntimeError(f"{self.name}: a process failed:\n{error}")
        return tuple(report)

    def close(self) -> None:
        """Nothing to give back."""


def _member(gate: Any, sender: Any, body: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        gate.wait(HANG_S)
        cpu = time.process_time()
        start = time.perf_counter_ns()
        result = body(*args)
        end = time.perf_counter_ns()
        sender.send((None, start, end, time.process_time() - cpu, result))
    except BaseException:
        sender.send((traceback.format_exc(), 0, 0, 0.0, None))
    finally:
        sender.close()
