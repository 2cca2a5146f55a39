"""aget and aget_many: tasks of several event loops, threads and processes share a queue."""

import asyncio
import gc
import os
import random
import threading
import time
import weakref
from pathlib import Path

import pytest
from mp_helpers import PATIENCE, count_up, put_all, run_script

from allcores import multiprocessing as mp
from allcores.errors import Empty, ShutDown


def run(main):
    """asyncio.run with a limit, so that a lost wake fails and does not hang."""
    return asyncio.run(asyncio.wait_for(main, PATIENCE))


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_what_is_there_comes_at_once() -> None:
    q = mp.Queue()
    q.put_many([1, 2, 3])

    async def main():
        return [await q.aget(), await q.aget_many(5)]

    assert run(main()) == [1, [2, 3]]


def test_a_task_waits_for_another_process(ctx) -> None:
    q, ready = ctx.Queue(), ctx.Queue()
    child = ctx.Process(target=put_when_told, args=(ready, q))

    async def main():
        task = asyncio.create_task(q.aget())
        await turns()
        assert not task.done()
        child.start()
        ready.put("go")
        return await task

    assert run(main()) == "here"
    child.join(PATIENCE)


def put_when_told(ready, queue) -> None:
    ready.get(timeout=PATIENCE)
    queue.put("here")


def test_every_task_gets_one(fork) -> None:
    q = mp.Queue()

    async def main():
        tasks = [asyncio.create_task(q.aget()) for _ in range(50)]
        await turns()
        child = fork.Process(target=put_all, args=(q, list(range(50))))
        child.start()
        items = await asyncio.gather(*tasks)
        child.join()
        return items

    assert run(main()) == list(range(50))  # who came first is told first


@pytest.mark.parametrize("wait", [False, True])
def test_shutdown_ends_every_wait(wait: bool) -> None:
    q = mp.Queue()

    async def main():
        tasks = [asyncio.create_task(q.aget()) for _ in range(3)] if wait else []
        await turns()
        q.shutdown()
        tasks += [asyncio.create_task(q.aget())]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} == {ShutDown}

    run(main())


def test_a_cancelled_task_has_taken_nothing(fork, seed: int) -> None:
    # Tasks are cancelled at every stage while another process puts; each object comes once, in order.
    rng = random.Random(seed)
    q = mp.Queue(20)
    count = 3000
    child = fork.Process(target=count_up, args=(q, 1, count))
    child.start()

    async def main():
        got: list[int] = []
        waiting: list[asyncio.Task] = []
        while len(got) < count:
            waiting += [asyncio.create_task(q.aget()) for _ in range(3)]
            await turns(rng.randrange(3))
            for task in waiting:
                if rng.random() < 0.3:
                    task.cancel()
            await asyncio.wait(waiting, timeout=0.001)
            for task in [task for task in waiting if task.done()]:
                waiting.remove(task)
                if not task.cancelled():
                    got.append(task.result()[1])
        for task in waiting:
            task.cancel()
        left = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in left)
        return got

    assert sorted(run(main())) == list(range(count))
    child.join(PATIENCE)
    assert q.empty()


def test_several_loops_threads_and_processes_share_the_objects(fork) -> None:
    q = mp.Queue(50)
    count, got = 2000, []

    def in_a_loop() -> None:
        async def main():
            while (item := await q.aget()) is not None:
                got.append(item)

        run(main())

    def in_a_thread() -> None:
        while (item := q.get(timeout=PATIENCE)) is not None:
            got.append(item)

    threads = [threading.Thread(target=target) for target in (in_a_loop, in_a_loop, in_a_thread)]
    for thread in threads:
        thread.start()
    children = [fork.Process(target=count_up, args=(q, name, count)) for name in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(PATIENCE)
        assert child.exitcode == 0
    for _ in threads:
        q.put(None)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert sorted(got) == [(name, number) for name in range(2) for number in range(count)]


def test_nothing_stays_of_a_wait() -> None:
    q = mp.Queue()

    async def main(queue):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(queue.aget(), 0.001)

    run(main(q))
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        run(main(q))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before
    gone = weakref.ref(q)
    del q
    gc.collect()
    assert gone() is None


def test_a_waiting_loop_sleeps() -> None:
    q = mp.Queue()

    async def main():
        await asyncio.wait_for(q.aget(), 0.5)

    before = time.thread_time()
    with pytest.raises(asyncio.TimeoutError):
        run(main())
    assert time.thread_time() - before < 0.05


def test_it_takes_no_thread_and_a_child_goes_on(tmp_path: Path) -> None:
    # Under -W error: a fork with a thread beside it would raise.
    code = """
        import asyncio, os, threading
        from allcores import multiprocessing as mp

        q = mp.Queue()

        async def one(item):
            task = asyncio.create_task(q.aget())
            await asyncio.sleep(0)
            q.put(item)
            return await task

        assert asyncio.run(one(1)) == 1
        assert threading.active_count() == 1
        pid = os.fork()
        if pid == 0:
            assert asyncio.run(one(2)) == 2
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        assert asyncio.run(one(3)) == 3
    """
    run_script(tmp_path, code)


def test_an_object_that_nobody_rang_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the one who put it had been killed in between: its process cannot ring.
    q = mp.Queue()
    mute = q.__class__.__new__(q.__class__)
    mute._attach(os.dup(q._fileno()))

    async def main():
        task = asyncio.create_task(q.aget())
        await turns()
        mute.put("found")
        return await task

    assert run(main()) == "found"
    with pytest.raises(OSError, match="no descriptor"):
        mute._reader.fileno()
    with pytest.raises(Empty):
        mute.get_nowait()
