"""Kills of those who do something else than move objects: waiters, creators, reapers, parents, all.

As in test_multiprocessing_kills, they are real and fall at random moments; ``--heavy`` goes on longer.
"""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from mp_helpers import (
    METHODS,
    PATIENCE,
    await_true,
    gone,
    names_in_shm,
    no_new_name_stays,
    run_script,
)

from allcores import multiprocessing as mp
from allcores.errors import Empty
from allcores.multiprocessing.queues import Queue

ctx = mp.get_context("fork")


@pytest.fixture
def longer(request: pytest.FixtureRequest) -> int:
    """How much longer the loops go on with ``--heavy``."""
    return 4 if request.config.getoption("--heavy") else 1


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


def still_works(queue: Any) -> None:
    try:
        while True:
            queue.get_nowait()
    except Empty:
        pass
    queue.put("alive", timeout=PATIENCE)
    assert queue.get(timeout=PATIENCE) == "alive"


# -- waiters --------------------------------------------------------------------------------------


def wait_in_get(queue: Any) -> None:
    while True:
        queue.get()


def wait_in_put(queue: Any) -> None:
    while True:
        queue.put(1)


def wait_in_join(queue: Any) -> None:
    while True:
        queue.join()


def wait_in_reader(queue: Any) -> None:
    while True:
        if mp.connection.wait([queue._reader]):
            try:
                queue.get_nowait()
            except Empty:
                pass


def test_killed_waiters_take_no_wake_along(seed: int, longer: int) -> None:
    # Some of each kind wait; one is killed when something happens, which the others must notice.
    rng = random.Random(seed)
    for _ in range(10 * longer):
        q, full = mp.JoinableQueue(), mp.Queue(1)
        getters = [start(rng.choice([wait_in_get, wait_in_reader]), q) for _ in range(3)]
        putters = [start(wait_in_put, full) for _ in range(2)]
        joiners = [start(wait_in_join, q)]
        for _ in range(rng.randrange(50)):
            q.put(1)
        kill(getters.pop(), putters.pop())
        q.put(2)
        await_true(q.empty, "the getter that is left takes what is there")
        for _ in range(20):
            assert full.get(timeout=PATIENCE) == 1  # from the putter that is left
        kill(*getters, *putters, *joiners)
        still_works(q)
        still_works(full)


# -- the creator ----------------------------------------------------------------------------------


def create_and_be_killed(board: Any, seed: int) -> None:
    queue = mp.Queue(4)
    for name in range(2):
        args = (queue, board, name, os.getpid())
        heir = ctx.Process(target=go_round, args=args, outlive_parent=True)
        heir.start()
    time.sleep(random.Random(seed).random() * 0.02)
    os.kill(os.getpid(), signal.SIGKILL)


def go_round(queue: Any, board: Any, name: int, creator: int) -> None:
    left = 20  # rounds after the creator's death
    end = time.monotonic() + PATIENCE
    while left:
        assert time.monotonic() < end
        queue.put(name, timeout=PATIENCE)
        queue.get(timeout=PATIENCE)
        left -= os.getppid() != creator
    board.put(name)


def test_queues_outlive_their_creators(seed: int, longer: int) -> None:
    rng = random.Random(seed)
    board = mp.Queue()
    for _ in range(6 * longer):
        creator = start_adult(create_and_be_killed, board, rng.getrandbits(32))
        creator.join(PATIENCE)
        assert creator.exitcode == -signal.SIGKILL
        assert {board.get(timeout=PATIENCE), board.get(timeout=PATIENCE)} == {0, 1}


def start_adult(target: Any, *args: Any) -> Any:
    process = ctx.Process(target=target, args=args)  # a daemon may have no children
    process.start()
    return process


# -- the reaper -----------------------------------------------------------------------------------


def take_for_ever(queue: Any) -> None:
    while True:
        queue.get()


def reap_for_ever(queue: Any) -> None:
    while True:
        queue.stats()  # looks for the dead, and mends what they left


def fill(queue: Any) -> None:
    while True:
        try:
            queue.put(bytes(20_000))
        except MemoryError:
            time.sleep(0.0005)


def test_reapers_are_killed_while_they_reap(seed: int, longer: int) -> None:
    rng = random.Random(seed)
    q = Queue(0, _limit=1 << 20)
    killed_takers = 0
    parties = [[target, start(target, q)] for target in (fill, reap_for_ever, take_for_ever) * 2]
    for _ in range(40 if longer > 1 else 20):
        time.sleep(rng.random() * 0.004)
        # A taker dies, and a reaper while it looks at what that one left.
        for kind in (take_for_ever, reap_for_ever):
            party = rng.choice([party for party in parties if party[0] is kind])
            kill(party[1])
            killed_takers += kind is take_for_ever
            party[1] = start(kind, q)
    kill(*(process for _, process in parties))
    assert q.stats()["lost"] <= killed_takers + 2
    still_works(q)
    q.put(bytes(900_000))  # nobody's intent holds memory back
    assert len(q.get()) == 900_000


# -- a parent, and everyone -----------------------------------------------------------------------

BUSY_FAMILY = """
    import os, sys, time
    from allcores import multiprocessing as mp
    import mp_helpers

    def work(queue, simple, lock, pipe, pids):
        pids.put(os.getpid())
        while True:
            with lock:
                queue.put(bytes(1000))
            queue.get()
            simple.put(1)
            simple.get()
            if pipe is not None:
                pipe.send_bytes(bytes(300_000))
                pipe.recv_bytes()

    if __name__ == "__main__":
        ctx = mp.get_context(sys.argv[1])
        queue, simple, lock, pids = ctx.Queue(10), ctx.SimpleQueue(), ctx.Lock(), ctx.Queue()
        ends = [*ctx.Pipe(), None, None]
        for index in range(int(sys.argv[2])):
            ctx.Process(target=work, args=(queue, simple, lock, ends[index], pids)).start()
        print(*[pids.get(timeout=20) for _ in range(int(sys.argv[2]))], flush=True)
        time.sleep(60)
"""


def start_busy_family(
    folder: Path, method: str, size: int
) -> "tuple[subprocess.Popen[str], list[int]]":
    path = folder / "family.py"
    path.write_text(textwrap.dedent(BUSY_FAMILY))
    parent = subprocess.Popen(
        [sys.executable, "-W", "error", str(path), method, str(size)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    )
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == size, parent.stderr.read() if parent.poll() is not None else "it did not start"
    return parent, pids


def ends_silently(parent: "subprocess.Popen[str]", pids: list[int]) -> float:
    """Wait until all have ended; return how many seconds that took."""
    took = await_true(lambda: all(gone(pid) for pid in pids), "every worker has ended")
    # Closed when the last has ended, the resource tracker too: what it warns of would be here.
    out, errors = parent.communicate(timeout=PATIENCE)
    assert (out, errors) == ("", "")
    return took


@pytest.mark.parametrize("method", METHODS)
def test_a_parent_of_busy_workers_is_killed(
    tmp_path: Path, seed: int, longer: int, method: str
) -> None:
    rng = random.Random(seed)
    named = names_in_shm()
    took = []
    # A busy machine may make one late.
    while len(took) < max(longer, 2) or (min(took) >= 2 and len(took) < longer + 6):
        parent, pids = start_busy_family(tmp_path, method, 2)
        time.sleep(rng.random() * 0.05)
        parent.kill()
        took.append(ends_silently(parent, pids))
        no_new_name_stays(named)
    assert min(took) < 2, took


def test_everyone_is_killed_at_once(tmp_path: Path, seed: int, longer: int) -> None:
    rng = random.Random(seed)
    named = names_in_shm()
    for _ in range(3 * longer):
        parent, pids = start_busy_family(tmp_path, rng.choice(METHODS[:2]), 4)
        time.sleep(rng.random() * 0.05)
        os.killpg(parent.pid, signal.SIGKILL)
        ends_silently(parent, pids)
        no_new_name_stays(named)


@pytest.mark.parametrize("method", METHODS)
def test_a_stopped_family_ends_with_its_parent(tmp_path: Path, method: str) -> None:
    took = []
    while min(took, default=2.0) >= 2 and len(took) < 6:  # a busy machine may make one late
        parent, pids = start_busy_family(tmp_path, method, 2)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        parent.kill()
        took.append(ends_silently(parent, pids))
    assert min(took) < 2, took


# -- stopped, forked, crowded ---------------------------------------------------------------------


def count_rounds(queue: Any, rounds: Any) -> None:
    while True:
        queue.put(bytes(2000))  # in a lane of its own: whoever is stopped, this waits for nobody
        try:
            assert len(queue.get(timeout=0.02)) == 2000
        except Empty:
            pass
        rounds.fetch_add(1)


def put_many_segments(queue: Any, rounds: Any) -> None:
    while True:
        queue.put(bytes(200_000))  # takes and gives segments of the pool each time
        try:
            queue.get(timeout=0.02)
        except Empty:
            pass
        rounds.fetch_add(1)


@pytest.mark.parametrize("target", [count_rounds, put_many_segments])
def test_others_go_on_while_some_are_stopped(seed: int, longer: int, target: Any) -> None:
    rng = random.Random(seed)
    q, rounds = mp.Queue(), [mp.AtomicInt() for _ in range(3)]
    parties = [start(target, q, one) for one in rounds]
    for _ in range(10 * longer):
        stopped = rng.randrange(3)
        os.kill(parties[stopped].pid, signal.SIGSTOP)
        others = [one for index, one in enumerate(rounds) if index != stopped]
        before = [one.load() for one in others]
        for one, count in zip(others, before, strict=True):
            await_true(lambda one=one, count=count: one.load() > count + 5, "the others go on")
        os.kill(parties[stopped].pid, signal.SIGCONT)
        count = rounds[stopped].load()
        await_true(lambda i=stopped, count=count: rounds[i].load() > count, "it goes on, too")
    kill(*parties)
    for item in iter(lambda: q.get_nowait() if not q.empty() else None, None):
        assert item in (bytes(2000), bytes(200_000))


FORKS_WHILE_BUSY = """
    import os, threading, warnings
    from allcores import multiprocessing as mp

    # what the interpreter warns of is what the test is about
    warnings.simplefilter("ignore", DeprecationWarning)
    q, simple, done = mp.JoinableQueue(10), mp.SimpleQueue(), threading.Event()

    def busy():
        while not done.is_set():
            q.put_many([b"x" * 3000] * 3)
            for _ in range(3):
                q.get()
                q.task_done()

    def listen():
        while not done.is_set():
            simple.put(1)
            mp.connection.wait([simple._reader], 1)
            simple.get()

    threads = [threading.Thread(target=target) for target in (busy, busy, listen)]
    for thread in threads:
        thread.start()
    for turn in range(ROUNDS):
        pid = os.fork()
        if pid == 0:
            for _ in range(20):
                q.put(1, timeout=20)
                q.get(timeout=20)
                q.task_done()
                simple.put(2)
                assert mp.connection.wait([simple._reader], 20)
                simple.get()
            os.kill(os.getpid(), 9) if turn % 2 else os._exit(0)
        assert os.waitpid(pid, 0)[1] in (0, 9)
    done.set()
    for thread in threads:
        thread.join()
    q.join()
    assert q.qsize() == simple.qsize() == 0
"""


@pytest.mark.heavy
def test_forks_while_threads_put_get_and_listen(tmp_path: Path, longer: int) -> None:
    code = FORKS_WHILE_BUSY.replace("ROUNDS", str(20 * longer))
    run_script(tmp_path, code, warnings="default", timeout=PATIENCE * longer)


def come_and_go(queue: Any, name: int) -> None:
    queue.put(name)
    queue.get()
    queue.put(name)


def test_two_hundred_at_once_come_and_go(seed: int) -> None:
    # All are there at the same time, more than there are lanes; a third is killed at random moments.
    rng = random.Random(seed)
    q = mp.Queue()
    for name in range(20):
        q.put(name)
    crowd = [start(come_and_go, q, name) for name in range(200)]
    victims = rng.sample(crowd, 60)
    for process in victims:
        process.kill()
        time.sleep(rng.random() * 0.001)
    for process in crowd:
        process.join(PATIENCE)
        assert process.exitcode is not None
        assert process.exitcode in (0, -signal.SIGKILL)
        assert process.exitcode == 0 or process in victims
    # Each that was not killed has put one more than it took; each that was holds one at most.
    left = q.qsize()
    assert 20 + 140 - 60 <= left <= 20 + 200
    assert q.stats()["lost"] <= 60
    still_works(q)


# -- limits of memory -----------------------------------------------------------------------------


def test_a_limit_of_address_space_is_an_error_before_anything_is_lost(tmp_path: Path) -> None:
    code = """
        import resource
        from allcores import multiprocessing as mp

        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (96 << 20),) * 2)
        q = mp.Queue()
        put, reserve = 0, bytes(16 << 20)  # the queue has left most of it to the program
        try:
            while True:
                q.put(put.to_bytes(4, "little") * (1 << 18))
                put += 1
        except MemoryError as error:
            # Without words it is the interpreter's own, before the queue was asked.
            assert not error.args or "not put" in str(error) or "nothing was put" in str(error), error
        del reserve
        assert put >= 4, put
        for number in range(put):
            assert q.get_nowait() == number.to_bytes(4, "little") * (1 << 18)
        q.put("more")
        assert q.get() == "more" and q.empty()
        try:
            for _ in range(100):
                queues = [mp.Queue() for _ in range(100)]
        except MemoryError as error:
            assert "ulimit -v" in str(error), error
        else:
            raise AssertionError("a hundred queues in little address space")
    """
    run_script(tmp_path, code)


def test_a_limit_of_file_sizes_is_an_error(tmp_path: Path) -> None:
    code = """
        import resource
        from allcores import multiprocessing as mp

        q = mp.Queue()
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20,) * 2)
        q.put(bytes(3 << 20))  # it was made before
        assert len(q.get()) == 3 << 20
        try:
            mp.Queue()
        except OSError as error:
            assert "shared memory" in str(error), error
        else:
            raise AssertionError("made a queue larger than a file may be")
    """
    run_script(tmp_path, code)


def test_a_limit_of_descriptors_is_an_error(tmp_path: Path) -> None:
    code = """
        import os, resource
        from allcores import multiprocessing as mp

        q = mp.Queue()
        there = len(os.listdir("/proc/self/fd"))
        for left in range(3):
            resource.setrlimit(resource.RLIMIT_NOFILE, (there - 1 + left, 4096))
            try:
                other = mp.Queue()
                del other
                assert left == 2
            except OSError as error:
                assert "ulimit -n" in str(error), error
            q.put(left)
            assert q.get() == left
            resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 4096))
            assert len(os.listdir("/proc/self/fd")) == there
    """
    run_script(tmp_path, code)
