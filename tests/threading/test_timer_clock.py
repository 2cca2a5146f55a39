"""The clock behind the timers: order, stale entries, and the waiting thread that comes and goes."""

import threading as std
import time
from collections.abc import Callable

import pytest

from allcores.threading import timer_clock
from allcores.threading.timer_clock import FOREVER, Clock, Job

DEADLINE = 20.0


class Note(Job):
    """A job that notes that it fired."""

    def __init__(self, deadline: float, note: Callable[[], object] = int) -> None:
        super().__init__()
        self._deadline = deadline
        self.note = note
        self.hosts: list[std.Thread] = []
        self.fired = std.Event()

    def _fire(self, host: std.Thread) -> None:
        self.hosts.append(host)
        self.note()
        self.fired.set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clocks = {False: Clock(False), True: Clock(True)}
    monkeypatch.setattr(timer_clock, "_clocks", clocks)
    return clocks[True]


def waiting_threads() -> int:
    return sum(thread.name == "allcores-timers" for thread in std.enumerate())


def test_jobs_fire_in_the_order_of_their_deadlines(clock: Clock) -> None:
    order: list[int] = []
    now = time.monotonic()
    # one worker is not promised; the dispatch is in order, so the test looks at that
    clock._dispatch = lambda job: (order.append(jobs.index(job)), job._fire(std.current_thread()))
    jobs = [Note(now + delay) for delay in (0.06, 0.02, 0.04, 0.02, FOREVER)]
    for job in jobs:
        clock.add(job)
    for job in jobs[:4]:
        assert job.fired.wait(DEADLINE)
    assert order == [1, 3, 2, 0]
    assert clock.withdraw(jobs[4]) and not clock.withdraw(jobs[4])
    assert not clock.withdraw(jobs[0])


def test_an_earlier_deadline_wakes_the_waiting_thread(clock: Clock) -> None:
    late = Note(time.monotonic() + 1000)
    clock.add(late)
    soon = Note(time.monotonic() + 0.01)
    clock.add(soon)
    assert soon.fired.wait(DEADLINE) and not late.fired.is_set()
    clock.withdraw(late)


def test_a_stale_entry_does_not_fire_who_has_its_id(clock: Clock) -> None:
    job = Note(time.monotonic() + 1000)
    clock.pending[id(job)] = job
    stale = (time.monotonic() - 1, 1, id(job))
    assert clock._stale(stale) and not clock._stale((job._deadline, 2, id(job)))
    clock._heap.append(stale)
    clock._run_due()
    assert clock.pending == {id(job): job} and clock._heap == []


def test_a_burst_larger_than_one_intake_is_taken_in_whole(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timer_clock, "ARRIVALS_AT_ONCE", 3)
    jobs = [Note(time.monotonic() + 0.01) for _ in range(100)]
    for job in jobs:
        clock.add(job)
    for job in jobs:
        assert job.fired.wait(DEADLINE)
    assert all(len(job.hosts) == 1 for job in jobs)


def test_the_waiting_thread_ends_when_idle_and_comes_back(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timer_clock, "IDLE_SECONDS", 0.0)
    for _ in range(200):  # each an attempt to arrive while it ends
        job = Note(time.monotonic())
        clock.add(job)
        assert job.fired.wait(DEADLINE)
    limit = time.monotonic() + DEADLINE
    while clock._running.locked():
        assert time.monotonic() < limit
        time.sleep(0.001)


def test_only_one_waiting_thread_whoever_comes_first(clock: Clock) -> None:
    before = waiting_threads()
    barrier = std.Barrier(8)
    jobs = [Note(time.monotonic() + 1000) for _ in range(8)]

    def add(job: Note) -> None:
        barrier.wait(DEADLINE)
        clock.add(job)

    threads = [std.Thread(target=add, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert waiting_threads() == before + 1
    for job in jobs:
        assert clock.withdraw(job)


def test_an_interrupted_start_leaves_one_owner(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C may come out of Thread.start although the thread lives: then it keeps `running`."""
    real = std.Thread.start

    def interrupted(self: std.Thread) -> None:
        real(self)
        limit = time.monotonic() + DEADLINE
        while not claimed:
            assert time.monotonic() < limit
            time.sleep(0.001)
        raise KeyboardInterrupt

    claimed: list[bool] = []
    take = timer_clock.claim_taken
    monkeypatch.setattr(timer_clock, "claim_taken", lambda c: claimed.append(take(c)) or claimed[-1])
    with monkeypatch.context() as patch:
        patch.setattr(std.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            clock.add(Note(FOREVER))
    assert claimed == [True, False]
    limit = time.monotonic() + DEADLINE
    job = Note(time.monotonic())
    clock.add(job)
    assert job.fired.wait(limit - time.monotonic())
    assert claimed.count(True) == 1
