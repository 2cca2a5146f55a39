"""aput and aget under tasks that are cancelled at random, in several loops, beside threads."""

import asyncio
import contextlib
import random
import threading
import time

import pytest

from allcores.queue import Empty, Full, LifoQueue, Queue, ShardedQueue, SimpleQueue


class Hostile:
    """Tasks in several loops and threads that put and get, and are cancelled at random.

    Each put is counted when it has returned; an item is a number of its own. In the end what was put
    came out, once.
    """

    def __init__(self, q, seed: int, seconds: float) -> None:
        self.q, self.seed = q, seed
        self.stop_at = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.put, self.got = [], []
        self.next = iter(range(10**9))
        self.putting = True

    def number(self) -> int:
        with self.lock:
            return next(self.next)

    def going_on(self) -> bool:
        return time.monotonic() < self.stop_at

    async def putter(self) -> None:
        while self.going_on():
            item = self.number()
            await self.q.aput(item)
            self.put.append(item)  # no await between: a task that is cancelled has not put
            await asyncio.sleep(0)

    async def getter(self, rng) -> None:
        while True:
            if rng.random() < 0.3:
                self.got += await self.q.aget_many(rng.randint(1, 5))
            else:
                self.got.append(await self.q.aget())
            if rng.random() < 0.5:
                await asyncio.sleep(0)

    async def canceller(self, make, rng) -> None:
        """A task again and again, cancelled after a random time in one of three ways."""
        while self.going_on():
            way = rng.randrange(3)
            delay = rng.choice([0, 0, 0.0002, 0.001, 0.01])
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                if way == 0:
                    async with asyncio.timeout(delay):
                        await make()
                elif way == 1:
                    task = asyncio.create_task(make())
                    for _ in range(rng.randrange(4)):
                        await asyncio.sleep(0)
                    task.cancel()
                    await asyncio.wait([task])
                else:
                    await asyncio.wait_for(make(), delay)

    async def loop(self, seed: int) -> None:
        rng = random.Random(seed)
        tasks = []
        for _ in range(4):
            tasks.append(asyncio.create_task(self.canceller(self.putter, rng)))
            tasks.append(asyncio.create_task(self.canceller(lambda: self.getter(rng), rng)))
        await asyncio.gather(*tasks)

    def thread(self, seed: int) -> None:
        rng = random.Random(seed)
        while self.going_on():
            if rng.random() < 0.5:
                item = self.number()
                with contextlib.suppress(Full):
                    self.q.put(item, timeout=0.01)
                    self.put.append(item)
            else:
                with contextlib.suppress(Empty):
                    self.got.append(self.q.get(timeout=0.01))

    def run(self) -> None:
        loops = [lambda n=n: asyncio.run(self.loop(self.seed + n)) for n in range(3)]
        plain = [lambda n=n: self.thread(self.seed + 10 + n) for n in range(2)]
        threads = [threading.Thread(target=target, daemon=True) for target in loops + plain]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), "a loop or a thread sleeps for ever"
        while not self.q.empty():
            self.got.append(self.q.get_nowait())
        assert len(self.got) == len(set(self.got)), "an item came out twice"
        assert sorted(self.got) == sorted(self.put), "what came out is not what was put"
        assert self.got, "nothing happened"


HOSTILE = {
    "ring": lambda: Queue(3),
    "segments": Queue,
    "lifo": lambda: LifoQueue(3),
    "simple": SimpleQueue,
    "sharded": lambda: ShardedQueue(shards=2),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_item_is_lost_or_doubled_by_cancelling(make, seed: int) -> None:
    Hostile(make(), seed, 1.0).run()


@pytest.mark.stress
@pytest.mark.heavy
@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_item_is_lost_for_long(make, seed: int, stress_seconds: float) -> None:
    Hostile(make(), seed, stress_seconds).run()


class LosingWhenCancelled(Queue):
    """An item has left the queue, and a task that is cancelled then takes it along."""

    async def aget(self):
        item = await super().aget()
        await asyncio.sleep(0)
        return item


class PuttingWhenCancelled(Queue):
    """A put that is cancelled has put."""

    async def aput(self, item) -> None:
        await super().aput(item)
        await asyncio.sleep(0)


class Repeating(Queue):
    """A put that comes at a round number comes twice."""

    async def aput(self, item) -> None:
        await super().aput(item)
        if item % 20 == 0:
            await super().aput(item)


@pytest.mark.parametrize("broken", [LosingWhenCancelled, PuttingWhenCancelled, Repeating])
def test_a_broken_queue_is_noticed(broken, seed: int) -> None:
    words = "twice" if broken is Repeating else "not what was put"
    with pytest.raises(AssertionError, match=words):
        for turn in range(20):
            Hostile(broken(3), seed + turn, 0.2).run()


class Forgetful(Queue):
    """It tells nobody of every 50th item before the next."""

    held: list = []  # noqa: RUF012 - one queue at a time

    def put(self, item, *args, **kwargs) -> None:
        if item % 50 == 49:
            self.held.append(item)
            return
        while self.held:
            super().put(self.held.pop(), *args, **kwargs)
        super().put(item, *args, **kwargs)


def test_nobody_sleeps_while_there_is_something(seed: int) -> None:
    """No hint is lost: every getter waits without a limit; those cancelled come again."""
    feed_getters(Queue(4), 3000, seed, 30)


def test_a_getter_that_sleeps_on_is_noticed(seed: int) -> None:
    with pytest.raises(AssertionError, match="99 of 100"):
        feed_getters(Forgetful(4), 100, seed, 1)


def feed_getters(q, total: int, seed: int, limit_s: float) -> None:
    rng, got = random.Random(seed), []
    done = threading.Event()

    async def getter():
        while True:
            got.append(await q.aget())
            if len(got) >= total:
                done.set()

    async def consumers(seed):
        own = random.Random(seed)
        tasks = [asyncio.create_task(getter()) for _ in range(8)]
        while not done.is_set():
            victim = own.randrange(8)
            tasks[victim].cancel()
            tasks[victim] = asyncio.create_task(getter())
            await asyncio.sleep(own.choice([0, 0, 0.001]))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    threads = [
        threading.Thread(target=lambda n=n: asyncio.run(consumers(seed + n)), daemon=True)
        for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for i in range(total):
        q.put(i, timeout=30)
        if rng.random() < 0.02:
            time.sleep(0.001)
    all_came = done.wait(limit_s)
    came = len(got)
    done.set()  # the threads end in any case
    assert all_came, f"{came} of {total}, {q.qsize()} inside"
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert sorted(got) == list(range(total))
