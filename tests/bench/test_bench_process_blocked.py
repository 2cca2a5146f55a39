"""The case of blocked processes: it sees who spins, and who does not block at all."""

import multiprocessing
import sys
import time

import pytest
from bench.cases.blocked_threads import SHARE, event_wait
from bench.cases.process_blocked import PROCESSES, watch
from bench.harness.contender import WrongAnswer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's clocks of processes")


def test_a_process_that_spins_is_seen() -> None:
    over = multiprocessing.get_context("fork").Value("i", 0)

    def spin() -> None:
        while not over.value:
            pass

    def let_go() -> None:
        over.value = 1

    samples = watch("spinning", (spin, let_go), 2, 0.2, 0.05)
    assert len(samples) == 2
    assert min(sample.wall_per_unit for sample in samples) > 10 * SHARE


def test_processes_that_sleep_take_less_than_those_that_spin() -> None:
    blocking = event_wait(multiprocessing.get_context("fork").Event, PROCESSES)
    samples = watch("sleeping", blocking, 2, 0.2, 0.05)
    assert min(sample.wall_per_unit for sample in samples) < 10 * SHARE


def test_who_does_not_block_is_a_wrong_answer() -> None:
    with pytest.raises(WrongAnswer, match="2 did not block"):
        watch("passing", (time.time, time.time), 1, 0.05, 0.3)
