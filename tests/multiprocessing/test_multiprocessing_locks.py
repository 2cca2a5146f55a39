"""Locks, semaphores, conditions, events, barriers between processes: what they promise while all live.

Where the standard library promises the same, the test runs on it too.
"""

import gc
import inspect
import multiprocessing as std
import os
import pickle
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from mp_helpers import PATIENCE, await_true, names_in_shm, no_new_name_stays, run_script

from allcores import multiprocessing as ours
from allcores.multiprocessing.locks import BrokenBarrierError

NAMES = ["Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Event", "Barrier", "AtomicInt"]
both = pytest.mark.parametrize("module", [ours, std], ids=["ours", "std"])


def make(module: Any, name: str) -> Any:
    return getattr(module, name)(*([2] if name == "Barrier" else []))


def use_all(lock, rlock, semaphore, bounded, condition, event, barrier, number, value, array) -> None:
    with lock, rlock, semaphore, bounded:
        number += 5
    with value.get_lock():
        value.value += 1
    with array.get_lock():
        array[0] = 3
    with condition:
        condition.notify_all()
    event.set()
    barrier.wait(PATIENCE)


def test_every_object_reaches_a_child(ctx) -> None:
    objects = [make(ctx, name) for name in NAMES]
    value, array = ctx.Value("i", 1), ctx.Array("i", 2)
    condition, event, barrier, number = objects[4:]
    with condition:
        process = ctx.Process(target=use_all, args=(*objects, value, array))
        process.start()
        assert condition.wait(PATIENCE)
    assert event.wait(PATIENCE)
    assert barrier.wait(PATIENCE) in (0, 1)
    process.join(PATIENCE)
    assert process.exception is None and process.exitcode == 0
    assert (number.load(), value.value, list(array)) == (5, 2, [3, 0])


@pytest.mark.parametrize("name", NAMES)
def test_pickling_is_refused_outside_of_spawning(name: str) -> None:
    with pytest.raises(RuntimeError, match="only be shared between processes through inheritance"):
        pickle.dumps(make(ours, name))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_initialised_says_so(name: str) -> None:
    cls = type(make(ours, name))
    raw = cls.__new__(cls)
    if name in ("Condition", "Barrier"):
        with pytest.raises(AttributeError):
            raw.wait()
        return
    repr(raw)
    for call in (member for member in dir(raw) if not member.startswith("_")):
        if inspect.isroutine(getattr(cls, call)):
            arguments = {"store": [1], "exchange": [1], "compare_exchange": [1, 2]}.get(call, [])
            if call.startswith("fetch_"):
                arguments = [1]
            with pytest.raises(RuntimeError, match="__init__ was not called"):
                getattr(raw, call)(*arguments)
    if hasattr(cls, "__enter__"):
        with pytest.raises(RuntimeError, match="__init__ was not called"), raw:
            pass
    cls.__init__(raw)
    with pytest.raises(RuntimeError, match="second time"):
        cls.__init__(raw)


@pytest.mark.parametrize("name", NAMES)
def test_classes_can_be_derived_from(name: str) -> None:
    base = type(make(ours, name))

    class Derived(base):
        def __init__(self, label: str, *args: Any) -> None:
            super().__init__(*args)
            self.label = label

    one = Derived("x", *([2] if name == "Barrier" else []))
    assert one.label == "x"
    for member in dir(base):
        if not member.startswith("_") and inspect.isroutine(getattr(base, member)):
            inspect.signature(getattr(base, member))


# -- locks --------------------------------------------------------------------------------------------


@both
def test_a_lock_is_held_by_one(module: Any) -> None:
    lock = module.Lock()
    assert repr(lock) == "<Lock(owner=None)>"
    assert lock.acquire() is True
    assert repr(lock) == "<Lock(owner=MainProcess)>"
    assert lock.acquire(False) is False
    assert lock.acquire(block=False) is False
    begin = time.monotonic()
    assert lock.acquire(timeout=0.05) is False
    assert time.monotonic() - begin >= 0.05
    assert lock.acquire(True, -1) is False
    lock.release()
    with pytest.raises(ValueError, match="released too many times"):
        lock.release()
    with lock:
        assert not lock.acquire(False)


@both
def test_any_thread_may_release_a_lock(module: Any) -> None:
    lock = module.Lock()
    taker = threading.Thread(target=lock.acquire)
    taker.start()
    taker.join()  # the end of a thread is no death
    assert lock.acquire(False) is False
    assert repr(lock) == "<Lock(owner=SomeOtherThread)>"
    lock.release()
    assert lock.acquire(False)


@both
def test_a_reentrant_lock_belongs_to_a_thread(module: Any) -> None:
    lock = module.RLock()
    assert repr(lock) == "<RLock(None, 0)>"
    with lock, lock:
        assert repr(lock) == "<RLock(MainProcess, 2)>"
        answers: list[Any] = []

        def other() -> None:
            answers.append(lock.acquire(False))
            try:
                lock.release()
            except AssertionError as error:
                answers.append(str(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert answers == [False, "attempt to release recursive lock not owned by thread"]
    with pytest.raises(AssertionError):
        lock.release()


def take_and_say(lock: Any, answers: Any) -> None:
    answers.put((lock.acquire(False), repr(lock)))
    try:
        lock.release()
        answers.put("released")
    except AssertionError:
        answers.put("refused")


@pytest.mark.parametrize("name", ["Lock", "RLock"])
def test_a_forked_child_does_not_have_what_its_parent_has(fork, name: str) -> None:
    lock, answers = make(fork, name), fork.Queue()
    lock.acquire()
    process = fork.Process(target=take_and_say, args=(lock, answers))
    process.start()
    taken, text = answers.get(timeout=PATIENCE)
    assert taken is False and "SomeOtherProcess" in text
    # a Lock is anybody's to release
    assert answers.get(timeout=PATIENCE) == ("released" if name == "Lock" else "refused")
    process.join()
    assert lock.locked() is (name == "RLock")


def count_up(lock: Any, cell: Any, times: int) -> None:
    for _ in range(times):
        with lock:
            cell.value += 1


@pytest.mark.parametrize("name", ["Lock", "RLock", "Semaphore", "Condition"])
def test_one_at_a_time(fork, name: str) -> None:
    lock, cell = make(fork, name), fork.RawValue("q", 0)
    processes = [fork.Process(target=count_up, args=(lock, cell, 3000)) for _ in range(3)]
    for process in processes:
        process.start()
    threads = [threading.Thread(target=count_up, args=(lock, cell, 3000)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for party in (*processes, *threads):
        party.join(PATIENCE)
    assert cell.value == 15000


# -- semaphores ---------------------------------------------------------------------------------------


@both
def test_semaphores_count(module: Any) -> None:
    one, bounded = module.Semaphore(2), module.BoundedSemaphore(2)
    assert repr(one) == "<Semaphore(value=2)>"
    assert repr(bounded) == "<BoundedSemaphore(value=2, maxvalue=2)>"
    for s in (one, bounded):
        assert s.get_value() == 2
        assert [s.acquire(), s.acquire(False), s.acquire(False), s.acquire(timeout=0.01)] == [
            True,
            True,
            False,
            False,
        ]
        s.release()
        s.release()
    one.release()
    assert one.get_value() == 3
    with pytest.raises(ValueError, match="released too many times"):
        bounded.release()


def test_semaphores_refuse() -> None:
    for value in (-1, 1 << 31):
        with pytest.raises(ValueError, match="value must be from 0"):
            ours.Semaphore(value)
    with pytest.raises(TypeError, match="must be an int"):
        ours.Semaphore(1.5)
    s = ours.Semaphore((1 << 31) - 1)
    with pytest.raises(ValueError, match="too many times"):
        s.release()


def test_an_owned_semaphore_is_given_back_by_who_has_it() -> None:
    s = ours.Semaphore(2000, owned=True)
    assert s.owned and s.get_value() == s.maxvalue == 2000
    with pytest.raises(ValueError, match="this process has no permit"):
        s.release()
    for _ in range(2000):
        assert s.acquire(False)
    assert not s.acquire(False) and not s.acquire(timeout=0.01)
    waiter = threading.Thread(target=s.acquire)
    waiter.start()
    s.release()
    waiter.join(PATIENCE)
    assert not waiter.is_alive() and s.get_value() == 0


# -- conditions and events ----------------------------------------------------------------------------


@both
def test_a_condition_wants_its_lock(module: Any) -> None:
    condition = module.Condition()
    with pytest.raises(AssertionError, match="must acquire"):
        condition.wait()
    with pytest.raises(AssertionError, match="not owned"):
        condition.notify()
    with condition:
        assert condition.wait(0.01) is False
        assert condition.wait_for(lambda: 0, 0.01) == 0
        assert condition.wait_for(lambda: 7, 0.01) == 7
        condition.notify(3)  # nobody waits: it is not kept
        assert condition.wait(0.01) is False


@both
@pytest.mark.parametrize("name", ["Lock", "RLock"])
def test_notifications_are_counted(module: Any, name: str) -> None:
    condition = module.Condition(make(module, name))
    woken: list[int] = []

    def wait(number: int) -> None:
        with condition:
            condition.wait(PATIENCE)
            woken.append(number)

    threads = [threading.Thread(target=wait, args=(i,)) for i in range(5)]
    for thread in threads:
        thread.start()
    await_true(lambda: repr(condition).endswith(", 5)>"), "all wait")
    for n, total in ((1, 1), (2, 3), (9, 5)):
        with condition:
            condition.notify(n)
        await_true(lambda total=total: len(woken) == total, "so many were woken")
    for thread in threads:
        thread.join(PATIENCE)


def test_a_condition_gives_a_lock_back_from_any_depth() -> None:
    condition = ours.Condition()
    with condition, condition:
        other = threading.Thread(target=notify_one, args=(condition,))
        other.start()
        assert condition.wait(PATIENCE)
        assert condition._lock._count() == 2
        other.join()


def notify_one(condition: Any) -> None:
    with condition:
        condition.notify()


def test_a_condition_takes_a_standard_lock() -> None:
    condition = ours.Condition(std.RLock())
    with condition, condition:
        assert condition.wait(0.01) is False
        condition.notify()


def test_four_hundred_wait_at_once() -> None:
    # more than have room in the first page of the row
    condition, event = ours.Condition(), threading.Event()
    arrived: list[int] = []

    def wait() -> None:
        with condition:
            arrived.append(1)
            if condition.wait(PATIENCE):
                arrived.append(-1)

    threading.stack_size(256 * 1024)
    try:
        threads = [threading.Thread(target=wait) for _ in range(400)]
        for thread in threads:
            thread.start()
    finally:
        threading.stack_size(0)
    await_true(lambda: arrived.count(1) == 400, "all have come")
    with condition:
        condition.notify_all()
    for thread in threads:
        thread.join(PATIENCE)
    assert arrived.count(-1) == 400
    event.set()


@both
def test_an_event(module: Any) -> None:
    event = module.Event()
    assert not event.is_set() and event.wait(0.01) is False and event.wait(0) is False
    event.set()
    event.set()
    assert event.is_set() and event.wait() is True
    event.clear()
    assert not event.is_set()


def test_who_waited_when_it_was_set_goes_on() -> None:
    event = ours.Event()
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(event.wait(PATIENCE))) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)  # they may or may not sleep by now: both are right
    while len(answers) < 3:
        event.set()
        event.clear()
    for thread in threads:
        thread.join()
    assert answers == [True] * 3


# -- barriers -----------------------------------------------------------------------------------------


def meet(barrier: Any, answers: Any, rounds: int) -> None:
    for _ in range(rounds):
        answers.put(barrier.wait(PATIENCE))


def test_a_barrier_meets_again_and_again(fork) -> None:
    barrier, answers = fork.Barrier(3), fork.Queue()
    processes = [fork.Process(target=meet, args=(barrier, answers, 50)) for _ in range(3)]
    for process in processes:
        process.start()
    found = sorted(answers.get(timeout=PATIENCE) for _ in range(150))
    assert found == [0] * 50 + [1] * 50 + [2] * 50
    for process in processes:
        process.join()
    assert barrier.n_waiting == 0 and barrier.parties == 3 and not barrier.broken


@both
def test_the_action_of_a_barrier(module: Any) -> None:
    done: list[int] = []
    barrier = module.Barrier(2, lambda: done.append(1))
    thread = threading.Thread(target=lambda: [barrier.wait() for _ in range(20)])
    thread.start()
    for _ in range(20):
        barrier.wait()
    thread.join()
    assert len(done) == 20
    broken = module.Barrier(1, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        broken.wait()
    assert broken.broken
    broken.reset()
    assert not broken.broken


@both
def test_a_barrier_breaks(module: Any) -> None:
    barrier = module.Barrier(2, timeout=0.05)
    with pytest.raises(BrokenBarrierError):
        barrier.wait()
    assert barrier.broken
    with pytest.raises(BrokenBarrierError):
        barrier.wait(PATIENCE)
    for how in ("reset", "abort"):
        barrier.reset()
        answers: list[str] = []

        def wait(answers: list[str] = answers) -> None:
            try:
                barrier.wait(PATIENCE)
            except BrokenBarrierError:
                answers.append("broken")

        thread = threading.Thread(target=wait)
        thread.start()
        await_true(lambda: barrier.n_waiting == 1, "it waits")
        getattr(barrier, how)()
        thread.join(PATIENCE)
        assert answers == ["broken"] and barrier.broken is (how == "abort")


def test_a_barrier_is_of_somebody() -> None:
    with pytest.raises(ValueError, match="parties must be >= 1"):
        ours.Barrier(0)


# -- waiting ------------------------------------------------------------------------------------------

WAITS = {
    "Lock": "x = mp.Lock(); x.acquire(); wait = x.acquire",
    "RLock": "import threading; x = mp.RLock(); t = threading.Thread(target=x.acquire); t.start(); "
    "t.join(); wait = x.acquire",
    "Semaphore": "x = mp.Semaphore(0); wait = x.acquire",
    "owned": "x = mp.Semaphore(0, owned=True); wait = x.acquire",
    "Condition": "x = mp.Condition(); x.acquire(); wait = x.wait",
    "Event": "x = mp.Event(); wait = x.wait",
    "Barrier": "x = mp.Barrier(2); wait = x.wait",
}


def test_ctrl_c_ends_each_wait_within_100_ms(tmp_path: Path) -> None:
    code = f"""
        import os, signal, threading, time
        from allcores import multiprocessing as mp
        sent = []
        def send():
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)
        for name, begin in {WAITS!r}.items():
            found = {{"mp": mp}}
            exec(begin, found)
            late = []
            while len(late) < 10 and min(late, default=1) >= 0.1:
                threading.Timer(0.05, send).start()
                try:
                    found["wait"]()
                except KeyboardInterrupt:
                    late.append(time.monotonic() - sent[-1])
            print(name, min(late))  # the others may be late on a busy machine
    """
    late = dict(line.split() for line in run_script(tmp_path, code).splitlines())
    assert late.keys() == WAITS.keys()
    assert [name for name, seconds in late.items() if float(seconds) >= 0.1] == []


@pytest.mark.heavy
@pytest.mark.parametrize("name", WAITS)
def test_a_blocked_waiter_costs_next_to_nothing(tmp_path: Path, name: str) -> None:
    code = f"""
        import threading, time
        from allcores import multiprocessing as mp
        {WAITS[name]}
        def wait_for_ever():
            try:
                wait()
            except BaseException:
                pass
        import signal
        signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
        for _ in range(3):  # a busy machine makes each wake dearer, for a while
            begin = time.process_time()
            signal.setitimer(signal.ITIMER_REAL, 4)
            wait_for_ever()
            share = (time.process_time() - begin) / 4
            if share < 0.001:
                break
        print(share)
    """
    assert float(run_script(tmp_path, code)) < 0.001


def test_a_fork_in_the_middle_of_a_wait(tmp_path: Path) -> None:
    # The handler forks; parent and child both come back into the wait, and each is answered once.
    code = """
        import os, signal, threading, time
        from allcores import multiprocessing as mp
        condition, done, waiting = mp.Condition(), mp.Semaphore(0), mp.Event()
        parent = os.getpid()
        children = []
        def handler(signum, frame):
            pid = os.fork()
            if pid:
                children.append(pid)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        condition.acquire()
        def notify():
            while repr(condition)[-4:] != ", 2)>"[-4:]:
                time.sleep(0.01)
            with condition:
                condition.notify(2)
        threading.Thread(target=notify, daemon=True).start()
        assert condition.wait(20)
        condition.release()
        if os.getpid() != parent:
            done.release()
            os._exit(0)
        assert done.acquire(timeout=20)
        print(os.waitpid(children[0], 0)[1])
    """
    assert run_script(tmp_path, code, warnings="ignore") == "0\n"


def test_many_short_lived_objects_leave_nothing() -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    named = names_in_shm()
    ours.Lock()
    gc.collect()
    before = descriptors()
    for _ in range(5):
        kept = [ours.Lock() for _ in range(3000)]
        rows = [ours.Condition() for _ in range(100)]
        del kept, rows
    gc.collect()
    assert descriptors() <= before + 2
    kept = [ours.Lock() for _ in range(3000)]
    assert len({id(lock) for lock in kept}) == 3000
    kept[0].acquire()
    assert not any(lock.locked() for lock in kept[1:])
    assert descriptors() <= before + 6
    no_new_name_stays(named)


def test_a_place_that_a_child_may_know_is_not_used_again(fork) -> None:
    lock = fork.Lock()
    go, done = fork.Event(), fork.Event()
    process = fork.Process(target=hold_until, args=(lock, go, done))
    process.start()
    del lock  # the child has it still
    others = [fork.Lock() for _ in range(2000)]
    go.set()
    assert done.wait(PATIENCE)
    assert not any(other.locked() for other in others)
    process.join()


def hold_until(lock: Any, go: Any, done: Any) -> None:
    go.wait(PATIENCE)
    lock.acquire()
    done.set()


def test_a_signal_handler_may_release(fork) -> None:
    semaphore = fork.Semaphore(0)
    old = signal.signal(signal.SIGALRM, lambda *_: semaphore.release())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert semaphore.acquire(timeout=PATIENCE)
    finally:
        signal.signal(signal.SIGALRM, old)


def test_the_standard_executor_runs_on_each_context(ctx) -> None:
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(2, mp_context=ctx) as pool:
        assert list(pool.map(abs, range(-20, 0))) == list(range(20, 0, -1))
