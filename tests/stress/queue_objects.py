"""Stress of queues by objects: finalizers and callbacks that come back, nests, cycles, leaks."""

import gc
import itertools
import random
import sys
import threading
import time
import weakref
from typing import Any

from queue_common import (
    HANG,
    Item,
    Make,
    Run,
    all_dead,
    conserved,
    drain,
    hostile_collector,
    put_kept,
    rss_mib,
)

from allcores.errors import Empty, Full


def conservation(make: Make, seconds: float, rng: random.Random) -> None:
    """Every item is got once, one producer's in order; then all are freed. Collections all the time."""
    q = make()
    run = Run()
    puts: list[list[Item]] = [[] for _ in range(4)]
    gets: list[list[Item]] = [[] for _ in range(4)]
    done = threading.Event()

    def produce(index: int, own: random.Random) -> None:
        for number in itertools.count():
            item = Item(index, number)
            if not put_kept(q, item, own, run.stop):
                return
            puts[index].append(item)
            while q.qsize() > 100 and not run.stop.is_set():
                time.sleep(0)  # or the end would be long: the collector slows the consumers down

    def consume(index: int, own: random.Random) -> None:
        while True:
            last = done.is_set()
            try:
                if own.random() < 0.2 and hasattr(q, "get_many"):
                    gets[index] += q.get_many(own.randint(1, 9), timeout=0.005)
                else:
                    gets[index].append(q.get(own.random() < 0.7, 0.005))
            except Empty:
                if last:
                    return

    with hostile_collector():
        producers = [run.start(produce, i, random.Random(rng.random())) for i in range(4)]
        for i in range(4):
            run.start(consume, i, random.Random(rng.random()))
        run.for_a_while(seconds)
        for thread in producers:
            thread.join(HANG)
        done.set()
        run.join()
    assert q.qsize() == 0
    conserved(list(itertools.chain(*puts)), list(itertools.chain(*gets)))
    if make.fifo:
        in_order(gets)
    refs = [weakref.ref(item) for item in itertools.chain(*puts)]
    puts.clear()
    gets.clear()
    all_dead(refs)


def in_order(gets: list[list[Any]]) -> None:
    """What each consumer got of each producer came in that one's order."""
    for got in gets:
        for index in range(4):
            numbers = [item.number for item in got if item.producer == index]
            assert numbers == sorted(numbers), "one producer's items in the wrong order"


def finalizers(make: Make, seconds: float, rng: random.Random) -> None:
    """Items whose end puts into the same queue, takes from it, or puts itself back."""
    if make.late_puts:
        return
    q = make()
    run = Run()
    # Appending to a list is one step on every interpreter: finalizers run in any thread.
    puts: list[int] = []
    gets: list[int] = []
    depth = threading.local()

    class Ending(Item):
        __slots__ = ("lives",)

        def __init__(self, lives: int) -> None:
            super().__init__(0, lives)
            self.lives = lives

        def __del__(self) -> None:
            depth.now = getattr(depth, "now", 0) + 1
            try:
                if self.lives > 0 and depth.now < 10:
                    put(Ending(self.lives - 1))
                    if self.lives % 3 == 0:
                        get()
                    if self.lives % 3 == 1:
                        self.lives = 0
                        put(self)
            finally:
                depth.now -= 1

    def put(item: Ending) -> None:
        try:
            q.put_nowait(item)
        except Full:
            return
        puts.append(1)

    def get() -> None:
        try:
            item = q.get_nowait()
        except Empty:
            return
        except RuntimeError:  # from inside an operation of the same queue
            assert make.compares
            return
        gets.append(1)
        del item

    def churn(own: random.Random) -> None:
        while not run.stop.is_set():
            if own.random() < 0.5:
                put(Ending(own.randrange(5)))
            else:
                get()
            if own.random() < 0.05:  # a queue that ends with such items inside
                inner = make()
                inner.put(Ending(own.randrange(5)))
                if own.random() < 0.5:
                    inner.put(Item(0, 0)) if make.maxsize == 0 else None
                    cycle: list[Any] = [inner]
                    cycle.append(cycle)

    with hostile_collector():
        for _ in range(4):
            run.start(churn, random.Random(rng.random()))
        run.for_a_while(seconds)
        run.join()
    gc.collect()
    while q.qsize():
        get()
    assert len(puts) == len(gets), f"{len(puts)} put, {len(gets)} got"


def weak_callbacks(make: Make, seconds: float, rng: random.Random) -> None:
    """Weak references whose callbacks put into the queue that let go of the object."""
    q = make()
    run = Run()
    puts: list[int] = []
    gets: list[int] = []
    refs: list[list[Any]] = [[] for _ in range(4)]

    def back(_: Any) -> None:
        try:
            q.put_nowait(Item(1, 0))
        except Full:
            return
        puts.append(1)

    def churn(own: random.Random, kept: list[Any]) -> None:
        while not run.stop.is_set():
            item = Item(0, 0)
            kept.append(weakref.ref(item, back))
            try:
                q.put(item, timeout=0.001)
                puts.append(1)
            except Full:
                pass
            del item
            try:
                q.get_nowait()
                gets.append(1)
                if own.random() < 0.5:
                    q.get_nowait()
                    gets.append(1)
            except Empty:
                pass
            if len(kept) > 1000:
                del kept[:900]

    with hostile_collector():
        for kept in refs:
            run.start(churn, random.Random(rng.random()), kept)
        run.for_a_while(seconds)
        run.join()
    while q.qsize():
        try:
            q.get_nowait()
            gets.append(1)
        except Empty:
            pass
    assert len(puts) == len(gets), f"{len(puts)} put, {len(gets)} got"


def nests(make: Make, seconds: float, rng: random.Random) -> None:
    """Queues in queues in queues, dropped: by the last reference, as a cycle, also in a thread.

    With the stack that threads have by default: 3.12 and later let deallocation go 10,000 levels deep
    whatever the stack, so that in 1 MiB also the standard library's SimpleQueue overflows it.
    """

    class Sub(make.cls):  # type: ignore[misc, name-defined]
        pass

    def nest(depth: int, closed: bool, sub: bool, lists: bool) -> list[weakref.ref[Any]]:
        first = q = make()
        refs = [weakref.ref(first)]
        for _ in range(depth):
            outer = Sub() if sub and rng.random() < 0.5 else make()
            outer.put([q] if lists else q)
            q = outer
        refs.append(weakref.ref(q))
        if closed:
            first.put(q)
        return refs

    def some(depth: int) -> None:
        for closed in (False, True):
            for sub, lists in ((False, False), (True, False), (False, True)):
                refs = nest(depth, closed, sub, lists)
                if closed:
                    gc.collect()
                alive = sum(ref() is not None for ref in refs)
                assert alive == 0, f"a nest is still alive: {closed=} {sub=} {lists=}"

    gc.collect()
    # 12,000: more than the levels that deallocation may go
    if seconds >= 1:
        some(100_000)
    run = Run()
    run.start(some, 12_000 if seconds < 1 else 20_000)
    run.join()


def cycles(make: Make, seconds: float, rng: random.Random) -> None:
    """Rings of queues and objects are made and dropped by all threads; nothing of them stays."""
    run = Run()
    refs: list[list[Any]] = [[] for _ in range(4)]

    class Node:
        pass

    def churn(own: random.Random, kept: list[Any]) -> None:
        while not run.stop.is_set() and len(kept) < 20_000:
            ring = [make() for _ in range(own.randint(1, 4))]
            for at, q in enumerate(ring):
                node = Node()
                node.q = ring[at - 1]  # type: ignore[attr-defined]
                q.put((own.random(), at, node) if not make.fifo else node)
                kept.append(weakref.ref(node))
                kept.append(weakref.ref(q))
            if own.random() < 0.5:
                ring[0].get()

    with hostile_collector():
        for kept in refs:
            run.start(churn, random.Random(rng.random()), kept)
        run.for_a_while(seconds)
        run.join()
    all_dead(list(itertools.chain(*refs)))


def leaks(make: Make, seconds: float, rng: random.Random) -> None:
    """After many rounds of everything: as many objects, references and as much memory as before."""
    probe = Item(0, 0)

    def round_(count: int) -> None:
        q = make()
        for number in range(count):
            q.put(Item(1, number))
            q.put(probe)
            q.get()
            if make.maxsize:
                q.put(probe)
                try:
                    q.put(probe, timeout=0.0 if number % 50 else 0.0001)
                    q.put(probe, False)
                except Full:
                    pass
            drain(q)
            try:
                q.get(timeout=0)
            except Empty:
                pass
            if number % 20 == 0:
                if make.has("put_many"):
                    try:
                        q.put_many([Item(2, i) for i in range(5)], timeout=0)
                    except Full:
                        pass
                    q.get_many(2)
                inner = make()
                inner.put(probe)
                inner.put(Item(3, number))
                if make.has("shutdown"):
                    inner.shutdown(immediate=number % 40 == 0)
                q.put(inner) if make.fifo else None
                drain(q)

    rounds = max(4, int(seconds * 10))
    for _ in range(3):
        round_(1000)
    gc.collect()
    objects, references, memory = len(gc.get_objects()), sys.getrefcount(probe), rss_mib()
    for _ in range(rounds):
        round_(3000)
    gc.collect()
    # 3000 and more items a round: one object in a thousand that stayed would show in each of these.
    more = len(gc.get_objects()) - objects
    assert more <= 50, f"{more} more objects than before"
    more = sys.getrefcount(probe) - references
    assert more == 0, f"{more} more references than before"
    grown = rss_mib() - memory
    assert grown <= 4 + 0.01 * rounds, f"{grown:.1f} MiB more than before, after {rounds} rounds"


SCENARIOS = {
    "conservation": conservation,
    "finalizers": finalizers,
    "weak_callbacks": weak_callbacks,
    "nests": nests,
    "cycles": cycles,
    "leaks": leaks,
}
