"""bench/harness/rounds.py and contender.py: alternation, calibration, agreement."""

import time
from itertools import pairwise

import pytest
from bench.harness import rounds as rounds_module
from bench.harness.contender import Call, Sample, Work, WrongAnswer, cpu_seconds, own_copy
from bench.harness.rounds import alternate, calibrate, rotated, settle


class Scripted:
    """A contender that takes a stated time and writes down when it is called."""

    def __init__(self, name: str, log: list[str], unit_s: float = 1.0, answer: str = "x") -> None:
        self.name = name
        self.log = log
        self.unit_s = unit_s
        self.answer = answer
        self.asked: list[int] = []

    def measure(self, reps: int) -> Sample:
        self.log.append(self.name)
        self.asked.append(reps)
        return Sample(self.unit_s * reps, 2 * self.unit_s * reps, reps, self.answer)

    def close(self) -> None:
        pass


def test_the_order_rotates_so_that_each_is_first_equally_often() -> None:
    log: list[str] = []
    contenders = [Scripted(name, log) for name in "abc"]
    alternate(contenders, 6, cell_s=1.0)
    rounds = ["".join(log[3 + 3 * i : 6 + 3 * i]) for i in range(6)]
    assert "".join(log[:3]) == "abc", "the warm-up"
    assert rounds == ["abc", "bca", "cab"] * 2
    assert [one.name for one in rotated(contenders, 4)] == ["b", "c", "a"]


class Clock:
    """Stands in for the module time: a thread of the process spins until `busy_s`, from 0 on."""

    def __init__(self, busy_s: float) -> None:
        self.now = 0.0
        self.busy_s = busy_s

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        return min(self.now, self.busy_s)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_contender_waits_for_threads_that_another_one_left_spinning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(busy_s=0.1)
    monkeypatch.setattr(rounds_module, "time", clock)
    assert settle(0.5)
    assert 0.1 <= clock.now < 0.12
    clock.now, clock.busy_s = 0.0, 9.0
    assert not settle(0.5)
    assert 0.5 <= clock.now < 0.52

    began: list[float] = []

    class Looking(Scripted):
        def measure(self, reps: int) -> Sample:
            began.append(clock.now)
            clock.busy_s = clock.now + 0.1
            return super().measure(reps)

    alternate([Looking("a", []), Looking("b", [])], 2, cell_s=1.0)
    rounds_began = began[-4:]
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(rounds_began))


def test_figures_are_for_one_unit_whatever_the_repetitions() -> None:
    log: list[str] = []
    slow, fast = Scripted("slow", log, 0.5), Scripted("fast", log, 0.01)
    standings = alternate([slow, fast], 3, cell_s=1.0)
    assert slow.asked[-1] == 2
    assert fast.asked[-1] == 100
    assert standings[0].wall.median == pytest.approx(0.5)
    assert standings[1].cpu is not None
    assert standings[1].cpu.median == pytest.approx(0.02)
    assert standings[0].ratio_to(standings[1]).median == pytest.approx(50)


def test_calibration_measures_a_long_job_once() -> None:
    job = Scripted("long", [], unit_s=2.0)
    assert calibrate(job, 1.0)[0] == 1
    assert job.asked == [1]


def test_calibration_does_not_overshoot_when_the_first_call_is_slow() -> None:
    class Warming(Scripted):
        def measure(self, reps: int) -> Sample:
            sample = super().measure(reps)
            extra = 0.2 if len(self.asked) == 1 else 0.0
            return Sample(sample.wall_s + extra, 0.0, reps, "x")

    job = Warming("warming", [], unit_s=1e-6)
    reps, _ = calibrate(job, 0.5)
    assert 400_000 <= reps <= 600_000


def test_another_checksum_fails_the_comparison() -> None:
    log: list[str] = []
    with pytest.raises(WrongAnswer, match="liar came to another result: y where honest has x"):
        alternate([Scripted("honest", log), Scripted("liar", log, answer="y")], 3, 1.0)


def test_a_checksum_that_changes_between_rounds_fails_it_too() -> None:
    class Fickle(Scripted):
        def measure(self, reps: int) -> Sample:
            self.answer = "x" if len(self.asked) < 3 else "z"
            return super().measure(reps)

    with pytest.raises(WrongAnswer, match="fickle came to another result: z"):
        alternate([Scripted("honest", []), Fickle("fickle", [])], 9, 1.0)


def test_two_contenders_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        alternate([Scripted("a", []), Scripted("a", [])], 1, 1.0)


def test_a_call_tells_wall_and_processor_time_apart() -> None:
    asleep = Call("asleep", Work.calling(time.sleep, 0.05)).measure(2)
    assert asleep.wall_s >= 0.1
    assert asleep.cpu_s < 0.05
    assert asleep.units == 2

    def burn() -> int:
        until = cpu_seconds() + 0.05
        turns = 0
        while cpu_seconds() < until:
            turns += 1
        return turns

    busy = Call("busy", Work.calling(burn, check=lambda turns: turns > 0)).measure(1)
    assert busy.cpu_s >= 0.05
    assert busy.checksum == "True"


def test_a_timing_loop_gets_a_code_object_of_its_own() -> None:
    def loop(n: int, *, extra: int = 1) -> int:
        return n + extra

    copy = own_copy(loop)
    assert copy(2) == 3
    assert copy(2, extra=5) == 7
    assert copy.__code__ is not loop.__code__
