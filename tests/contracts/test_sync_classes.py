"""What semaphores, events, conditions and barriers promise, run on ours and on the standard ones."""

import gc
import inspect
import random
import threading as std
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from allcores import threading as ours

#: Longer than any correct wait here; a test that reaches it has hung.
HANG = 30.0

both = pytest.mark.parametrize("module", [ours, std], ids=["ours", "std"])
semaphores = pytest.mark.parametrize("name", ["Semaphore", "BoundedSemaphore"])


def start(target: Callable[..., Any], *args: Any) -> std.Thread:
    thread = std.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def join(*threads: std.Thread) -> None:
    for thread in threads:
        thread.join(HANG)
        assert not thread.is_alive(), "a thread hangs"


def wait_until(condition: Callable[[], Any]) -> None:
    """Let other threads run until something is true (and fail if it never is)."""
    deadline = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.0005)


def waiters(condition: Any) -> int:
    """How many wait, read off the representation, which both have."""
    return int(repr(condition).rsplit(", ", 1)[1].rstrip(")>"))


# -- semaphores -----------------------------------------------------------------------------------


@both
@semaphores
def test_a_semaphore_counts(module: Any, name: str) -> None:
    s = getattr(module, name)(2)
    assert [s.acquire(), s.acquire(blocking=False), s.acquire(False)] == [True, True, False]
    assert s.acquire(timeout=0.01) is False
    assert s.acquire(True, -1) is False
    assert s.acquire(timeout=0) is False
    s.release(n=2)
    assert s._value == 2
    with s as got:
        assert got is True
        assert s._value == 1
    assert s._value == 2


@both
@semaphores
def test_a_semaphore_refuses(module: Any, name: str) -> None:
    make = getattr(module, name)
    with pytest.raises(ValueError, match="semaphore initial value must be >= 0"):
        make(-1)
    with pytest.raises(TypeError):
        make("1")
    s = make(1)
    with pytest.raises(ValueError, match="n must be one or more"):
        s.release(0)
    with pytest.raises(ValueError, match="can't specify timeout for non-blocking acquire"):
        s.acquire(False, 1)
    with pytest.raises(TypeError):
        s.acquire(1, 2, 3)


@both
def test_a_bounded_semaphore_notices_one_release_too_many(module: Any) -> None:
    s = module.BoundedSemaphore(2)
    s.acquire()
    with pytest.raises(ValueError, match="Semaphore released too many times"):
        s.release(2)
    assert s._value == 1
    s.release()
    with pytest.raises(ValueError, match="Semaphore released too many times"):
        s.release()
    assert isinstance(s, module.Semaphore)
    assert not isinstance(module.Semaphore(), module.BoundedSemaphore)


@both
@semaphores
def test_a_release_of_the_subclass_is_used_at_the_end_of_with(module: Any, name: str) -> None:
    calls = []

    class Sub(getattr(module, name)):  # type: ignore[misc]
        def release(self, n: int = 1) -> None:
            calls.append(n)
            super().release(n)

    with Sub(1):
        pass
    assert calls == [1]


@both
@semaphores
def test_never_more_inside_than_permits(module: Any, name: str, seed: int) -> None:
    permits, inside, most = 3, [0], [0]
    s, lock = getattr(module, name)(permits), std.Lock()

    def play(number: int) -> None:
        own = random.Random(number)
        for _ in range(300):
            timeout = own.choice([None, 0.00002, 0, 1])
            if not s.acquire(timeout=timeout):
                continue
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            if own.random() < 0.3:
                time.sleep(0)
            with lock:
                inside[0] -= 1
            s.release()

    join(*[start(play, seed + i) for i in range(6)])
    assert 1 <= most[0] <= permits
    assert s._value == permits


# -- events ---------------------------------------------------------------------------------------


@both
def test_an_event(module: Any) -> None:
    e = module.Event()
    assert e.is_set() is False
    assert [e.wait(0), e.wait(-1), e.wait(timeout=0.01)] == [False] * 3
    assert e.set() is None
    assert [e.wait(), e.wait(0), e.wait(None), e.is_set()] == [True] * 4
    assert e.clear() is None
    assert e.wait(0.001) is False
    with pytest.warns(DeprecationWarning, match="isSet"):
        assert e.isSet() is False
    with pytest.raises(TypeError):
        e.wait("soon")


@both
def test_a_set_wakes_all_also_when_it_is_cleared_at_once(module: Any) -> None:
    for _ in range(30):
        e, ready, results = module.Event(), std.Barrier(5), []

        def wait(e: Any = e, ready: Any = ready, results: list[bool] = results) -> None:
            ready.wait(HANG)
            results.append(e.wait(HANG))

        threads = [start(wait) for _ in range(4)]
        ready.wait(HANG)
        while any(thread.is_alive() for thread in threads):  # whoever was not yet there gets the next
            e.set()
            e.clear()
            time.sleep(0.0002)
        assert results == [True] * 4


@both
def test_ping_pong_between_two_events(module: Any) -> None:
    there, back, trips = module.Event(), module.Event(), 2000

    def answer() -> None:
        for _ in range(trips):
            assert there.wait(HANG)
            there.clear()
            back.set()

    thread = start(answer)
    for _ in range(trips):
        there.set()
        assert back.wait(HANG)
        back.clear()
    join(thread)


# -- conditions -----------------------------------------------------------------------------------


class PlainLock:
    """A lock of the user's own, with nothing but what it must have."""

    def __init__(self) -> None:
        self.inner = std.Lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        return self.inner.acquire(blocking, timeout)

    def release(self) -> None:
        self.inner.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *args: object) -> None:
        self.release()


LOCKS = {
    "default": lambda: None,
    "Lock": std.Lock,
    "RLock": std.RLock,
    "python-RLock": std._RLock if hasattr(std, "_RLock") else std._PyRLock,  # type: ignore[attr-defined]
    "own": PlainLock,
    "semaphore": lambda: ours.Semaphore(1),
    "condition's": lambda: ours.Condition()._lock,
}
locks = pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS.keys())


@both
@locks
def test_a_condition_with_any_lock(module: Any, lock: Callable[[], Any]) -> None:
    c, items = module.Condition(lock()), []

    def take() -> None:
        with c:
            got.append(c.wait_for(lambda: items and items.pop(), HANG))

    got: list[Any] = []
    threads = [start(take) for _ in range(3)]
    for i in range(3):
        with c:
            items.append(i + 1)
            c.notify()
    join(*threads)
    assert sorted(got) == [1, 2, 3]


@both
@locks
def test_a_condition_that_is_not_held_refuses(module: Any, lock: Callable[[], Any]) -> None:
    c = module.Condition(lock())
    with pytest.raises(RuntimeError, match="cannot notify on un-acquired lock"):
        c.notify()
    with pytest.raises(RuntimeError, match="cannot notify on un-acquired lock"):
        c.notify_all()
    with pytest.raises(RuntimeError, match="cannot wait on un-acquired lock"):
        c.wait(0)
    c.acquire()
    c.notify()
    c.notify(2)
    assert c.wait(0) is False
    assert c.wait(timeout=0.001) is False
    c.release()
    if lock() is None:
        with pytest.raises(RuntimeError, match="release"):
            c.release()


@both
def test_a_condition_takes_its_locks_own_saving(module: Any) -> None:
    calls = []

    class Saving(PlainLock):
        def _release_save(self) -> str:
            calls.append("save")
            self.release()
            return "state"

        def _acquire_restore(self, state: str) -> None:
            calls.append(state)
            self.acquire()

        def _is_owned(self) -> bool:
            calls.append("owned")
            return self.inner.locked()

    c = module.Condition(Saving())
    with c:
        assert c.wait(0.001) is False
    assert calls == ["owned", "save", "state"]


@both
def test_a_wait_gives_all_levels_back_and_takes_them_again(module: Any) -> None:
    c = module.Condition()
    ready = std.Event()

    def tell() -> None:
        ready.wait(HANG)
        with c:
            c.notify_all()

    thread = start(tell)
    with c, c, c:
        ready.set()
        assert c.wait(HANG) is True
        c.release()
        c.acquire()
    join(thread)
    with pytest.raises(RuntimeError):
        c.notify()


@both
def test_notify_wakes_exactly_n_in_order(module: Any) -> None:
    c, woken = module.Condition(), []

    def wait(number: int) -> None:
        with c:
            assert c.wait(HANG)
            woken.append(number)

    threads = []
    for i in range(7):
        threads.append(start(wait, i))
        wait_until(lambda i=i: waiters(c) == i + 1)
    woken_so_far = 0
    for n in (0, -1, 1, 2):
        with c:
            c.notify(n)
            woken_so_far += max(n, 0)
            assert waiters(c) == 7 - woken_so_far
        wait_until(lambda: len(woken) == woken_so_far)  # noqa: B023
        assert sorted(woken) == list(range(woken_so_far))
    with c:
        c.notify_all()
        c.notify(100)
    join(*threads)
    assert sorted(woken) == list(range(7))
    with pytest.warns(DeprecationWarning, match="notifyAll"), c:
        c.notifyAll()


@both
def test_a_waiter_that_gave_up_takes_no_notify(module: Any) -> None:
    c, told = module.Condition(), []

    def patient() -> None:
        with c:
            told.append(c.wait(HANG))

    with c:
        assert c.wait(0.01) is False
    thread = start(patient)
    wait_until(lambda: waiters(c) == 1)
    with c:
        c.notify()
    join(thread)
    assert told == [True]


@both
def test_wait_for_returns_what_the_predicate_returned(module: Any) -> None:
    c = module.Condition()
    with c:
        assert c.wait_for(lambda: "yes") == "yes"
        assert c.wait_for(lambda: 0, timeout=0.01) == 0
        assert c.wait_for(list, 0) == []
        with pytest.raises(ZeroDivisionError):
            c.wait_for(lambda: 1 / 0)
    with pytest.raises(RuntimeError):
        c.release()


# -- barriers -------------------------------------------------------------------------------------


@both
def test_a_barrier_of_one_and_its_action(module: Any) -> None:
    calls = []
    b = module.Barrier(1, lambda: calls.append(1), timeout=1)
    assert [b.wait(), b.wait(0)] == [0, 0]
    assert (calls, b.parties, b.n_waiting, b.broken) == ([1, 1], 1, 0, False)
    for bad in (0, -1):
        if module is ours:  # the standard one refuses since 3.12
            with pytest.raises(ValueError, match="parties must be > 0"):
                module.Barrier(bad)


@both
def test_barrier_rounds_go_in_lockstep(module: Any) -> None:
    parties, rounds = 5, 100
    at, indices, b = [0] * parties, [[] for _ in range(rounds)], None

    def check() -> None:
        assert len(set(at)) == 1

    b = module.Barrier(parties, check, HANG)

    def play(me: int) -> None:
        for i in range(rounds):
            at[me] = i
            indices[i].append(b.wait())

    join(*[start(play, i) for i in range(parties)])
    assert all(sorted(found) == list(range(parties)) for found in indices)


@both
def test_a_barrier_breaks_and_is_made_whole(module: Any) -> None:
    b, seen = module.Barrier(2), []

    def wait() -> None:
        try:
            b.wait(HANG)
        except std.BrokenBarrierError as error:
            seen.append(error)

    for end in (b.abort, b.reset):
        thread = start(wait)
        wait_until(lambda: b.n_waiting == 1)
        end()
        join(thread)
        assert b.broken == (end == b.abort)
        if b.broken:
            with pytest.raises(std.BrokenBarrierError):
                b.wait()
            b.reset()
    assert len(seen) == 2
    with pytest.raises(std.BrokenBarrierError):
        b.wait(0.01)
    assert b.broken


@both
def test_an_action_that_fails_breaks_the_barrier(module: Any) -> None:
    b = module.Barrier(2, lambda: 1 / 0)
    seen = []

    def wait() -> None:
        try:
            b.wait(HANG)
        except BaseException as error:
            seen.append(type(error).__name__)

    join(start(wait), start(wait))
    assert sorted(seen) == ["BrokenBarrierError", "ZeroDivisionError"]
    assert b.broken


# -- what all are ---------------------------------------------------------------------------------

CLASSES = {
    "Semaphore": (),
    "BoundedSemaphore": (),
    "Event": (),
    "Condition": (),
    "Barrier": (1,),
}


@both
@pytest.mark.parametrize("name", CLASSES)
def test_each_class_may_be_subclassed_with_another_init(module: Any, name: str) -> None:
    cls = getattr(module, name)

    class Sub(cls):  # type: ignore[misc,valid-type]
        def __init__(self, a: int, *, note: str) -> None:
            super().__init__(*CLASSES[name])
            self.a, self.note = a, note

    sub = Sub(1, note="x")
    assert (sub.a, sub.note) == (1, "x")
    alive = weakref.ref(sub)
    sub.me = sub  # a cycle, for the collector
    del sub
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("name", CLASSES)
def test_signatures_are_the_standard_ones(name: str) -> None:
    mine, theirs = getattr(ours, name), getattr(std, name)
    for method, function in inspect.getmembers(theirs, inspect.isfunction):
        if method.startswith("_"):
            continue
        here = inspect.signature(getattr(mine, method))
        there = inspect.signature(function)
        assert list(here.parameters) == list(there.parameters), method
        for parameter in there.parameters:
            assert here.parameters[parameter].default == there.parameters[parameter].default
    assert str(inspect.signature(mine)) == str(inspect.signature(theirs)).replace(" -> None", "")
