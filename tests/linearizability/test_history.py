"""The recorder: what is written down is what happened, also when it never ended."""

import threading
import time
from typing import Any

import pytest

from allcores.queue import Queue
from linearizability.history import CLOSE, CLOSED, EMPTY, FULL, GET, NEVER, OK, PUT, UNKNOWN, Recorder
from linearizability.monitor import check


def test_each_outcome_is_written_down() -> None:
    recorder = Recorder(Queue(2))
    one, other = recorder.log(), recorder.log()
    before = time.monotonic_ns()
    assert one.get(False) == (EMPTY, None)
    assert one.put("a") == OK
    assert one.put_many("bcd", block=False) == FULL
    assert one.put("e", timeout=0) == FULL
    assert other.get() == (OK, "a")
    assert other.get_many(5) == (OK, ["b"])
    one.shutdown()
    assert one.put("f") == CLOSED
    assert other.get(timeout=1) == (CLOSED, None)
    assert other.get_many(2) == (CLOSED, [])
    ops = recorder.history()
    assert [(op.thread, op.kind, op.outcome, op.value) for op in ops] == [
        (0, GET, EMPTY, None),
        (0, PUT, OK, "a"),
        (0, PUT, OK, "b"),
        (0, PUT, FULL, "c"),  # "d" was not tried
        (0, PUT, FULL, "e"),
        (0, CLOSE, OK, False),
        (0, PUT, CLOSED, "f"),
        (1, GET, OK, "a"),
        (1, GET, OK, "b"),
        (1, GET, CLOSED, None),
        (1, GET, CLOSED, None),
    ]
    assert all(before <= op.start <= op.end <= time.monotonic_ns() for op in ops)
    assert [op.number for op in ops if op.thread == 1] == [0, 1, 2, 3]
    assert (ops[2].start, ops[2].end) == (ops[3].start, ops[3].end)  # one call
    assert check(ops, "fifo", 2) == []


def test_what_never_returned_is_unknown() -> None:
    q: Any = Queue()
    recorder = Recorder(q)
    log = recorder.log()
    thread = threading.Thread(target=log.get, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while q.stats()["waits"] == 0:
        assert time.monotonic() < deadline
    (op,) = recorder.history()
    assert (op.kind, op.outcome, op.value, op.end) == (GET, UNKNOWN, None, NEVER)
    q.put("x")
    thread.join(30)
    (op,) = recorder.history()
    assert (op.kind, op.outcome, op.value) == (GET, OK, "x")


def test_somebody_elses_exception_leaves_the_outcome_open() -> None:
    class Interrupted:
        def put(self, value: Any) -> None:
            raise KeyboardInterrupt

        put_many = put

        def get_many(self, most: int) -> list[Any]:
            raise KeyboardInterrupt

    recorder = Recorder(Interrupted())
    log = recorder.log()
    with pytest.raises(KeyboardInterrupt):
        log.put(1)
    with pytest.raises(KeyboardInterrupt):
        log.put_many([2, 3])
    with pytest.raises(KeyboardInterrupt):
        log.get_many(2)
    ops = recorder.history()
    assert [(op.kind, op.outcome, op.value) for op in ops] == [
        (PUT, UNKNOWN, 1),
        (PUT, UNKNOWN, 2),
        (PUT, UNKNOWN, 3),
        (GET, UNKNOWN, None),
        (GET, UNKNOWN, None),
    ]
    assert all(op.end < NEVER for op in ops)
