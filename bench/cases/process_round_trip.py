"""A number to another process and back: the usual time and the worst of a hundred."""

import time
from collections.abc import Callable
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Outcome, Settings, Standing
from bench.harness.contender import NotAvailable, Sample, WrongAnswer
from bench.harness.process_crew import ProcessCrew, ProcessShift
from bench.harness.rounds import rotated
from bench.rivals import process_queues
from bench.rivals.process_queues import Family

QUESTION = "how long does a question to another process take, until its answer is there?"
MEDIAN, LATE = "median", "99th of a hundred"
OURS, STANDARD = "allcores.multiprocessing.Queue", "multiprocessing.Queue"
BARS = [Bar("processes, round trip, median", MEDIAN, OURS, STANDARD, 20.0, issue=5)]


def ask(there: Any, back: Any, count: int) -> list[int]:
    """Send a number and wait for it to come back, each time; return the nanoseconds of each."""
    took = []
    for i in range(count):
        start = time.perf_counter_ns()
        there.put(i)
        if back.get() != i:
            raise WrongAnswer(f"another answer than {i}")
        took.append(time.perf_counter_ns() - start)
    there.finish()
    return took


def answer(there: Any, back: Any, count: int) -> None:
    """Send back what comes."""
    for _ in range(count):
        back.put(there.get())
    back.finish()


class PingPong:
    """Two processes that wait for each other, with two queues of one family."""

    def __init__(self, family: Family, count: int) -> None:
        self.name = f"{family.name}.Queue"
        self._family = family
        self._count = count
        self._took: list[int] = []
        self._crew = ProcessCrew(self.name, family.process, self._plan)

    def _plan(self, reps: int) -> ProcessShift:
        there, back = self._family.queue(0), self._family.queue(0)

        def check(results: list[Any]) -> str:
            self._took = sorted(results[0])
            return "every answer came"

        def close() -> None:
            there.close()
            back.close()

        bodies = [(ask, (there, back, reps)), (answer, (there, back, reps))]
        return ProcessShift(bodies, reps, check, close)

    def measure(self) -> dict[str, Sample]:
        """Return the median and the 99th of a hundred of one run, both with its processor time."""
        sample = self._crew.measure(self._count)
        places = {MEDIAN: len(self._took) // 2, LATE: len(self._took) * 99 // 100}
        return {
            what: Sample(self._took[at] / 1e9 * sample.units, sample.cpu_s, sample.units, "")
            for what, at in places.items()
        }

    def close(self) -> None:
        """Nothing to give back."""


def outcomes(settings: Settings, progress: Callable[[str], None]) -> list[Outcome]:
    """Return both figures of ours, the standard library's two and faster-fifo."""
    families = [process_queues.allcores(), process_queues.standard(), process_queues.simple()]
    absent = {}
    try:
        families.append(process_queues.faster_fifo())
    except NotAvailable as error:
        absent["faster_fifo.Queue"] = str(error)
    count = settings.pick(10, 500, 2000)
    pairs = [PingPong(family, count) for family in families]
    samples: dict[tuple[str, str], list[Sample]] = {}
    for round_ in range(settings.rounds):
        for pair in rotated(pairs, round_):
            progress(f"round {round_ + 1} of {settings.rounds}, {pair.name}")
            for what, sample in pair.measure().items():
                samples.setdefault((what, pair.name), []).append(sample)
    said = f"one int there and back, {count} times; median of the rounds"
    return [
        Outcome(
            what,
            "round trip",
            said,
            [Standing.of(pair.name, samples[what, pair.name]) for pair in pairs],
            absent,
        )
        for what in (MEDIAN, LATE)
    ]
