"""Is the harness to be believed? It runs what it says, on what it says, and outlives what fails."""

import queue
import sys

import left_out
import ported_fakes
import ported_subjects
import pytest
from ported_worker import listing, no_test_package

import allcores.queue

needs_tests = pytest.mark.skipif(no_test_package() is not None, reason=str(no_test_package()))

#: Fewest tests that a case has on any supported interpreter; CPython seldom takes one away.
FEWEST = {
    "QueueTest": 6,
    "LifoQueueTest": 6,
    "PriorityQueueTest": 6,
    "FailingQueueTest": 1,
    "SimpleQueueTest": 9,
    "QueueShutdownTest": 18,
    "LifoQueueShutdownTest": 18,
    "PriorityQueueShutdownTest": 18,
    "LockTests": 17,
    "RLockTests": 18,
    "EventTests": 6,
    "ConditionTests": 7,
    "ConditionAsRLockTests": 18,
    "SemaphoreTests": 12,
    "BoundedSemaphoreTests": 12,
    "BarrierTests": 11,
    "TimerTests": 1,
    "ThreadTests": 7,
}


@needs_tests
def test_every_case_has_its_tests() -> None:
    counts = {case: len(tests) for case, tests in listing()["cases"].items()}
    assert counts.keys() == FEWEST.keys()
    assert {case: n for case, n in counts.items() if n < FEWEST[case]} == {}


@needs_tests
def test_every_case_fails_on_something_broken() -> None:
    broken = {expected.test.split(".")[0] for expected in ported_fakes.EXPECTED}
    assert broken == set(listing()["cases"])


@needs_tests
@pytest.mark.parametrize("expected", ported_fakes.EXPECTED, ids=lambda e: e.test)
def test_a_broken_class_is_noticed(worker, expected) -> None:
    case, test = expected.test.split(".")
    limit = 1 if expected.outcome == "hung" else 60
    # They fail before they start a thread, or end with their threads: nothing is left in the child.
    answer = worker.run("broken", case, test, limit, keep=True)
    assert answer.outcome == expected.outcome, answer.text
    assert expected.text in answer.text


@needs_tests
def test_the_next_test_runs_in_a_new_process(worker) -> None:
    assert worker.run("broken", "BarrierTests", "test_single_thread").outcome == "crashed"
    assert worker.run("std", "BarrierTests", "test_single_thread").outcome == "passed"


@needs_tests
def test_a_test_that_there_is_not_fails(worker) -> None:
    assert worker.run("std", "QueueTest", "test_of_nothing").outcome == "failed"


@needs_tests
@pytest.mark.skipif(sys.version_info < (3, 13), reason="CPython's own shutdown tests came with 3.13")
def test_the_port_lacks_no_shutdown_test() -> None:
    ported = set(listing()["cases"]["QueueShutdownTest"])
    if left_out.RUNNING in ("3.13", "3.13t"):
        assert ported == set(listing()["shutdown"])
    assert ported <= set(listing()["shutdown"])


def test_the_standard_class_under_our_name_is_refused(monkeypatch) -> None:
    assert ported_subjects.look_up("ours", "queue.Queue") is allcores.queue.Queue
    monkeypatch.setattr(allcores.queue, "Queue", queue.Queue)
    with pytest.raises(ported_subjects.NotOurs, match=r"is queue\.Queue"):
        ported_subjects.look_up("ours", "queue.Queue")
    with pytest.raises(ported_subjects.NotOurs, match="is queue"):
        _ = ported_subjects.Substitute("ours", "queue").Queue
    monkeypatch.delattr(allcores.queue, "Queue")
    with pytest.raises(ported_subjects.NotOurs, match="has no Queue"):
        ported_subjects.look_up("ours", "queue.Queue")


def test_what_is_not_under_test_is_the_standard_module_s() -> None:
    ours = ported_subjects.Substitute("ours", "queue")
    assert ours.SimpleQueue is allcores.queue.SimpleQueue
    assert ours.ShutDown is allcores.queue.ShutDown
    assert ours.deque is queue.deque
    with pytest.raises(ported_subjects.NotOurs, match="replaces"):
        ours.Queue = queue.Queue


def test_a_distribution_without_the_test_package_is_told_what_to_install() -> None:
    def nothing(name: str) -> None:
        return None

    def no_package(name: str) -> None:
        raise ModuleNotFoundError(name)

    for find in (nothing, no_package):
        assert "install CPython's test package" in str(no_test_package(find))
    assert no_test_package(lambda name: object()) is None
