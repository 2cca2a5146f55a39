"""aput and aget: one queue for tasks of several event loops and for threads."""

import asyncio
import contextlib
import gc
import inspect
import subprocess
import sys
import threading
import time
import weakref

import pytest

from allcores.queue import LifoQueue, Queue, ShardedQueue, ShutDown, SimpleQueue, select

KINDS = {
    "ring": lambda: Queue(8),
    "segments": Queue,
    "lifo": LifoQueue,
    "simple": SimpleQueue,
    "sharded": lambda: ShardedQueue(shards=2),
    "pair": lambda: Queue(8, spsc=True),
}
each_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())


async def turns(number: int = 20) -> None:
    """Let the other tasks of this loop run until they wait."""
    for _ in range(number):
        await asyncio.sleep(0)


async def until(fact, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.001)


def run(main, seconds: float = 60):
    """asyncio.run with a limit, so that a lost wake fails and does not hang."""
    return asyncio.run(asyncio.wait_for(main, seconds))


class Loop:
    """An event loop in a thread of its own."""

    def __enter__(self) -> "Loop":
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        return self

    def submit(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def settle(self) -> None:
        self.submit(turns()).result(20)

    def __exit__(self, *exc) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)
        self.loop.close()


@each_kind
def test_what_is_put_comes_out(make) -> None:
    async def main():
        q = make()
        await q.aput(1)
        assert await q.aget() == 1
        task = asyncio.create_task(q.aget())
        await turns()
        assert not task.done()
        await q.aput(2)
        assert await task == 2
        q.put_many([3, 4, 5])
        assert sorted(await q.aget_many(10)) == [3, 4, 5]
        assert q.empty()

    run(main())


@each_kind
def test_a_thread_puts_and_a_task_gets(make) -> None:
    q = make()

    async def main():
        return [await q.aget() for _ in range(500)]

    thread = threading.Thread(target=lambda: [q.put(i) for i in range(500)], daemon=True)
    thread.start()
    found = run(main())
    thread.join()
    assert sorted(found) == list(range(500))
    if not isinstance(q, LifoQueue):
        assert found == list(range(500))


def test_a_task_puts_and_a_thread_gets() -> None:
    q, found = Queue(2), []
    thread = threading.Thread(target=lambda: found.extend(q.get() for _ in range(500)), daemon=True)
    thread.start()

    async def main():
        for i in range(500):
            await q.aput(i)

    run(main())
    thread.join(20)
    assert found == list(range(500))


def test_one_that_finds_an_item_does_not_yield() -> None:
    async def main():
        q, ran = Queue(), []
        asyncio.get_running_loop().call_soon(ran.append, 1)
        q.put(1)
        await q.aget()
        await q.aput(1)
        assert ran == []

    run(main())


def test_it_is_a_coroutine_and_nothing_happens_before_it_is_awaited() -> None:
    q = Queue()
    coroutine = q.aput(1)
    assert inspect.iscoroutine(coroutine)
    assert q.empty()
    coroutine.close()
    with pytest.raises(RuntimeError, match="super"):
        run(Queue.__new__(Queue).aget())


def test_a_full_queue_lets_wait_for_room() -> None:
    async def main():
        q = Queue(1)
        await q.aput(0)
        tasks = [asyncio.create_task(q.aput(i)) for i in (1, 2, 3)]
        await turns()
        found = [q.get_nowait()]
        for _ in range(3):
            await until(q.full)
            found.append(q.get_nowait())
        await asyncio.gather(*tasks)
        assert found == [0, 1, 2, 3]

    run(main())


def test_a_larger_maxsize_lets_all_in() -> None:
    async def main():
        q = Queue(1)
        q.put(0)
        tasks = [asyncio.create_task(q.aput(i)) for i in range(5)]
        await turns()
        assert not any(task.done() for task in tasks)
        q.maxsize = 10
        await asyncio.gather(*tasks)
        assert q.qsize() == 6

    run(main())


def test_shutdown_ends_all_who_wait() -> None:
    async def main():
        q, full = Queue(), Queue(1)
        full.put(1)
        tasks = [asyncio.create_task(q.aget()) for _ in range(10)]
        tasks += [asyncio.create_task(full.aput(2)) for _ in range(10)]
        tasks += [asyncio.create_task(q.aget_many(2)) for _ in range(2)]
        await turns()
        threading.Thread(target=q.shutdown).start()
        full.shutdown()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in done] == [ShutDown] * 22
        assert await full.aget() == 1
        with pytest.raises(ShutDown):
            await full.aget()

    run(main())


def test_the_first_waiter_is_first() -> None:
    async def main():
        q, order = Queue(), []

        async def take(number):
            order.append((number, await q.aget()))

        tasks = []
        for number in range(10):
            tasks.append(asyncio.create_task(take(number)))
            await turns(3)
        for item in range(10):
            q.put(item)
        await asyncio.gather(*tasks)
        assert order == [(n, n) for n in range(10)]

    run(main())


def test_a_put_wakes_one() -> None:
    """Counted by the tries: who sleeps does not look again, and the one that is told looks once."""
    tries = []

    class Counted(Queue):
        def get_nowait(self):
            tries.append(1)
            return super().get_nowait()

    async def main():
        q = Counted()
        tasks = [asyncio.create_task(q.aget()) for _ in range(50)]
        await turns()
        tries.clear()
        q.put(1)
        await turns()
        assert len(tries) == 1
        assert sum(task.done() for task in tasks) == 1
        q.put_many(range(49))
        await asyncio.gather(*tasks)
        assert len(tries) == 50

    run(main())


def test_one_that_was_told_and_is_cancelled_tells_the_next() -> None:
    async def main():
        q = Queue()
        first, second = (asyncio.create_task(q.aget()) for _ in range(2))
        await turns()
        q.put("x")  # tells the first, which does not run before it is cancelled
        first.cancel()
        assert await second == "x"
        with pytest.raises(asyncio.CancelledError):
            await first

    run(main())


def test_one_that_was_told_and_came_too_late_keeps_its_place() -> None:
    async def main():
        q = Queue()
        first, second = (asyncio.create_task(q.aget()) for _ in range(2))
        await turns()
        q.put("x")
        assert q.get_nowait() == "x"  # faster than the first
        await turns()
        q.put("y")
        assert await first == "y"
        q.put("z")
        assert await second == "z"

    run(main())


def test_a_dropped_task_tells_the_next() -> None:
    """A loop that ends with tasks inside: what they were told goes on when they are collected."""
    q, found = Queue(), []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, context: None)  # "task was destroyed but it is pending"
    lost = loop.create_task(q.aget())
    loop.run_until_complete(turns())
    with Loop() as other:
        task = other.submit(q.aget())
        other.settle()
        q.put("x")  # tells both, since the first loop stands still
        assert task.result(20) == "x"
        task = other.submit(q.aget())
        other.settle()
        loop.call_soon(lambda: None)
        loop.close()
        del lost
        gc.collect()
        q.put("y")
        found.append(task.result(20))
    assert found == ["y"]


def test_a_closed_loops_waiter_is_passed_over() -> None:
    q = Queue()
    loop = asyncio.new_event_loop()
    coroutine = q.aget()
    task = loop.create_task(coroutine)
    loop.run_until_complete(turns())
    loop.close()
    with Loop() as other:
        alive = other.submit(q.aget())
        other.settle()
        q.put("x")
        assert alive.result(20) == "x"
    q.put("nobody there")
    assert q.get() == "nobody there"
    task._log_destroy_pending = False
    coroutine.close()


def test_asyncio_timeout_and_wait_for() -> None:
    async def main():
        q, full = Queue(), Queue(1)
        full.put(1)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await q.aget()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(full.aput(2), 0.01)
        q.put("x")
        assert await asyncio.wait_for(q.aget(), 1) == "x"
        assert full.get() == 1
        await turns()
        assert full.empty()

    run(main())


def test_a_put_from_a_finaliser_while_tasks_wait() -> None:
    class Putter:
        def __init__(self, q):
            self.q, self.own = q, self

        def __del__(self):
            self.q.put("from __del__")

    async def main():
        q = Queue()
        tasks = [asyncio.create_task(q.aget()) for _ in range(20)]
        await turns()
        for _ in range(20):
            Putter(q)
        gc.collect()
        assert await asyncio.gather(*tasks) == ["from __del__"] * 20

    run(main())


def test_a_put_from_a_signal_handler_wakes_a_loop_asleep() -> None:
    """The handler runs inside the loop's select(), in the loop's own thread."""
    code = """
import asyncio, os, signal, threading
from allcores.queue import Queue
q = Queue()
signal.signal(signal.SIGUSR1, lambda *a: q.put("handler"))
async def main():
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    return await asyncio.wait_for(q.aget(), 300)
print(asyncio.run(main()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("handler\n", 0), done.stderr


def test_what_a_signal_handler_raises_is_not_lost_in_a_put() -> None:
    """It arises while the put tells a loop: the item is in, the waiter told, the error comes out."""
    code = """
import asyncio, signal, threading
from allcores.queue import Queue
q = Queue()
loop = asyncio.new_event_loop()
def handler(*args):
    raise LookupError("from the handler")
signal.signal(signal.SIGUSR1, handler)
plain = loop.call_soon_threadsafe
first = []
def interrupted(*args):
    if not first:
        first.append(1)
        signal.raise_signal(signal.SIGUSR1)
    return plain(*args)
got = []
async def main():
    got.append(await q.aget())
task = loop.create_task(main())
loop.run_until_complete(asyncio.sleep(0.01))
loop.call_soon_threadsafe = interrupted
try:
    q.put("item")
    for _ in range(1000): pass
    print("lost")
except LookupError as error:
    print(error, q.qsize())
loop.call_soon_threadsafe = plain
loop.run_until_complete(asyncio.wait_for(task, 30))
print(got)
loop.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "from the handler 1\n['item']\n", done.stderr
    assert done.stderr == ""


def test_a_fork_child_has_no_waiters_of_its_parent() -> None:
    code = """
import asyncio, os, sys, threading, warnings
warnings.simplefilter("ignore")
from allcores.queue import Queue
q = Queue()
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
task = asyncio.run_coroutine_threadsafe(q.aget(), loop)
asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01), loop).result()
if (pid := os.fork()) == 0:
    q.put(1)
    assert q.get() == 1
    async def main():
        threading.Timer(0.05, q.put, (2,)).start()
        return await q.aget()
    assert asyncio.run(asyncio.wait_for(main(), 30)) == 2
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
assert not task.done()
q.put("x")
print(task.result(30))
loop.call_soon_threadsafe(loop.stop)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "x\n", done.stderr


def test_a_waiting_task_and_its_queue_are_collected_together() -> None:
    class Sub(Queue):
        pass

    async def main():
        q = Sub()
        task = asyncio.create_task(q.aget())
        await turns()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return weakref.ref(q)

    gone = run(main())
    gc.collect()
    assert gone() is None


def test_the_queue_module_does_not_import_asyncio() -> None:
    code = "import sys, allcores.queue; print('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"


def test_a_bad_argument_raises_when_awaited() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        run(Queue().aget_many(0))
    with pytest.raises(TypeError):
        Queue().aput()


def test_select_and_tasks_and_threads_on_one_queue() -> None:
    q, seen = Queue(), []
    watcher = threading.Thread(target=lambda: seen.append(select([q], 30)), daemon=True)

    async def main():
        task = asyncio.create_task(q.aget())
        watcher.start()
        await turns()
        while not seen:  # level-triggered: seen as long as something is inside at its look
            q.put_many([1, 2])
            await asyncio.sleep(0.002)
        assert await task == 1

    run(main())
    assert seen == [[q]]
    watcher.join()



def test_any_loop_with_call_soon_threadsafe() -> None:
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed: pip install uvloop")
    q, loop = Queue(2), uvloop.new_event_loop()

    async def main():
        return [await q.aget() for _ in range(500)]

    thread = threading.Thread(target=lambda: [q.put(i) for i in range(500)], daemon=True)
    thread.start()
    assert loop.run_until_complete(asyncio.wait_for(main(), 30)) == list(range(500))
    loop.close()
