"""bench/harness/thread_crew.py, process_crew.py: barriers, delivered counts, failures."""

import multiprocessing
import threading
from functools import partial
from typing import Any

import crew_targets
import pytest
from bench.cases import queue_threads
from bench.harness.contender import WrongAnswer
from bench.harness.process_crew import ProcessCrew, ProcessShift
from bench.harness.thread_crew import Shift, ThreadCrew


def test_threads_run_side_by_side_and_are_measured_as_one() -> None:
    meeting = threading.Barrier(3)  # broken unless all three are inside at the same time

    def body(number: int) -> int:
        meeting.wait(30)
        return number

    crew = ThreadCrew("crew", lambda reps: Shift([partial(body, i) for i in range(3)], 3 * reps, tuple))
    sample = crew.measure(4)
    assert sample.checksum == "(0, 1, 2)"
    assert sample.units == 12
    assert sample.wall_s > 0


def test_what_a_thread_raises_is_raised() -> None:
    crew = ThreadCrew("crew", lambda reps: Shift([crew_targets.fail, int], 1, tuple))
    with pytest.raises(ValueError, match="on purpose"):
        crew.measure(1)


class Losing:
    """A queue that drops one item, or delivers another in its place."""

    def __init__(self, replacement: int | None) -> None:
        import queue

        self.inner: Any = queue.SimpleQueue()
        self.get = self.inner.get
        self.replacement = replacement

    def put(self, item: int | None) -> None:
        if item != 17:
            self.inner.put(item)
        elif self.replacement is not None:
            self.inner.put(self.replacement)


@pytest.mark.parametrize("replacement", [None, 18])
def test_a_queue_that_loses_or_swaps_an_item_fails(replacement: int | None) -> None:
    crew = queue_threads.contender("losing", lambda: Losing(replacement), 1)
    with pytest.raises(WrongAnswer, match="losing: put 500 items"):
        crew.measure(1)


def _crew(*bodies: Any) -> ProcessCrew:
    def plan(reps: int) -> ProcessShift:
        return ProcessShift([(body, (7,)) for body in bodies], reps, tuple)

    return ProcessCrew("crew", multiprocessing.Process, plan)


def test_processes_report_their_results_in_order() -> None:
    sample = _crew(crew_targets.double, abs).measure(5)
    assert sample.checksum == "(14, 7)"
    assert sample.units == 5
    assert not multiprocessing.active_children()


def test_what_a_process_raises_is_told() -> None:
    with pytest.raises(RuntimeError, match="broken on purpose"):
        _crew(crew_targets.double, crew_targets.fail).measure(1)
    assert not multiprocessing.active_children()


def test_a_process_that_dies_ends_the_measurement() -> None:
    with pytest.raises(RuntimeError, match="died without a word"):
        _crew(crew_targets.double, crew_targets.vanish).measure(1)
    assert not multiprocessing.active_children()
