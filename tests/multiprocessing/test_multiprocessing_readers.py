"""`_reader` of the queues in poll and event loops, and `SimpleQueue`, which lives by it."""

import asyncio
import concurrent.futures
import gc
import os
import random
import select
import signal
import sys
import time

import pytest
from mp_helpers import PATIENCE, await_true, put_all

from allcores import multiprocessing as mp
from allcores.errors import Empty

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the standard queues elsewhere")

wait = mp.connection.wait
KINDS = ["Queue", "JoinableQueue", "SimpleQueue"]


def is_readable(fd: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_readable_while_something_is_there(kind: str) -> None:
    q = getattr(mp, kind)()
    reader = q._reader
    assert reader == q._reader
    assert wait([reader], 0) == []
    q.put(1)
    q.put(2)
    assert wait([reader], 0) == [reader]
    fd = reader.fileno()
    assert q.get() == 1
    assert is_readable(fd)
    assert reader.recv() == 2
    assert not is_readable(fd)  # also without another look through fileno: for event loops
    assert not reader.poll()
    q.put(3)
    assert is_readable(fd)
    assert reader.poll()
    assert reader.poll(PATIENCE)
    assert reader.recv() == 3


def test_a_try_that_finds_nothing_makes_it_unreadable() -> None:
    q = mp.Queue()
    fd = q._reader.fileno()
    q.put(1)
    other = mp.get_context("fork").Process(target=q.get)
    other.start()
    other.join(PATIENCE)
    assert is_readable(fd)  # for nothing: what others take is not told
    with pytest.raises(Empty):
        q.get_nowait()
    assert not is_readable(fd)
    q.put(2)
    assert q.get_many(5) == [2]
    assert not is_readable(fd)


def test_shutdown_makes_it_readable() -> None:
    q = mp.Queue()
    fd = q._reader.fileno()
    q.put(1)
    q.shutdown()
    assert q._reader.recv() == 1
    assert is_readable(fd)
    assert q._reader.poll()
    with pytest.raises(EOFError):
        q._reader.recv()


def test_another_process_makes_it_readable(ctx) -> None:
    q, quiet = ctx.Queue(), ctx.SimpleQueue()
    child = ctx.Process(target=put_all, args=(q, [5]))
    child.start()
    assert q._reader in wait([q._reader, quiet._reader], PATIENCE)
    assert q.get() == 5
    child.join(PATIENCE)
    assert wait([q._reader, quiet._reader], 0) == []


def test_poll_waits_as_long_as_it_was_told() -> None:
    q = mp.Queue()
    start = time.monotonic()
    assert not q._reader.poll(0.1)
    assert 0.1 <= time.monotonic() - start < PATIENCE


def test_an_event_loop_reads_it(fork) -> None:
    q = mp.Queue()

    async def main():
        loop, got, done = asyncio.get_running_loop(), [], asyncio.Event()

        def read() -> None:
            got.append(q._reader.recv())
            if len(got) == 100:
                done.set()

        loop.add_reader(q._reader, read)
        child = fork.Process(target=put_all, args=(q, list(range(100))))
        child.start()
        await asyncio.wait_for(done.wait(), PATIENCE)
        loop.remove_reader(q._reader)
        child.join()
        return got

    assert asyncio.run(main()) == list(range(100))


def test_a_forked_child_has_a_descriptor_of_its_own(fork) -> None:
    q, answers = mp.Queue(), mp.Queue()
    fd = q._reader.fileno()
    q.put(1)
    child = fork.Process(target=read_in_child, args=(q, answers))
    child.start()
    assert answers.get(timeout=PATIENCE) == (True, False)
    assert is_readable(fd)  # the child's look took nothing from the parent's
    child.join(PATIENCE)


def read_in_child(q, answers) -> None:
    fd = q._reader.fileno()
    answers.put((is_readable(fd), q.get() == 1 and is_readable(fd)))


def test_one_who_listened_once_costs_one_ring() -> None:
    q = mp.Queue()
    fd = q._reader.fileno()
    before = rings(q)
    for _ in range(10):
        q.put(1)
    assert rings(q) == before + 1
    assert is_readable(fd)


def rings(q) -> int:
    with open(f"/proc/self/fdinfo/{q._bell()}") as file:
        return int(file.read().partition("eventfd-count:")[2].split()[0], 16)


def ping(inbox, outbox) -> None:
    while True:
        wait([inbox._reader])
        outbox.put(inbox.get())


@pytest.mark.parametrize("kind", ["Queue", "SimpleQueue"])
def test_waiters_and_putters_are_killed(fork, seed: int, kind: str) -> None:
    # A child waits in poll and answers; killed at random moments, and another takes its place.
    rng = random.Random(seed)
    inbox, outbox = getattr(mp, kind)(), getattr(mp, kind)()
    for _ in range(30):
        children = [fork.Process(target=ping, args=(inbox, outbox), daemon=True) for _ in range(2)]
        for child in children:
            child.start()
        for _ in range(rng.randrange(300)):
            inbox.put(1)
        children[0].kill()
        children[0].join()
        # The other still hears: all that is there is taken, up to what the dead one held.
        await_true(inbox.empty, "the survivor takes what is there")
        children[1].kill()
        children[1].join()
        while wait([outbox._reader], 0):
            outbox.get()


def test_stopped_and_continued_it_still_hears(fork) -> None:
    inbox, outbox = mp.Queue(), mp.Queue()
    child = fork.Process(target=ping, args=(inbox, outbox), daemon=True)
    child.start()
    for number in range(20):
        os.kill(child.pid, signal.SIGSTOP)
        inbox.put(number)
        os.kill(child.pid, signal.SIGCONT)
        assert wait([outbox._reader], PATIENCE)
        assert outbox.get() == number
    child.kill()
    child.join()


# -- SimpleQueue ----------------------------------------------------------------------------------


def test_a_simple_queue_is_closed_for_this_process_alone(fork) -> None:
    q = mp.SimpleQueue()
    q.put("here")
    child = fork.Process(target=put_all, args=(q, ["there"]))
    child.start()
    child.join(PATIENCE)
    mirror = fork.Process(target=close_twice, args=(q,))
    mirror.start()
    mirror.join(PATIENCE)
    assert mirror.exitcode == 0
    assert [q.get(), q.get(), q.empty()] == ["here", "there", True]


def close_twice(q) -> None:
    q.close()
    q.close()
    assert q._reader.closed
    assert q._writer.closed
    for call in (q.empty, q.get, lambda: q.put(1), q._reader.recv, q._reader.poll, q._reader.fileno):
        with pytest.raises(OSError, match="is closed"):
            call()


def test_each_end_is_closed_alone() -> None:
    q = mp.SimpleQueue()
    q._writer.send(1)
    q._writer.close()
    assert q._reader.recv() == 1
    with pytest.raises(OSError, match="closed"):
        q.put(2)
    r = mp.SimpleQueue()
    r._reader.close()
    r.put(1)
    with pytest.raises(OSError, match="closed"):
        r.get()
    s = mp.Queue()
    s.close()
    assert s._reader.closed
    with pytest.raises(OSError, match="closed"):
        s._reader.fileno()


def test_a_simple_queue_can_be_subscripted() -> None:
    from allcores.multiprocessing.queues import SimpleQueue

    assert SimpleQueue[int].__origin__ is SimpleQueue
    assert type(mp.get_context("spawn").SimpleQueue()) is SimpleQueue


def square(x: int) -> int:
    return x * x


def test_the_standard_executor_and_pool_work_with_it(ctx) -> None:
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=ctx) as executor:
        assert type(executor._result_queue).__module__.startswith("allcores")
        assert list(executor.map(square, range(50))) == [x * x for x in range(50)]
    with ctx.Pool(2) as pool:
        assert type(pool._outqueue).__module__.startswith("allcores")
        assert pool.map(square, range(50)) == [x * x for x in range(50)]
        assert pool.apply_async(square, (9,)).get(PATIENCE) == 81


def test_a_killed_worker_breaks_the_executor_and_hangs_nobody(fork) -> None:
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork) as executor:
        future = executor.submit(os.getpid)
        os.kill(future.result(PATIENCE), signal.SIGKILL)
        with pytest.raises(concurrent.futures.process.BrokenProcessPool):
            for _ in range(1000):
                executor.submit(time.sleep, 0.01).result(PATIENCE)


def test_readers_leave_no_descriptor() -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        q = mp.SimpleQueue()
        assert wait([q._reader], 0) == []
        q._reader.close()
        r = mp.Queue()
        r._reader.fileno()
    del q, r
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before
