"""The machine's ceiling: what N independent processes reach together, each with one thread.

Two processors that share a core, a cache or the memory's bandwidth are not twice one processor,
and no library can make them so. What N processes that know nothing of each other get done in one
second, running the one-thread version of the same job, is what N threads could get done at best.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.harness.contender import Sample, Work, WrongAnswer

ROOT = Path(__file__).resolve().parents[2]
LEAD_NS = 30_000_000  # from the order to the start: far more than reading the order takes
LATE_SHARE = 0.01  # a process that starts this much of the wall time late spoils the measurement
TRIES = 5


class Ceiling:
    """A contender of N independent processes; a unit done by any of them counts.

    Parameters
    ----------
    name : str
    target : callable
        At the top of a module that can be imported; ``target(**args)`` returns a `Work`.
    args : dict
        JSON data: each process prepares its own input from it.
    processes : int
    """

    def __init__(
        self, name: str, target: Callable[..., Work], args: dict[str, Any], processes: int
    ) -> None:
        self.name = name
        self.processes = processes
        order = json.dumps([target.__module__, target.__qualname__, args])
        command = [sys.executable, "-m", "bench.harness.ceiling_worker", order]
        self._members: list[subprocess.Popen[str]] = []
        try:
            for _ in range(processes):
                self._members.append(
                    subprocess.Popen(
                        command,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        text=True,
                        cwd=ROOT,
                    )
                )
            for member in self._members:
                self._hear(member)  # it has prepared its input
        except BaseException:
            self.close()
            raise

    def measure(self, reps: int) -> Sample:
        """Let every process do the work `reps` times, all starting at the same moment."""
        for _ in range(TRIES):
            start = time.perf_counter_ns() + LEAD_NS
            for member in self._members:
                assert member.stdin is not None
                member.stdin.write(json.dumps({"reps": reps, "start_ns": start}) + "\n")
                member.stdin.flush()
            reports = [self._hear(member) for member in self._members]
            wall = max(report["end_ns"] for report in reports) - start
            late = max(report["start_ns"] for report in reports) - start
            if late <= LATE_SHARE * wall:
                break
            reps *= 2  # a longer run, of which the same delay is a smaller part
        checksums = {report["checksum"] for report in reports}
        if len(checksums) > 1:
            raise WrongAnswer(f"{self.name}: its processes disagree: {sorted(checksums)}")
        cpu = sum(report["cpu_s"] for report in reports)
        return Sample(wall / 1e9, cpu, reps * self.processes, checksums.pop())

    def _hear(self, member: "subprocess.Popen[str]") -> dict[str, Any]:
        assert member.stdout is not None
        line = member.stdout.readline()
        if not line:
            code = member.wait()
            raise RuntimeError(f"{self.name}: one of its processes ended with exit code {code}")
        report: dict[str, Any] = json.loads(line)
        return report

    def close(self) -> None:
        """End the processes."""
        for member in self._members:
            member.kill()
        for member in self._members:
            member.wait()
            for pipe in (member.stdin, member.stdout):
                if pipe is not None:
                    pipe.close()
        self._members.clear()
