"""The locked form of our queues: the switch under load, waiting, references, forks."""

import gc
import os
import queue as std
import random
import subprocess
import sys
import threading
import time

import pytest

from allcores.errors import Empty, Full, ShutDown
from allcores.queue import LifoQueue, PriorityQueue, Queue, ShardedQueue

HANG = 60.0
KINDS = [Queue, LifoQueue, PriorityQueue]


def start(target, *args) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def join(*threads: threading.Thread) -> None:
    for thread in threads:
        thread.join(HANG)
        assert not thread.is_alive(), "a thread hangs"


def wait_until(condition) -> None:
    deadline = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0)


def child(code: str) -> None:
    """Run what may hang in a process of its own; it must print "end" and nothing else."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


# -- the switch -----------------------------------------------------------------------------------


@pytest.mark.parametrize("maxsize", [0, 1, 5, 100])
def test_a_switch_under_load_loses_nothing_and_keeps_the_order(maxsize: int, seed: int) -> None:
    """Two producers, two consumers, and two threads that reach inside at a random moment."""
    generator = random.Random(seed)
    for _ in range(40):
        q, count = Queue(maxsize), 400
        got: list[list[tuple[int, int]]] = [[], []]
        when = generator.randrange(2 * count)
        batches = generator.random() < 0.5

        def produce(number: int, q=q, batches=batches, count=count) -> None:
            items = [(number, i) for i in range(count)]
            if batches:
                q.put_many(items)
            else:
                for item in items:
                    q.put(item)

        def consume(mine: list, q=q, batches=batches) -> None:
            while True:
                part = q.get_many(7) if batches else [q.get()]
                for item in part:
                    q.task_done()
                    if item is None:
                        # what stands behind it is another consumer's
                        q.put_many(part[part.index(None) + 1 :])
                        for _ in part[part.index(None) + 1 :]:
                            q.task_done()
                        return
                    mine.append(item)

        def reach_in(q=q, got=got, when=when) -> None:
            while len(got[0]) + len(got[1]) < when:
                time.sleep(0)
            with q.mutex:
                before = list(q.queue)
                assert q.unfinished_tasks >= len(before)
                assert list(q.queue) == before

        consumers = [start(consume, mine) for mine in got]
        threads = [start(produce, 0), start(produce, 1), start(reach_in), start(reach_in)]
        join(*threads)
        for _ in consumers:
            q.put(None)
        join(*consumers)
        q.join()
        assert sorted(got[0] + got[1]) == [(n, i) for n in (0, 1) for i in range(count)]
        for mine in got:
            for number in (0, 1):
                of_one = [i for n, i in mine if n == number]
                assert of_one == sorted(of_one)
        stats = q.stats()
        assert (stats["depth"], stats["unfinished"]) == (0, 0)
        assert stats["puts"] == stats["gets"] >= 2 * count + 2


def test_clear_by_hand_under_load(seed: int) -> None:
    """``with q.mutex: q.queue.clear()`` while others put and get: every item is got or cleared."""
    generator = random.Random(seed)
    for maxsize in (0, 3, 50):
        q, count = Queue(maxsize), 3000
        got: list[int] = []
        cleared: list[int] = []
        produced = threading.Event()

        def produce(q=q, count=count, produced=produced) -> None:
            for i in range(count):
                q.put(i)
            produced.set()

        def consume(q=q, got=got, produced=produced) -> None:
            while not (produced.is_set() and q.empty()):
                try:
                    got.append(q.get(timeout=0.01))
                except Empty:
                    pass

        threads = [start(produce), start(consume)]
        while not produced.is_set():
            if generator.random() < 0.01:
                with q.mutex:
                    cleared.extend(q.queue)
                    q.queue.clear()
                    q.not_full.notify_all()
            time.sleep(0)
        join(*threads)
        assert sorted(got + cleared) == list(range(count))
        assert got == sorted(got)


@pytest.mark.parametrize("make", [Queue, LifoQueue])
def test_who_sleeps_goes_on_in_the_locked_form(make) -> None:
    empty, full, tasks = make(), make(1), make()
    full.put(0)
    tasks.put(0)
    got: list[object] = []
    threads = [
        start(lambda: got.append(empty.get(timeout=HANG))),
        start(lambda: got.append(empty.get_many(3))),
        start(full.put, 1),
        start(tasks.join),
    ]
    wait_until(lambda: empty.stats()["waits"] == 2 and full.stats()["waits"] == 1)
    for q in (empty, full, tasks):
        assert not q.mutex.locked()
    assert all(thread.is_alive() for thread in threads)
    empty.put("a")
    wait_until(lambda: len(got) == 1)  # or the batch would take both
    empty.put("b")
    assert full.get() == 0
    tasks.task_done()
    join(*threads)
    assert full.get() == 1
    assert sorted(got, key=str) in ([["a"], "b"], [["b"], "a"])


def test_a_deadline_holds_across_the_switch() -> None:
    q, full = Queue(), Queue(1)
    full.put(0)
    took: list[float] = []

    def wait(call, error) -> None:
        begin = time.monotonic()
        with pytest.raises(error):
            call()
        took.append(time.monotonic() - begin)

    threads = [
        start(wait, lambda: q.get(timeout=0.3), Empty),
        start(wait, lambda: full.put(1, timeout=0.3), Full),
    ]
    wait_until(lambda: q.stats()["waits"] == 1 and full.stats()["waits"] == 1)
    assert q.mutex is not full.mutex
    join(*threads)
    assert all(0.3 <= seconds < 20 for seconds in took)


def test_a_batch_that_was_half_in_goes_on_and_counts_all() -> None:
    q = Queue(3)
    errors: list[Full] = []

    def put() -> None:
        try:
            q.put_many(range(10), timeout=0.5)
        except Full as error:
            errors.append(error)

    putter = start(put)
    wait_until(lambda: q.stats()["waits"] == 1)
    assert len(q.queue) == 3
    assert q.get() == 0
    join(putter)
    assert errors[0].count == 4
    assert q.get_many(9) == [1, 2, 3]


def test_a_switched_stack_keeps_its_order_and_a_moved_ring_too() -> None:
    stack = LifoQueue()
    stack.put_many([1, 2, 3])
    assert stack.queue == [1, 2, 3]
    assert stack.peek() == 3
    assert stack.get_many(2) == [3, 2]
    moved = Queue(4)
    moved.put_many(range(4))
    moved.maxsize = 100
    moved.put_many(range(4, 50))
    assert list(moved.queue) == list(range(50))
    assert moved.maxsize == 100


def test_what_was_said_before_the_switch_holds_after_it() -> None:
    q = Queue(5)
    q.put_many([1, 2, 3])
    q.get()
    q.task_done()
    q.shutdown()
    with q.mutex:
        assert list(q.queue) == [2, 3]
    assert (q.is_shutdown, q.unfinished_tasks, q.maxsize, q.qsize()) == (True, 2, 5, 2)
    with pytest.raises(ShutDown):
        q.put(1)
    assert q.get_many(5) == [2, 3]
    with pytest.raises(ShutDown):
        q.get_many(1)
    assert "shut down" in repr(q)


def test_reading_numbers_does_not_switch() -> None:
    q = Queue(3)
    q.put([1])
    assert (q.unfinished_tasks, q.is_shutdown, q.maxsize, q.qsize()) == (1, False, 3, 1)
    assert q.stats()["depth"] == 1
    kinds = [type(found).__name__ for found in gc.get_referents(q)]
    assert "LockedQueue" not in kinds
    q.unfinished_tasks = 0
    kinds = [type(found).__name__ for found in gc.get_referents(q)]
    assert "LockedQueue" in kinds
    q.join()
    with pytest.raises((OverflowError, ValueError, TypeError)):
        q.unfinished_tasks = -1


def test_a_pair_becomes_an_ordinary_queue_by_the_switch() -> None:
    q = Queue(4, spsc=True)
    q.put(1)
    with q.mutex:
        assert list(q.queue) == [1]
    join(start(q.put, 2))
    q.put(3)
    got: list[int] = []
    join(start(lambda: got.extend(q.get_many(9))))
    assert got == [1, 2, 3]
    q.maxsize = 0
    q.put_many(range(100))
    assert q.clear() == 100


def test_shards_have_no_inside_and_no_hooks() -> None:
    q = ShardedQueue()
    for name in ("mutex", "queue", "not_empty", "not_full", "all_tasks_done"):
        with pytest.raises(AttributeError, match="in parts"):
            getattr(q, name)
    q.put(1)
    assert q.get() == 1

    class Hooked(ShardedQueue):
        def _put(self, item: object) -> None: ...

    with pytest.raises(TypeError, match="derive from Queue"):
        Hooked()


@pytest.mark.parametrize("make", KINDS)
def test_everything_else_works_on_a_locked_queue(make) -> None:
    q = make(5)
    assert q.mutex is not None
    with pytest.raises(Full) as caught:
        q.put_many(range(9), block=False)
    assert caught.value.count == 5
    assert q.stats() == {
        "depth": 5, "high_water": 5, "puts": 5, "gets": 0, "waits": 0, "unfinished": 5, "maxsize": 5,
    }  # fmt: skip
    putter = start(q.put, 7)
    wait_until(lambda: q.stats()["waits"] == 1)
    q.maxsize = 6
    join(putter)
    assert q.full()
    assert q.clear() == 6
    assert (q.unfinished_tasks, q.empty()) == (0, True)
    q.put(1)
    q.shutdown(immediate=True)
    q.join()
    assert repr(q).startswith(f"<{make.__name__} maxsize=6 size=0 shut down")


@pytest.mark.parametrize("maxsize", [0, 1, 10])
@pytest.mark.parametrize("make", KINDS)
def test_many_threads_lose_nothing_in_a_locked_queue(make, maxsize: int, seed: int) -> None:
    q, count, sides = make(maxsize), 1500, 3
    assert q.mutex is not None
    got: list[list[int]] = [[] for _ in range(sides)]

    def produce(number: int) -> None:
        own = random.Random(seed + number)
        at, end = number * count, (number + 1) * count
        while at < end:
            step = min(own.randrange(1, 9), end - at)
            if step == 1:
                q.put(at)
            else:
                q.put_many(range(at, at + step))
            at += step

    def consume(mine: list[int], number: int) -> None:
        own = random.Random(seed - number)
        try:
            while True:
                part = q.get_many(5) if own.random() < 0.5 else [q.get(timeout=HANG)]
                mine.extend(part)
                for _ in part:
                    q.task_done()
        except ShutDown:
            pass

    consumers = [start(consume, mine, number) for number, mine in enumerate(got)]
    join(*(start(produce, number) for number in range(sides)))
    q.join()
    q.shutdown()
    join(*consumers)
    assert sorted(item for mine in got for item in mine) == list(range(sides * count))
    assert q.unfinished_tasks == 0


@pytest.mark.parametrize("make", KINDS)
def test_a_shutdown_wakes_who_sleeps_in_a_locked_queue(make) -> None:
    empty, full = make(), make(1)
    full.put(0)
    ended: list[str] = []

    def expect(call, *args) -> None:
        try:
            call(*args)
        except ShutDown:
            ended.append("ended")

    for q in (empty, full):
        assert q.mutex is not None
    threads = [start(expect, empty.get) for _ in range(3)]
    threads += [start(expect, full.put, 1) for _ in range(3)]
    wait_until(lambda: empty.stats()["waits"] == 3 and full.stats()["waits"] == 3)
    empty.shutdown()
    full.shutdown()
    join(*threads)
    assert len(ended) == 6


# -- objects, processes ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", KINDS)
def test_references_return_to_the_start(make) -> None:
    class Item:
        def __lt__(self, other: object) -> bool:
            return False

    q, item = make(10), Item()
    before = sys.getrefcount(item)
    q.put_many([item] * 4)
    assert q.mutex is not None
    q.put(item)
    assert sys.getrefcount(item) == before + 5
    q.get()
    q.get_many(2)
    assert sys.getrefcount(item) == before + 2
    q.put_many([item] * 8)
    with pytest.raises(Full):
        q.put_nowait(item)
    with pytest.raises(Full):
        q.put_many([item] * 2, timeout=0.001)
    assert sys.getrefcount(item) == before + 10
    q.shutdown(immediate=True)
    assert sys.getrefcount(item) == before


def test_nested_locked_queues_end_without_deep_recursion() -> None:
    child("""
from allcores.queue import PriorityQueue, Queue
for make in (PriorityQueue, Queue):
    q = make()
    for _ in range(30_000):
        outer = make()
        outer.put(q)
        if make is Queue: outer.mutex
        q = outer
    del q, outer
print("end")
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_can_use_a_queue_that_a_thread_of_its_parent_held() -> None:
    child("""
import os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is the point here
from allcores.queue import PriorityQueue, Queue
q, p = Queue(), PriorityQueue()
threading.Thread(target=p.get, daemon=True).start()
while p.stats()["waits"] == 0: pass
held, release = threading.Event(), threading.Event()
def hold():
    with q.mutex:
        held.set()
        release.wait()
holder = threading.Thread(target=hold)
holder.start()
held.wait()
pid = os.fork()
if pid == 0:
    q.put(1)
    assert q.get() == 1
    getter = threading.Thread(target=lambda: os._exit(p.get()))
    getter.start()
    while p.stats()["waits"] == 1: pass
    p.put(7)               # goes to the child's waiter, not to the parent's
    getter.join(30)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
release.set()
holder.join()
print("end")
""")


def test_leaving_with_threads_that_wait_in_locked_queues() -> None:
    code = """
import threading
from allcores.queue import PriorityQueue
empty, full = PriorityQueue(), PriorityQueue(1)
full.put(1)
for call in (empty.get, lambda: full.put(2), full.join):
    threading.Thread(target=call, daemon=True).start()
print("end")
"""
    for _ in range(5):
        child(code)


def test_a_hostile_collector_and_switches(seed: int) -> None:
    """Queues are switched, filled, dropped in cycles by threads while one collects all the time."""
    generator = random.Random(seed)
    seeds = [generator.random() for _ in range(3)]
    stop = threading.Event()
    errors: list[BaseException] = []
    shared = [Queue()]

    class Item:
        def __init__(self, q: Queue) -> None:
            self.q = q

        def __lt__(self, other: object) -> bool:
            return False

        def __del__(self) -> None:
            try:
                shared[0].put(None)
            except RuntimeError:  # the end came while its thread held the mutex
                pass

    def churn(number: float) -> None:
        own = random.Random(number)
        try:
            while not stop.is_set():
                inner = own.choice(KINDS)()
                for _ in range(own.randrange(1, 4)):
                    inner.put(Item(inner))
                if own.random() < 0.5:
                    with inner.mutex:
                        assert len(inner.queue) >= 1
                q = shared[0]
                q.put(inner)
                if own.random() < 0.05:
                    with q.mutex:
                        assert q.unfinished_tasks >= len(q.queue)
                    shared[0] = Queue()
                try:
                    q.get_many(50, block=False)
                except std.Empty:
                    pass
        except BaseException as error:
            errors.append(error)

    def collect() -> None:
        while not stop.is_set():
            gc.collect()

    threads = [start(churn, number) for number in seeds] + [start(collect)]
    deadline = time.monotonic() + float(os.environ.get("STRESS_SECONDS", "2"))
    while time.monotonic() < deadline and not errors:
        stop.wait(0.05)
    stop.set()
    join(*threads)
    assert not errors, errors
