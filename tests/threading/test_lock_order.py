"""The instrumented locks: the standard behaviour, and inversions reported once with both stacks."""

import copy
import gc
import io
import itertools
import os
import pickle
import queue
import random
import signal
import subprocess
import sys
import threading as std
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from allcores.errors import LockOrderWarning
from allcores.threading import lock_order
from allcores.threading.lock_order import Lock, LockOrderReport, RLock

lock_tests = pytest.importorskip("test.lock_tests", reason="this Python comes without its tests")

DEADLINE = 20.0


class TestLockOfCPython(lock_tests.LockTests):
    locktype = staticmethod(Lock)


class TestRLockOfCPython(lock_tests.RLockTests):
    locktype = staticmethod(RLock)


class TestConditionOfCPythonOnOurs(lock_tests.ConditionTests):
    @staticmethod
    def condtype(lock: Any = None) -> std.Condition:
        return std.Condition(RLock() if lock is None else lock)


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[LockOrderReport]:
    seen: list[LockOrderReport] = []
    monkeypatch.setattr(lock_order, "report_hook", seen.append)
    return seen


@pytest.fixture(autouse=True)
def _no_errors_in_hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    assert not lock_order._mutex.locked() and not lock_order._pending


def in_thread(work: Callable[[], object], name: str = "other") -> None:
    errors = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = std.Thread(target=run, name=name)
    thread.start()
    thread.join(DEADLINE)
    assert not thread.is_alive() and not errors, errors


def wait_for(fact: Callable[[], object]) -> None:
    limit = time.monotonic() + DEADLINE
    while not fact():
        assert time.monotonic() < limit, "the fact did not come true"
        time.sleep(0.001)


def child(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env={**os.environ, **environment},
    )


def take(*locks: Any) -> None:
    """Take the locks in this order, and let go of them."""
    if locks:
        with locks[0]:
            take(*locks[1:])


# -- reports --------------------------------------------------------------------------------------


def forward(a: Any, b: Any) -> None:
    with a:
        with b:
            pass


def backward(a: Any, b: Any) -> None:
    with b:
        with a:
            pass


@pytest.mark.parametrize("kinds", [(Lock, Lock), (Lock, RLock), (RLock, RLock)])
def test_an_inversion_is_reported_once_with_both_stacks(kinds, reports) -> None:
    a, b = kinds[0](), kinds[1]()
    for _ in range(3):
        forward(a, b)
    assert reports == []
    for _ in range(3):
        in_thread(lambda: backward(a, b), "inverter")
        forward(a, b)
    assert len(reports) == 1
    first, second = reports[0].steps
    assert (first.thread, second.thread) == ("MainThread", "inverter")
    assert first.held == second.taken and first.taken == second.held
    for step, function in ((first, "forward"), (second, "backward")):
        for stack in (step.held_stack, step.taken_stack):
            assert stack[-1].name == function and stack[-1].filename == __file__
    assert first.held_stack[-1].lineno == forward.__code__.co_firstlineno + 1
    assert first.taken_stack[-1].lineno == forward.__code__.co_firstlineno + 2
    text = str(reports[0])
    assert "with b:" in text and "'inverter'" in text and "one order" in text


def test_a_cycle_of_three(reports) -> None:
    a, b, c = Lock(), Lock(), Lock()
    take(a, b)
    take(b, c)
    take(a, c)
    assert reports == []
    take(c, a)
    # c -> a closes a -> c -> a, and a -> b -> c -> a is mended by the same change
    assert [len(report.steps) for report in reports] == [2]
    d, e, f = Lock(), Lock(), Lock()
    take(d, e)
    take(e, f)
    take(f, d)
    assert len(reports) == 2 and len(reports[1].steps) == 3
    held = [step.held for step in reports[1].steps]
    assert [step.taken for step in reports[1].steps] == held[1:] + held[:1]


def test_a_second_cycle_is_reported_too(reports) -> None:
    a, b, c = Lock(), Lock(), Lock()
    take(a, b)
    take(b, a)
    take(a, c)
    take(c, a)
    assert len(reports) == 2


def test_random_orders_agree_with_a_search(seed: int, reports) -> None:
    """As long as the pairs taken form no cycle there is no report; with the first cycle there is."""
    number = random.Random(seed)
    for _ in range(30):
        locks = [Lock() for _ in range(6)]
        edges: set[tuple[int, int]] = set()

        def reaches(here: int, there: int, edges: set[tuple[int, int]] = edges) -> bool:
            return here == there or any(reaches(y, there) for x, y in edges if x == here)

        reports.clear()
        while not reports:
            x, y = number.sample(range(6), 2)
            expected = reaches(y, x)
            take(locks[x], locks[y])
            assert bool(reports) == expected, (sorted(edges), x, y)
            edges.add((x, y))


def test_it_is_reported_before_the_program_is_stuck(reports) -> None:
    a, b = Lock(), Lock()
    take(a, b)
    a.acquire()

    def other() -> None:
        with b:
            assert not a.acquire(timeout=0.01)

    in_thread(other)
    a.release()
    assert len(reports) == 1


def test_what_is_no_order(reports) -> None:
    a, b, r = Lock(), Lock(), RLock()
    take(a, b)
    with b:
        assert a.acquire(blocking=False)  # a try blocks nobody
        a.release()
    with r, a, r:  # taken again by its holder
        pass
    a.acquire()
    in_thread(a.release)  # given away: not held any more
    with b:
        pass
    with b:
        pass
    take(Lock(), Lock())
    assert reports == []


def test_waiting_for_a_condition_takes_its_lock_again(reports) -> None:
    a, lock = Lock(), RLock()
    condition = std.Condition(lock)
    with condition, a:
        condition.wait(0.001)  # a -> lock, after lock -> a
    assert len(reports) == 1 and reports[0].steps[-1].held.startswith("Lock")


def test_two_locks_of_one_place_are_two(reports) -> None:
    locks = [Lock() for _ in range(3)]
    take(locks[0], locks[1])
    take(locks[1], locks[2])
    take(locks[0], locks[2])
    assert reports == []


def test_the_default_is_a_warning_at_the_place() -> None:
    a, b = Lock(), Lock()
    take(a, b)
    with pytest.warns(LockOrderWarning, match="lock order inversion") as caught:
        backward(a, b)
    assert caught[0].filename == __file__
    assert caught[0].lineno == backward.__code__.co_firstlineno + 2


def test_a_warning_made_an_error_comes_out_before_the_lock_is_taken() -> None:
    a, b = Lock(), Lock()
    take(a, b)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(LockOrderWarning):
            backward(a, b)
    assert not a.locked() and not b.locked()
    backward(a, b)


# -- memory, destructors, threads -----------------------------------------------------------------


def test_locks_that_die_leave_the_graph(reports) -> None:
    a, b = Lock(), Lock()
    take(a, b)
    for _ in range(200):
        other = Lock()
        take(a, other)
        take(other, b)
    del other
    gc.collect()
    assert list(a._node.after) == [b._node] and list(b._node.before) == [a._node]
    assert not lock_order._graveyard and reports == []


def test_a_lock_that_dies_held_is_forgotten(reports) -> None:
    thread = lock_order.this_thread()
    for _ in range(10):
        lock = Lock()
        lock.acquire()
        del lock
    gc.collect()
    assert thread.held == []


def test_locks_and_what_they_guard_are_freed() -> None:
    lock = Lock()
    ref = weakref.ref(lock)
    take(lock, Lock())
    del lock
    gc.collect()
    assert ref() is None


def test_destructors_may_take_locks_anywhere(reports) -> None:
    shared = [Lock() for _ in range(4)]

    class Takes:
        def __init__(self) -> None:
            self.me = self  # only the collector ends it
            self.mine = Lock()

        def __del__(self) -> None:
            # not `shared`: this thread may hold it, and would be stuck with any lock
            take(self.mine, Lock())

    stop = std.Event()

    def work() -> None:
        while not stop.is_set():
            Takes()
            take(Lock(), *shared)
            [[] for _ in range(50)]

    before = gc.get_threshold()
    gc.set_threshold(20)
    try:
        threads = [std.Thread(target=work, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        stop.set()
        for thread in threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()
    finally:
        gc.set_threshold(*before)
    wait_for(lambda: not lock_order._pending)


def test_an_observation_while_the_mutex_is_taken_is_worked_off_later(reports) -> None:
    a, b = Lock(), Lock()
    take(a, b)
    assert lock_order._mutex.acquire(False)
    try:
        take(b, a)  # does not wait
        assert reports == [] and len(lock_order._pending) == 1
    finally:
        lock_order._mutex.release()
    take(Lock(), Lock())
    assert len(reports) == 1


def test_a_hook_may_use_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, mine = Lock(), Lock(), Lock()
    seen = []
    monkeypatch.setattr(lock_order, "report_hook", lambda r: (take(mine, Lock()), seen.append(r)))
    take(a, b)
    take(b, a)
    assert len(seen) == 1


# -- the standard behaviour, beyond CPython's tests -----------------------------------------------


@pytest.mark.parametrize(("ours", "theirs"), [(Lock, std.Lock), (RLock, std.RLock)])
def test_it_has_what_the_standard_one_has(ours, theirs) -> None:
    names = {name for name in dir(theirs()) if not name.startswith("__")} - {"_recursion_count"}
    assert names <= set(dir(ours()))
    for name in ("_release_save", "_is_owned", "_recursion_count", "locked"):
        assert hasattr(ours(), name) == hasattr(theirs(), name), name
    assert hash(ours()) and ours() != ours()
    for copies in (copy.copy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot pickle"):
            copies(ours())
    for lock in (ours(), theirs()):
        lock.acquire()
        lock._at_fork_reinit()
        assert lock.acquire(blocking=False)
        lock.release()
        with pytest.raises(RuntimeError):
            lock.release()
        with pytest.raises(ValueError, match="timeout"):
            lock.acquire(False, 1)
        with pytest.raises(ValueError, match="timeout"):
            lock.acquire(timeout=-2)
        with pytest.raises(TypeError):
            lock.acquire(timeout=None)


def test_the_standard_queue_works_with_them(monkeypatch: pytest.MonkeyPatch, reports) -> None:
    monkeypatch.setattr(queue.threading, "Lock", Lock)
    q: queue.Queue[int] = queue.Queue(3)
    assert isinstance(q.mutex, Lock)
    got = []
    consumer = std.Thread(target=lambda: got.extend(q.get(timeout=DEADLINE) for _ in range(500)))
    consumer.start()
    for n in range(500):
        q.put(n, timeout=DEADLINE)
    consumer.join(DEADLINE)
    assert got == list(range(500)) and reports == []


def test_a_forked_child_goes_on() -> None:
    done = child(
        "import os, warnings, threading as std\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"
        "from allcores.threading import lock_order\n"
        "a, b = lock_order.Lock(), lock_order.RLock()\n"
        "seen = []; lock_order.report_hook = seen.append\n"
        "with a:\n"
        "    with b: pass\n"
        "stop = std.Event()\n"
        "def churn():\n"
        "    while not stop.is_set():\n"
        "        with lock_order.Lock():\n"
        "            with lock_order.Lock(): pass\n"
        "t = std.Thread(target=churn); t.start()\n"
        "for _ in range(20):\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        with b:\n"
        "            with a: pass\n"
        "        os._exit(len(seen))\n"
        "    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1\n"
        "stop.set(); t.join(); print(len(seen))"
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_without_the_variable_it_is_not_imported() -> None:
    code = (
        "import sys, allcores.threading; print(*[m for m in sys.modules if 'threading.lock_' in m])"
    )
    assert child(code, ALLCORES_DEBUG="").stdout == "\n"


def test_it_is_cheap_enough_to_leave_on() -> None:
    """Not a measurement: a guard against work that grows with the number of locks or orders."""
    locks = [Lock() for _ in range(300)]
    for first, second in itertools.pairwise(locks):
        take(first, second)

    def seconds() -> float:
        begin = time.thread_time()
        for _ in range(2000):
            take(locks[0], locks[1])
        return time.thread_time() - begin

    assert min(seconds() for _ in range(3)) < 0.4  # 200 us each; some 10 are usual


def test_a_signal_handler_may_take_locks(reports) -> None:
    a = Lock()
    ran = []
    before = signal.signal(signal.SIGUSR1, lambda *_: (take(Lock(), Lock()), ran.append(1)))
    try:
        os.kill(os.getpid(), signal.SIGUSR1)
        while not ran:
            take(a, Lock())
    finally:
        signal.signal(signal.SIGUSR1, before)
    out = io.StringIO()
    lock_order.dump(out)
    assert out.getvalue() == "0 threads wait for locks\n"
