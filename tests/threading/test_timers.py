"""Timer: the standard contract, and more: few threads, nobody delayed, exits, forks."""

import contextvars
import datetime
import decimal
import gc
import math
import random
import subprocess
import sys
import threading as std
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from allcores.threading.timers import Timer

#: How long a test waits for a fact before it fails.
DEADLINE = 20.0

NEVER = 1000.0


def wait_for(fact: Callable[[], bool]) -> None:
    limit = time.monotonic() + DEADLINE
    while not fact():
        assert time.monotonic() < limit, "the fact did not come true"
        time.sleep(0.001)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> list[std.ExceptHookArgs]:
    seen: list[std.ExceptHookArgs] = []
    monkeypatch.setattr(std, "excepthook", seen.append)
    return seen


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    from allcores.threading.timer_clock import _clocks

    for clock in _clocks.values():
        for job in list(clock.pending.values()):
            job.cancel()


def child(code: str, timeout: float = DEADLINE) -> subprocess.CompletedProcess[str]:
    prelude = "import os, sys, time, threading as std\nfrom allcores.threading.timers import Timer\n"
    return subprocess.run(
        [sys.executable, "-c", prelude + code], capture_output=True, text=True, timeout=timeout
    )


# -- the standard contract, checked on the standard class too -------------------------------------


@pytest.fixture(params=[Timer, std.Timer], ids=["ours", "standard"])
def cls(request: pytest.FixtureRequest) -> type[std.Timer]:
    return request.param


def test_it_calls_the_function_with_its_arguments_in_another_thread(cls) -> None:
    seen = []
    timer = cls(0.01, lambda *a, **k: seen.append((a, k, std.get_ident())), [1, 2], {"x": 3})
    assert isinstance(timer, std.Thread)
    assert not timer.is_alive() and timer.ident is None
    timer.start()
    timer.join()
    assert [(a, k) for a, k, _ in seen] == [((1, 2), {"x": 3})]
    assert seen[0][2] == timer.ident != std.get_ident()
    assert timer.native_id and timer.finished.is_set() and not timer.is_alive()


def test_default_arguments_are_not_shared(cls) -> None:
    first, second = cls(NEVER, print), cls(NEVER, print)
    first.args.append("x")
    first.kwargs["y"] = 1
    assert (second.args, second.kwargs) == ([], {})


def test_it_does_not_fire_early(cls) -> None:
    fired = []
    begin = time.monotonic()
    timer = cls(0.05, lambda: fired.append(time.monotonic()))
    timer.start()
    timer.join()
    assert fired[0] - begin >= 0.05


@pytest.mark.parametrize("interval", [0, -1, 0.0, False])
def test_no_interval_fires_at_once(cls, interval: float) -> None:
    fired = std.Event()
    timer = cls(interval, fired.set)
    timer.start()
    timer.join(DEADLINE)
    assert fired.is_set()


def test_cancel_before_start_while_pending_and_after(cls) -> None:
    calls = []
    for when in ("before", "pending", "after"):
        timer = cls(0.001 if when == "after" else NEVER, calls.append, [when])
        if when == "before":
            timer.cancel()
        timer.start()
        if when == "pending":
            assert timer.is_alive()
            timer.cancel()
        timer.join(DEADLINE)
        assert not timer.is_alive() and timer.finished.is_set()
        timer.cancel()
    assert calls == ["after"]


def test_setting_finished_is_cancelling(cls) -> None:
    timer = cls(NEVER, print)
    timer.start()
    timer.finished.set()
    timer.join(DEADLINE)
    assert not timer.is_alive()


def test_an_interval_of_none_waits_until_cancelled(cls) -> None:
    timer = cls(None, print)
    timer.start()
    timer.join(0.02)
    assert timer.is_alive()
    timer.cancel()
    timer.join(DEADLINE)
    assert not timer.is_alive()


def test_cancel_while_the_function_runs_leaves_it_alone(cls) -> None:
    entered, go = std.Event(), std.Event()
    done = []

    def work() -> None:
        entered.set()
        assert go.wait(DEADLINE)
        done.append(True)

    timer = cls(0, work)
    timer.start()
    assert entered.wait(DEADLINE)
    timer.cancel()
    assert timer.is_alive()
    timer.join(0.01)
    assert timer.is_alive()
    go.set()
    timer.join(DEADLINE)
    assert done == [True] and not timer.is_alive()


def test_start_twice_and_join_too_early_raise(cls) -> None:
    timer = cls(NEVER, print)
    with pytest.raises(RuntimeError, match="before it is started"):
        timer.join()
    timer.start()
    with pytest.raises(RuntimeError, match="only be started once"):
        timer.start()
    with pytest.raises(RuntimeError, match="daemon"):
        timer.daemon = True
    timer.cancel()
    timer.join()
    with pytest.raises(RuntimeError, match="only be started once"):
        timer.start()


def test_its_own_function_cannot_join_it_and_sees_it_as_the_current_thread(cls) -> None:
    seen = []

    def work() -> None:
        seen.append(std.current_thread())
        seen.append(timer in std.enumerate())
        seen.append(timer.ident == std.get_ident() and timer.native_id == std.get_native_id())
        seen.append(timer.is_alive())
        try:
            timer.join()
        except RuntimeError as error:
            seen.append("current thread" in str(error))

    timer = cls(0, work)
    timer.start()
    timer.join(DEADLINE)
    assert seen == [timer, True, True, True, True]
    assert timer not in std.enumerate()


def test_several_threads_join(cls) -> None:
    go, entered = std.Event(), std.Event()
    timer = cls(0, lambda: (entered.set(), go.wait(DEADLINE)))
    timer.start()
    assert entered.wait(DEADLINE)
    joined = []
    threads = [std.Thread(target=lambda: joined.append(timer.join())) for _ in range(5)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert joined == [None] * 5


def test_an_exception_goes_to_the_hook_and_the_thread_lives_on(cls, hook) -> None:
    timer = cls(0, lambda: 1 / 0)
    timer.start()
    timer.join(DEADLINE)
    assert [(args.exc_type, args.thread) for args in hook] == [(ZeroDivisionError, timer)]
    assert not timer.finished.is_set()
    after = std.Event()
    cls(0, after.set).start()
    assert after.wait(DEADLINE)


def test_a_subclass_with_its_own_run_gets_a_thread(cls) -> None:
    class Repeating(cls):
        def run(self) -> None:
            while not self.finished.wait(self.interval):
                self.function(*self.args, **self.kwargs)

    calls = []
    timer = Repeating(0.001, calls.append, ["x"])
    assert repr(timer).startswith("<Repeating(Thread-")
    timer.start()
    assert timer.is_alive() and timer.ident and timer in std.enumerate()
    wait_for(lambda: len(calls) >= 3)
    timer.cancel()
    timer.join(DEADLINE)
    assert not timer.is_alive()


def test_a_subclass_may_call_the_standard_run(cls) -> None:
    order = []

    class Noting(cls):
        def run(self) -> None:
            order.append("before")
            super().run()
            order.append("after")

    timer = Noting(0.001, order.append, ["call"])
    timer.start()
    timer.join(DEADLINE)
    assert order == ["before", "call", "after"] and timer.finished.is_set()


def test_daemon_and_name(cls) -> None:
    timer = cls(0, print)
    assert timer.daemon is False and timer.name.startswith("Thread-")
    timer.daemon = True
    timer.name = "tick"
    assert timer.daemon and "tick" in repr(timer) and "initial" in repr(timer)
    inherited = []
    timer.function = lambda: inherited.append(cls(0, print).daemon)
    timer.start()
    timer.join(DEADLINE)
    assert inherited == [True] and "stopped" in repr(timer)


def test_a_callback_begins_with_a_context_of_its_own(cls) -> None:
    var: contextvars.ContextVar[int] = contextvars.ContextVar("var", default=0)
    seen = []

    def work() -> None:
        seen.append(var.get())
        var.set(1)

    for _ in range(3):
        timer = cls(0, work)
        timer.start()
        timer.join(DEADLINE)
    assert seen == [0, 0, 0]


def test_trace_functions_reach_a_callback_and_do_not_stay(cls) -> None:
    traced = []

    def work() -> None:
        pass

    def trace(frame, event, arg):
        if frame.f_code is work.__code__:
            traced.append(event)

    before = std.gettrace()
    std.settrace(trace)
    try:
        timer = cls(0, work)
        timer.start()
        timer.join(DEADLINE)
    finally:
        std.settrace(before)
    assert traced == ["call"]
    timer = cls(0, work)
    timer.start()
    timer.join(DEADLINE)
    if before is None:
        assert traced == ["call"]


# -- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", ["1", b"1", [], 1j, datetime.timedelta(1)])
def test_an_interval_that_is_no_number(interval: object) -> None:
    with pytest.raises(TypeError, match="seconds as a number"):
        Timer(interval, print)
    timer = Timer(0, print)
    timer.interval = interval
    with pytest.raises(TypeError, match="seconds as a number"):
        timer.start()
    assert not timer.is_alive()


def test_nan_and_what_cannot_be_called() -> None:
    with pytest.raises(ValueError, match="NaN"):
        Timer(math.nan, print)
    with pytest.raises(TypeError, match="cannot be called"):
        Timer(0, "print").start()


@pytest.mark.parametrize("interval", [std.TIMEOUT_MAX * 2, math.inf, 10**400, 1e300])
def test_a_huge_interval_waits(interval: float) -> None:
    timer = Timer(interval, print)
    timer.start()
    fired = std.Event()
    Timer(0.01, fired.set).start()  # the waiting thread goes on with it
    assert fired.wait(DEADLINE) and timer.is_alive()
    timer.cancel()
    timer.join(DEADLINE)


def test_decimals_are_numbers() -> None:
    timer = Timer(decimal.Decimal("0.001"), int)
    timer.start()
    timer.join(DEADLINE)
    assert timer.finished.is_set()


def test_a_subclass_that_forgets_init() -> None:
    class Forgetful(Timer):
        def __init__(self) -> None:
            pass

    with pytest.raises(RuntimeError, match="__init__"):
        Forgetful().start()


# -- few threads, nobody delayed ------------------------------------------------------------------


def test_pending_timers_share_one_thread_and_cancelled_ones_hold_no_memory() -> None:
    class Argument:
        pass

    before = std.active_count()
    arguments = [Argument() for _ in range(5000)]
    alive = weakref.WeakSet(arguments)
    timers = [Timer(NEVER, print, [arguments.pop()]) for _ in range(5000)]
    for timer in timers:
        timer.start()
    assert std.active_count() <= before + 1
    assert all(timer.is_alive() and timer.ident is None for timer in timers)
    for timer in timers:
        timer.cancel()
    assert not any(timer.is_alive() for timer in timers)
    del timer
    timers.clear()

    def gone() -> bool:
        gc.collect()
        return not alive

    wait_for(gone)
    from allcores.threading.timer_clock import STALE_ALLOWED, clock_of

    wait_for(lambda: len(clock_of(False)._heap) <= STALE_ALLOWED)


def test_a_slow_callback_delays_no_other() -> None:
    go = std.Event()
    slow = [Timer(0, go.wait, [DEADLINE]) for _ in range(20)]
    for timer in slow:
        timer.start()
    quick = std.Event()
    Timer(0.001, quick.set).start()
    assert quick.wait(DEADLINE)
    assert not go.is_set() and all(timer.is_alive() for timer in slow)
    go.set()
    for timer in slow:
        timer.join(DEADLINE)


def test_threads_are_used_again() -> None:
    idents = set()
    for _ in range(50):
        timer = Timer(0, int)
        timer.start()
        timer.join()
        idents.add(timer.native_id)
    assert len(idents) < 25


@pytest.mark.heavy  # waits for them, five seconds
def test_idle_threads_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from allcores.threading import timer_clock

    monkeypatch.setattr(timer_clock, "IDLE_SECONDS", 0.01)
    # who sleeps by the old number is woken by work
    timers = [Timer(0, time.sleep, [0.05]) for _ in range(40)]
    for timer in timers:
        timer.start()

    def none_left() -> bool:
        return not any(t.name == "allcores-timer-worker" for t in std.enumerate())

    wait_for(none_left)
    again = Timer(0, int)
    again.start()
    again.join(DEADLINE)
    assert again.finished.is_set()


def test_without_a_thread_to_be_had_it_still_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    from allcores.threading import timer_clock

    waiting = Timer(NEVER, print)
    waiting.start()  # so that the waiting thread is there
    idle = timer_clock.clock_of(False)._idle
    fired = []

    def refuse(self: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(timer_clock._Worker, "start", refuse)
    wait_for(lambda: not idle or bool(idle.popitem()[1].inbox.put(None)))
    timer = Timer(0, lambda: fired.append(std.current_thread()))
    timer.start()
    timer.join(DEADLINE)
    assert fired == [timer]
    waiting.cancel()


def test_if_the_waiting_thread_cannot_start_start_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    from allcores.threading import timer_clock

    monkeypatch.setattr(
        timer_clock, "_clocks", {flag: timer_clock.Clock(flag) for flag in (False, True)}
    )

    def refuse(self: object) -> None:
        raise RuntimeError("can't start new thread")

    timer = Timer(0, int)
    with monkeypatch.context() as patch:
        patch.setattr(std.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            timer.start()
    assert not timer.is_alive()
    timer.start()
    timer.join(DEADLINE)
    assert timer.finished.is_set()


def test_waiting_costs_no_cpu() -> None:
    done = child(
        "ts = [Timer(100 + i, print) for i in range(100)] + [Timer(None, print)]\n"
        "for t in ts: t.start()\n"
        "time.sleep(0.05); a = time.process_time(); time.sleep(0.5); print(time.process_time() - a)\n"
        "for t in ts: t.cancel()"
    )
    assert float(done.stdout) < 0.05, done


def test_random_starts_and_cancels(seed: int) -> None:
    """Each timer fires once or was cancelled, never both, never neither."""
    number = random.Random(seed)
    calls: list[int] = []
    outcomes = []

    def some(start: int, plan: list[tuple[float, float | None]]) -> None:
        for index, (interval, wait) in enumerate(plan, start):
            timer = Timer(interval, calls.append, [index])
            timer.start()
            if wait is not None:
                time.sleep(wait)
                timer.cancel()
            outcomes.append((index, timer, wait is not None))

    plans = [
        [
            (number.choice([0, 0.001, 0.002]), number.choice([None, 0, 0.001, 0.002]))
            for _ in range(100)
        ]
        for _ in range(4)
    ]
    threads = [std.Thread(target=some, args=(1000 * n, plan)) for n, plan in enumerate(plans)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    for _, timer, _ in outcomes:
        timer.join(DEADLINE)
        assert not timer.is_alive() and timer.finished.is_set()
    assert len(calls) == len(set(calls))
    assert {index for index, _, cancelled in outcomes if not cancelled} <= set(calls)


def test_a_destructor_in_the_middle_of_a_start_may_cancel() -> None:
    class Cancels:
        def __init__(self) -> None:
            self.me = self  # only the collector ends it
            self.timer = Timer(NEVER, print)
            self.timer.start()

        def __del__(self) -> None:
            self.timer.cancel()

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(300):
            Cancels()
    finally:
        gc.set_threshold(*before)
    fired = std.Event()
    Timer(0, fired.set).start()
    assert fired.wait(DEADLINE)
