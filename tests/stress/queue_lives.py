"""Stress of what changes a queue under its users: its bound, its end, a fork."""

import gc
import itertools
import os
import random
import threading
import time
import traceback
import warnings
import weakref
from typing import Any

from queue_common import HANG, Item, Make, Run, all_dead, conserved, drain, hostile_collector, put_kept

from allcores.errors import Empty, Full, ShutDown


def bounds(make: Make, seconds: float, rng: random.Random) -> None:
    """`maxsize` is assigned all the time, also beyond what the ring was made for: nothing is lost."""
    if not make.has("maxsize") or make.name == "ShardedQueue":  # which has no bound
        return
    run = Run()
    end = time.monotonic() + seconds
    turn = 0
    while turn == 0 or time.monotonic() < end:
        turn += 1
        q = make()
        run.stop.clear()
        done = threading.Event()
        puts: list[list[Item]] = [[] for _ in range(3)]
        gets: list[list[Item]] = [[] for _ in range(3)]
        small = rng.random() < 0.7  # for long on the ring, if there is one

        def produce(index: int, own: random.Random, q: Any, puts: Any) -> None:
            for number in itertools.count():
                item = Item(index, number)
                if not put_kept(q, item, own, run.stop):
                    return
                puts[index].append(item)

        def consume(index: int, q: Any, gets: Any, done: threading.Event) -> None:
            while True:
                last = done.is_set()
                try:
                    gets[index].append(q.get(timeout=0.002))
                except Empty:
                    if last:
                        return

        def change(own: random.Random, q: Any, small: bool) -> None:
            while not run.stop.is_set():
                q.maxsize = own.choice([1, 2, 3] if small else [0, 1, 2, 5, 100, 70_000, -1])

        producers = [
            run.start(produce, i, random.Random(rng.random()), q, puts) for i in range(len(puts))
        ]
        consumers = [run.start(consume, i, q, gets, done) for i in range(len(gets))]
        changer = run.start(change, random.Random(rng.random()), q, small)
        run.for_a_while(0.05)
        for thread in (*producers, changer):
            thread.join(HANG)
        done.set()
        for thread in consumers:
            thread.join(HANG)
        run.join()
        conserved(list(itertools.chain(*puts)), list(itertools.chain(*gets)))
        if make.fifo:
            for got in gets:
                for index in range(len(puts)):
                    numbers = [item.number for item in got if item.producer == index]
                    assert numbers == sorted(numbers), "one producer's items in the wrong order"
        q.maxsize = 2
        q.put_nowait(Item(0, 0))
        q.put_nowait(Item(0, 1))
        try:
            q.put_nowait(Item(0, 2))
        except Full:
            continue
        raise AssertionError("the last bound does not hold")


def shutdowns(make: Make, seconds: float, rng: random.Random) -> None:
    """Shut down under load, at once or not: all are told; an item is got, thrown away or refused."""
    if not make.has("shutdown"):
        return
    end = time.monotonic() + seconds
    refs: list[weakref.ref[Any]] = []
    turn = 0
    while turn < 2 or time.monotonic() < end:
        immediate = turn % 2 == 1
        turn += 1
        q = make()
        run = Run()
        puts: list[list[Item]] = [[] for _ in range(3)]
        gets: list[list[Item]] = [[] for _ in range(3)]

        def produce(index: int, q: Any, mine: list[Item]) -> None:
            for number in itertools.count():
                item = Item(index, number)
                try:
                    q.put(item)
                except ShutDown:
                    return
                mine.append(item)
                if make.maxsize == 0 and number % 50 == 0:
                    time.sleep(0)

        def consume(q: Any, mine: list[Item]) -> None:
            while True:
                try:
                    mine.append(q.get())
                except ShutDown:
                    return
                q.task_done()

        def join(q: Any) -> None:
            q.join()

        for index in range(3):
            run.start(produce, index, q, puts[index])
            run.start(consume, q, gets[index])
        run.stop.wait(rng.random() * 0.01)
        run.start(join, q)
        q.shutdown(immediate)
        run.join()
        assert q.unfinished_tasks == 0, q.unfinished_tasks
        assert drain(q) == []
        put, got = list(itertools.chain(*puts)), list(itertools.chain(*gets))
        if immediate:
            assert len({*map(id, got)}) == len(got), "an item came twice"
            assert {*map(id, got)} <= {*map(id, put)}, "an item came that nobody put"
        else:
            conserved(put, got)
        refs += map(weakref.ref, put[-100:])
        del put, got
    puts.clear()
    gets.clear()
    all_dead(refs)


def forks(make: Make, seconds: float, rng: random.Random) -> None:
    """Forks while others put and get: the child has that moment's items, and a queue that works.

    The threads get what they work on as arguments, not as variables of a closure: without a GIL a
    closure's cell has a lock of its own, and CPython 3.13 leaves the child that lock as it was. A
    thread that had just been handed it is not there any more, and the child waits for ever at its
    first look at the variable. A hundred forks beside four threads that read one closure show it
    without any queue.
    """
    warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is the point here
    q = make()
    run = Run()
    for index in range(2):
        run.start(produce_until, run.stop, q, index)
        run.start(consume_until, run.stop, q)
    end = time.monotonic() + seconds
    turn = 0
    while turn < 3 or time.monotonic() < end:
        turn += 1
        if rng.random() < 0.3:
            gc.collect()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                in_the_child(make, q)
                code = 0
            finally:
                os._exit(code)
        deadline = time.monotonic() + HANG
        while (ended := os.waitpid(pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > deadline:
                os.kill(pid, 6)  # SIGABRT: the child prints where it is
                os.waitpid(pid, 0)
                raise AssertionError("a forked child hangs")
            time.sleep(0.001)
        assert os.waitstatus_to_exitcode(ended[1]) == 0, f"a forked child failed: {ended[1]:#x}"
    run.stop.set()
    run.join()


def produce_until(stop: threading.Event, q: Any, index: int) -> None:
    for number in itertools.count():
        while not stop.is_set():
            try:
                q.put(Item(index, number), timeout=0.001)
                break
            except Full:
                pass
        if stop.is_set():
            return
        while q.qsize() > 2000 and not stop.is_set():
            time.sleep(0)


def consume_until(stop: threading.Event, q: Any) -> None:
    while not stop.is_set():
        try:
            q.get(timeout=0.001)
        except Empty:
            pass


def in_the_child(make: Make, q: Any) -> None:
    try:
        size = q.qsize()
        items = drain(q)
        assert len(items) == size, (len(items), size)
        if make.fifo:
            for index in range(2):
                numbers = [item.number for item in items if item.producer == index]
                first = numbers[0] if numbers else 0
                assert numbers == list(range(first, first + len(numbers))), numbers
        for number in range(200):
            q.put_nowait(Item(0, number))
            assert q.get_nowait().number == number
        try:
            q.get(timeout=0.001)
        except Empty:
            pass
        # threads of the child's own can wait on each other through it
        thread = threading.Thread(target=q.put, args=(Item(0, 1),))
        thread.start()
        assert q.get(timeout=HANG).number == 1
        thread.join(HANG)
        gc.collect()
    except BaseException:
        traceback.print_exc()
        raise


def forks_among_collections(make: Make, seconds: float, rng: random.Random) -> None:
    """The same, while a thread collects all the time."""
    with hostile_collector():
        forks(make, seconds, rng)


def bursts(make: Make, seconds: float, rng: random.Random) -> None:
    """Threads wait without a timeout, each for one item (or for room); as many come at once: all wake.

    Who was woken takes one and does not come back, so that nothing but the queue's own care for the
    others wakes them. The main thread is not among them.
    """
    q = make()
    run = Run()
    count = 5
    gate = threading.Barrier(count + 1)
    over = threading.Event()
    getting = True

    def one() -> None:
        while True:
            gate.wait(HANG)
            if over.is_set():
                return
            if getting:
                q.get()
            else:
                q.put(Item(0, 0))
            gate.wait(HANG)

    def asleep() -> int:
        return int(q.stats().get("waits", 0)) if make.has("stats") else 0

    for _ in range(count):
        run.start(one)
    end = time.monotonic() + seconds
    rounds = 0
    while time.monotonic() < end or rounds < 4:
        rounds += 1
        getting = rounds % 2 == 0 or make.maxsize == 0
        while not getting and q.qsize() < make.maxsize:
            q.put(Item(1, 0))
        enough = asleep() + rng.randrange(count + 1)
        gate.wait(HANG)
        deadline = time.monotonic() + 1
        while asleep() < enough and time.monotonic() < deadline:
            time.sleep(0)  # so many of them at least sleep, or nearly so
        left = count
        while left:
            burst = rng.randint(1, min(left, make.maxsize or left))
            if getting and make.has("put_many"):
                q.put_many([Item(0, i) for i in range(burst)], timeout=HANG)
            elif getting:
                for i in range(burst):
                    q.put(Item(0, i), timeout=HANG)
            elif make.has("get_many"):
                burst = len(q.get_many(burst, timeout=HANG))
            else:
                for _ in range(burst):
                    q.get(timeout=HANG)
            left -= burst
        try:
            gate.wait(HANG / 4)
        except threading.BrokenBarrierError:
            raise AssertionError(f"a wake was lost: {q.qsize()} inside, round {rounds}") from None
        drain(q)
    over.set()
    gate.wait(HANG)
    run.join()
    print(f"  {rounds} rounds")


SCENARIOS = {
    "bursts": bursts,
    "bounds": bounds,
    "shutdowns": shutdowns,
    "forks": forks,
    "forks_among_collections": forks_among_collections,
}
