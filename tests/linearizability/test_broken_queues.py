"""Queues with one defect each: the monitor notices every one, among threads and without."""

from typing import Any

import pytest

from linearizability import broken
from linearizability.history import Recorder
from linearizability.load import drain, history_of, run_threads
from linearizability.monitor import check

#: The class, its bound, the model, and the rules of which at least one must speak.
BROKEN: list[tuple[Any, int, str, set[str]]] = [
    (broken.Reordering, 0, "fifo", {"order", "program"}),
    (broken.Reordering, 0, "sharded", {"order", "program"}),
    (broken.Duplicating, 0, "fifo", {"repeat"}),
    (broken.Losing, 0, "fifo", {"order", "empty"}),
    (broken.Losing, 0, "sharded", {"empty"}),
    (broken.Inventing, 0, "fifo", {"fresh"}),
    (broken.FalseEmpty, 0, "fifo", {"empty"}),
    (broken.FalseFull, 8, "fifo", {"bound"}),
    (broken.OverFull, 3, "fifo", {"bound"}),
    (broken.Late, 0, "fifo", {"empty"}),
    (broken.Late, 0, "sharded", {"empty"}),
    (broken.InvertedStack, 0, "lifo", {"order"}),
    (broken.UnfairHeap, 0, "priority", {"order"}),
]
RIGHT: list[tuple[Any, int, str]] = [
    (broken.Right, 0, "fifo"),
    (broken.Right, 3, "fifo"),
    (broken.Right, 0, "sharded"),
    (broken.RightStack, 0, "lifo"),
    (broken.RightStack, 3, "lifo"),
    (broken.RightHeap, 0, "priority"),
    (broken.RightHeap, 3, "priority"),
]


def named(cases: list[Any]) -> Any:
    return [pytest.param(*case, id=f"{case[0].__name__}-{case[1]}-{case[2]}") for case in cases]


def one_after_another(queue: Any) -> Recorder:
    """One thread: no operation overlaps another, so that nothing can be excused."""
    recorder = Recorder(queue)
    log = recorder.log()
    for turn in range(40):
        for i in range(6):
            log.put((i * 7 % 5, turn, i), False)
        for _ in range(5):
            log.get(False)
        if turn % 2:
            drain(log)
    drain(log)
    return recorder


def in_phases(queue: Any, maxsize: int) -> Recorder:
    """Three threads put at once; when all are through, three get. Time enough between most pairs."""
    # With a bound, one more than there is room for. 300 is a multiple of each defect's `every`.
    count = maxsize // 3 + 1 if maxsize else 100
    recorder = Recorder(queue)
    logs = [recorder.log() for _ in range(3)]

    def put_some(log: Any) -> None:
        for i in range(count):
            log.put((i % 5, log.thread, len(log.done)), False)

    def get_some(log: Any) -> None:
        for _ in range(count):
            log.get(False)

    for _ in range(4):
        run_threads(*(lambda log=log: put_some(log) for log in logs))
        run_threads(*(lambda log=log: get_some(log) for log in logs))
    drain(logs[0])
    return recorder


@pytest.mark.parametrize(("make", "maxsize", "model", "rules"), named(BROKEN))
def test_a_broken_queue_is_noticed(make: Any, maxsize: int, model: str, rules: set[str]) -> None:
    ops = one_after_another(make(maxsize)).history()
    assert {violation.rule for violation in check(ops, model, maxsize, key)} & rules


@pytest.mark.parametrize(("make", "maxsize", "model", "rules"), named(BROKEN))
def test_a_broken_queue_is_noticed_among_threads(
    make: Any, maxsize: int, model: str, rules: set[str]
) -> None:
    ops = in_phases(make(maxsize), maxsize).history()
    assert {violation.rule for violation in check(ops, model, maxsize, key)} & rules


@pytest.mark.parametrize(("make", "maxsize", "model"), named(RIGHT))
def test_a_right_one_is_not_suspected(make: Any, maxsize: int, model: str, seed: int) -> None:
    for recorder in (one_after_another(make(maxsize)), in_phases(make(maxsize), maxsize)):
        assert check(recorder.history(), model, maxsize, key) == []
    ops = history_of(make(maxsize), seed, 2, 2, 200, batches=False)
    assert check(ops, model, maxsize, key) == []


def key(value: Any) -> Any:
    return value[0]
