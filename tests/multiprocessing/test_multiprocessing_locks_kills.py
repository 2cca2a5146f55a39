"""What is left of locks when processes are killed: the others go on.

The kills are real (SIGKILL) and fall at random moments under load; the seed is printed.
"""

import os
import random
import signal
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from mp_helpers import PATIENCE, await_true, run_script

from allcores import multiprocessing as mp
from allcores.errors import OwnerDiedWarning
from allcores.multiprocessing.locks import BrokenBarrierError

ctx = mp.get_context("fork")


@pytest.fixture
def longer(request: pytest.FixtureRequest) -> int:
    """How much longer the loops go on with ``--heavy``."""
    return 3 if request.config.getoption("--heavy") else 1


@pytest.fixture(autouse=True)
def deaths_are_expected() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OwnerDiedWarning)
        yield


def start(target: Any, *args: Any) -> Any:
    process = ctx.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def kill(*processes: Any) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
        assert process.exitcode == -signal.SIGKILL, "it has ended by itself"


def hold(lock: Any, ready: Any) -> None:
    lock.acquire()
    ready.set()
    time.sleep(PATIENCE)


def hold_and_end(lock: Any, ready: Any) -> None:
    lock.acquire()
    ready.set()


# -- the holder of a lock -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Lock", "RLock", "Condition"])
@pytest.mark.parametrize("how", ["killed", "ended"])
def test_the_next_gets_the_lock_of_the_dead(name: str, how: str) -> None:
    lock, ready = getattr(ctx, name)(), ctx.Event()
    inner = lock._lock if name == "Condition" else lock
    holder = start(hold if how == "killed" else hold_and_end, lock, ready)
    assert ready.wait(PATIENCE)
    if how == "killed":
        assert not lock.acquire(False)
        assert inner.owner_pid == holder.pid
        kill(holder)
    holder.join()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert lock.acquire(False)
    assert [w.category for w in seen] == [OwnerDiedWarning]
    assert inner.owner_died and inner.stats() == {"deaths": 1}
    lock.release()
    with lock:
        assert not inner.owner_died


def test_who_sleeps_already_notices_within_a_second() -> None:
    late: list[float] = []
    while min(late, default=1.0) >= 1.0 and len(late) < 6:  # a busy machine may make one late
        lock, ready = ctx.Lock(), ctx.Event()
        holder = start(hold, lock, ready)
        assert ready.wait(PATIENCE)
        killed: list[float] = []

        def kill_later(holder: Any = holder, killed: list[float] = killed) -> None:
            time.sleep(0.7)  # long enough that it sleeps, and has found the holder alive
            killed.append(time.monotonic())
            holder.kill()

        thread = threading.Thread(target=kill_later)
        thread.start()
        with lock:
            late.append(time.monotonic() - killed[0])
        thread.join()
        holder.join()
    assert min(late) < 1.0, late  # 0.6 by design


def test_as_an_error_the_acquire_raises_and_holds_nothing() -> None:
    for name in ("Lock", "RLock"):
        lock, ready = getattr(ctx, name)(), ctx.Event()
        holder = start(hold, lock, ready)
        assert ready.wait(PATIENCE)
        kill(holder)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(OwnerDiedWarning, match="half changed"), lock:
                pytest.fail("it entered")
            assert not lock.locked()
            assert lock.acquire()
        lock.release()


def test_a_stopped_holder_is_not_dead() -> None:
    lock, ready = ctx.Lock(), ctx.Event()
    holder = start(hold, lock, ready)
    assert ready.wait(PATIENCE)
    os.kill(holder.pid, signal.SIGSTOP)
    assert not lock.acquire(timeout=1)  # longer than it takes to notice a death
    assert not lock.acquire(False)
    os.kill(holder.pid, signal.SIGCONT)
    assert not lock.acquire(False)
    kill(holder)
    assert lock.acquire(timeout=PATIENCE)


def work(kind: str, shared: Any, board: Any) -> None:
    while True:
        time.sleep(0)  # a lock is not fair: without this, others may wait long on a busy machine
        with shared:
            board[0] += 1
            for _ in range(50):
                pass
            board[1] += 1
            if kind == "Condition":
                shared.notify()
                shared.wait(0.001)


@pytest.mark.parametrize("kind", ["Lock", "RLock", "Condition", "owned"])
def test_kills_in_a_loop(seed: int, kind: str, longer: int) -> None:
    chance = random.Random(seed)
    shared = ctx.Semaphore(1, owned=True) if kind == "owned" else getattr(ctx, kind)()
    board = ctx.RawArray("q", 2)
    workers = [start(work, kind, shared, board) for _ in range(3)]
    halves = 0
    for _ in range(15 * longer):
        time.sleep(chance.random() * 0.004)
        victim = workers.pop(chance.randrange(3))
        if chance.random() < 0.2:
            os.kill(victim.pid, signal.SIGSTOP)
        kill(victim)
        with shared:
            halves += board[0] != board[1]  # killed between the two lines: that is what is reported
            board[0] = board[1]
        workers.append(start(work, kind, shared, board))
    kill(*workers)  # everyone at once
    assert shared.acquire(timeout=PATIENCE)
    shared.release()
    assert board[1] > 15
    if kind == "owned":
        assert shared.get_value() == 1
    print(f"found half changed: {halves}")


# -- waiters ------------------------------------------------------------------------------------------


def wait_for(kind: str, shared: Any, entered: Any) -> None:
    while True:
        if kind == "Condition":
            with shared:
                entered.fetch_add()
                shared.wait()
        elif kind == "Event":
            entered.fetch_add()
            shared.wait()
        elif kind == "Barrier":
            entered.fetch_add()
            try:
                shared.wait()
            except BrokenBarrierError:
                return
        else:
            entered.fetch_add()
            shared.acquire()


@pytest.mark.parametrize("kind", ["Lock", "Semaphore", "owned", "Condition", "Event"])
def test_a_killed_waiter_takes_nothing_along(seed: int, kind: str, longer: int) -> None:
    chance = random.Random(seed)
    for _ in range(4 * longer):
        shared = {
            "Lock": ctx.Lock,
            "Semaphore": lambda: ctx.Semaphore(0),
            "owned": lambda: ctx.Semaphore(1, owned=True),
            "Condition": ctx.Condition,
            "Event": ctx.Event,
        }[kind]()
        if kind in ("Lock", "owned"):
            shared.acquire()
        entered = ctx.AtomicInt()
        victims = [start(wait_for, kind, shared, entered) for _ in range(2)]
        await_true(lambda entered=entered: entered.load() == 2, "both wait")
        time.sleep(chance.random() * 0.01)
        survived: list[bool] = []

        def survive(shared: Any = shared, survived: list[bool] = survived) -> None:
            if kind == "Condition":
                with shared:
                    survived.append(shared.wait(PATIENCE))
            elif kind == "Event":
                survived.append(shared.wait(PATIENCE))
            else:
                survived.append(shared.acquire(timeout=PATIENCE))

        thread = threading.Thread(target=survive)
        thread.start()
        kill(*victims)
        if kind == "Condition":
            # one notification, and the two who waited longest are dead
            await_true(lambda shared=shared: repr(shared).endswith(", 1)>"), "the survivor waits")
            with shared:
                shared.notify()
        elif kind == "Event":
            shared.set()
        else:
            shared.release()
        thread.join(PATIENCE)
        assert survived == [True]


def test_a_barrier_forgets_the_dead(seed: int, longer: int) -> None:
    chance = random.Random(seed)
    for _ in range(3 * longer):
        barrier, entered = ctx.Barrier(3), ctx.AtomicInt()
        victim = start(wait_for, "Barrier", barrier, entered)
        await_true(lambda barrier=barrier: barrier.n_waiting == 1, "it waits")
        time.sleep(chance.random() * 0.01)
        kill(victim)
        assert barrier.n_waiting == 0
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda b=barrier, a=answers: a.append(b.wait(PATIENCE)))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        await_true(lambda barrier=barrier: barrier.n_waiting == 2, "two wait; the dead one does not")
        answers.append(barrier.wait(PATIENCE))
        for thread in threads:
            thread.join(PATIENCE)
        assert sorted(answers) == [0, 1, 2]


def sleep_in_action(barrier: Any) -> None:
    barrier._action = lambda: time.sleep(PATIENCE)
    barrier.wait()


def test_the_one_who_dies_in_the_action_breaks_the_barrier() -> None:
    barrier = ctx.Barrier(2, lambda: None)
    answers: list[str] = []

    def wait() -> None:
        try:
            barrier.wait(PATIENCE)
        except BrokenBarrierError:
            answers.append("broken")

    thread = threading.Thread(target=wait)
    thread.start()
    await_true(lambda: barrier.n_waiting == 1, "it waits")
    actor = start(sleep_in_action, barrier)
    await_true(lambda: not barrier._idle.is_set(), "the action is run")
    kill(actor)
    thread.join(PATIENCE)
    assert answers == ["broken"] and barrier.broken
    barrier.reset()
    assert not barrier.broken


def go_round(barrier: Any, count: Any) -> None:
    while True:
        try:
            barrier.wait(0.5)
            count += 1
        except BrokenBarrierError:
            if barrier.broken:
                barrier.reset()


def test_barriers_go_on_when_parties_are_killed(seed: int, longer: int) -> None:
    chance = random.Random(seed)
    barrier, count = ctx.Barrier(3), ctx.AtomicInt()
    workers = [start(go_round, barrier, count) for _ in range(3)]
    for _ in range(8 * longer):
        time.sleep(chance.random() * 0.01)
        kill(workers.pop(chance.randrange(3)))
        workers.append(start(go_round, barrier, count))
        before = count.load()
        await_true(lambda before=before: count.load() > before, "they meet again")
    kill(*workers)


def test_permits_come_back_to_who_waits_for_them() -> None:
    semaphore, ready = ctx.Semaphore(2, owned=True), ctx.Event()
    holder = start(hold, semaphore, ready)
    assert ready.wait(PATIENCE) and semaphore.acquire(False)
    threading.Timer(0.3, holder.kill).start()
    begin = time.monotonic()
    assert semaphore.acquire(timeout=PATIENCE)
    assert 0.2 < time.monotonic() - begin < PATIENCE / 2  # and not when its own time is over
    holder.join()
    assert semaphore.get_value() == 0


def test_stopped_and_continued_everybody_goes_on(seed: int, longer: int) -> None:
    chance = random.Random(seed)
    lock, board = ctx.Lock(), ctx.RawArray("q", 2)
    workers = [start(work, "Lock", lock, board) for _ in range(3)]
    for _ in range(8 * longer):
        victim = chance.choice(workers)
        os.kill(victim.pid, signal.SIGSTOP)
        time.sleep(chance.random() * 0.02)
        os.kill(victim.pid, signal.SIGCONT)
        before = board[1]
        await_true(lambda before=before: board[1] > before, "they go on")
    with lock:
        assert board[0] == board[1]
    kill(*workers)


def test_nothing_is_left_when_the_whole_tree_is_killed(tmp_path: Path) -> None:
    code = """
        import os, subprocess, sys, time
        from allcores import multiprocessing as mp
        import mp_helpers
        def work(lock, event, pids):
            with open("/proc/self/maps") as maps:
                assert "/dev/shm" not in maps.read(), "something has a name there"
            pids.put(os.getpid())
            while True:
                with lock:
                    event.wait(0.001)
        if __name__ == "__main__":
            if len(sys.argv) > 1:
                ctx = mp.get_context(sys.argv[1])
                objects = ctx.Lock(), ctx.Event(), ctx.Queue()
                children = [ctx.Process(target=work, args=objects) for _ in range(3)]
                for child in children:
                    child.start()
                for _ in children:
                    print(objects[2].get(timeout=20), flush=True)
                time.sleep(100)
            for method in mp_helpers.METHODS:
                run = subprocess.Popen([sys.executable, __file__, method], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
                pids = [int(run.stdout.readline()) for _ in range(3)]
                run.kill()
                mp_helpers.await_true(lambda: all(map(mp_helpers.gone, pids)), "they end", 2)
                print(repr(run.stderr.read()), run.wait())
    """
    assert run_script(tmp_path, code) == "b'' -9\n" * 3
