"""The case of blocked threads: it sees who spins, and who does not block at all."""

import threading
import time

import pytest
from bench.cases.blocked_threads import SHARE, THREADS, event_wait, watch
from bench.harness.contender import WrongAnswer


def test_a_thread_that_spins_is_seen() -> None:
    over = threading.Event()

    def spin() -> None:
        while not over.is_set():
            pass

    samples = watch("spinning", (spin, over.set), 2, 0.2, 0.05)
    assert len(samples) == 2
    assert min(sample.wall_per_unit for sample in samples) > 10 * SHARE


def test_threads_that_sleep_take_less_than_those_that_spin() -> None:
    blocking = event_wait(threading.Event, THREADS)
    samples = watch("sleeping", blocking, 2, 0.2, 0.05)
    assert min(sample.wall_per_unit for sample in samples) < 10 * SHARE


def test_who_does_not_block_is_a_wrong_answer() -> None:
    with pytest.raises(WrongAnswer, match="4 did not block"):
        watch("passing", (time.time, time.time), 1, 0.05, 0.05)
