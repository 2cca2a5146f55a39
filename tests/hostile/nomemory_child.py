"""Fails the n-th allocation of one operation, for n = 0, 1, 2, ... until it succeeds:
``nomemory_child.py NAME ...``.

Each time the operation must raise MemoryError, or succeed, and leave an object that still works.
Python's allocator alone is made to fail (``_testcapi.set_nomemory``); memory that csrc takes from the
system is not.
"""

import _testcapi
import array
import faulthandler
import gc
import sys
from collections.abc import Callable
from typing import Any

from nomemory_native import NATIVE

from allcores import kernels, queue, threading
from allcores import multiprocessing as mp

QUEUES: dict[str, Callable[[], Any]] = {
    "Queue": queue.Queue,
    "bounded": lambda: queue.Queue(300),
    "spsc": lambda: queue.Queue(300, spsc=True),
    "LifoQueue": queue.LifoQueue,
    "PriorityQueue": queue.PriorityQueue,
    "SimpleQueue": queue.SimpleQueue,
    "ShardedQueue": queue.ShardedQueue,
}


class Hooked(queue.Queue):
    """A subclass with a store of its own: its queue is a locked one."""

    def _put(self, item: Any) -> None:
        super()._put(item)


def all_there(q: Any) -> None:
    """A queue that was to become a locked one has all its items, in their order, whatever failed."""
    q.put(100)
    got = [q.get_nowait() for _ in range(q.qsize())]
    expected = list(range(101))
    assert got == (expected[::-1] if isinstance(q, queue.LifoQueue) else expected), got
    assert q.empty() and q.unfinished_tasks == 101


def half(make: Callable[[], Any]) -> Any:
    q = make()
    for number in range(100):
        q.put(number)
    return q


def drained(q: Any) -> None:
    """What is checked after each failure: the queue still takes and gives."""
    q.put(5)
    taken = 0
    while not q.empty():
        q.get_nowait()
        taken += 1
    assert taken >= 1, taken


def finish(coroutine: Any) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        pass
    finally:
        coroutine.close()


Case = tuple[Callable[[], Any], Callable[[Any], Any], Callable[[Any], None]]
CASES: dict[str, Case] = {}


def case(name: str, make: Callable[[], Any], operation: Callable[[Any], Any],
         check: Callable[[Any], None] = lambda _: None) -> None:
    CASES[name] = (make, operation, check)


many = list(range(600))
for name, make in QUEUES.items():
    case(f"{name} new", lambda: None, lambda _, m=make: m())
    for operation, call in {
        "put": lambda q: q.put(7),
        "put many": lambda q: [q.put(n) for n in range(150)],
        "get": lambda q: q.get(),
        "put_many": lambda q: q.put_many(range(150)),
        "get_many": lambda q: q.get_many(80),
        "get_nowait": lambda q: q.get_nowait(),
        "stats": lambda q: q.stats(),
        "repr": lambda q: repr(q),
        "select": lambda q: queue.select([q], 0),
        "aput": lambda q: finish(q.aput(3)),
        "aget": lambda q: finish(q.aget()),
        "shutdown": lambda q: q.shutdown(),
    }.items():  # fmt: skip
        if hasattr(make(), operation.split()[0]) or operation in ("repr", "select"):
            case(f"{name} {operation}", lambda m=make: half(m), call,
                 drained if operation != "shutdown" else lambda _: None)
    case(f"{name} timeout", make, lambda q: _none(q.get, True, 0.001), drained)
    case(f"{name} select timeout", make, lambda q: queue.select([q], 0.001), drained)
for name in ("Queue", "bounded", "LifoQueue", "PriorityQueue"):
    case(f"{name} inside", lambda m=QUEUES[name]: half(m), lambda q: (q.mutex, q.queue), all_there)
    case(f"{name} unfinished", lambda m=QUEUES[name]: half(m),
         lambda q: setattr(q, "unfinished_tasks", 100), all_there)
case("hooked put", lambda: half(Hooked), lambda q: q.put(1), drained)
case("hooked get", lambda: half(Hooked), lambda q: q.get(), drained)
case("hooked timeout", Hooked, lambda q: _none(q.get, True, 0.001), drained)
case("maxsize", lambda: half(lambda: queue.Queue(300)), lambda q: setattr(q, "maxsize", 5000), drained)
case("instance attribute", queue.Queue, lambda q: setattr(q, "note", 1), drained)


def _none(call: Callable[..., Any], *args: Any) -> None:
    try:
        call(*args)
    except queue.Empty:
        pass


def usable_lock(lock: Any) -> None:
    assert lock.acquire(timeout=1)
    lock.release()


def usable_condition(condition: Any) -> None:
    with condition:
        condition.wait(0.0001)
        condition.notify_all()


def wait_condition(condition: Any) -> None:
    with condition:
        condition.wait(0.001)


def notify(condition: Any) -> None:
    with condition:
        condition.notify_all()


def both_sides(lock: Any) -> None:
    lock.acquire_read()
    lock.release_read()
    lock.acquire_write()
    lock.release_write()


for name in ("Condition", "Event", "Semaphore", "BoundedSemaphore", "RWLock", "AtomicInt", "AtomicRef",
             "AtomicFlag"):
    case(f"{name} new", lambda: None, lambda _, n=name: getattr(threading, n)())
case("Barrier new", lambda: None, lambda _: threading.Barrier(1))
case("Latch new", lambda: None, lambda _: threading.Latch(1))
case("Semaphore acquire", lambda: threading.Semaphore(1), lambda s: s.acquire(), lambda s: s.release())
case("Semaphore timeout", lambda: threading.Semaphore(0), lambda s: s.acquire(timeout=0.001),
     lambda s: s.release())
case("Condition wait", threading.Condition, wait_condition, usable_condition)
case("Condition notify", threading.Condition, notify, usable_condition)
case("Event wait", threading.Event, lambda e: e.wait(0.001), lambda e: e.set())
case("Barrier wait", lambda: threading.Barrier(1), lambda b: b.wait(1))
case("Latch", lambda: threading.Latch(1), lambda latch: (latch.count_down(), latch.wait(0.001)))
case("RWLock", threading.RWLock, both_sides, both_sides)
case("AtomicInt", lambda: threading.AtomicInt(1 << 40), lambda a: (a.fetch_add(5), a.load(), repr(a)))
case("AtomicRef", lambda: threading.AtomicRef([]), lambda a: (a.exchange([1]), a.load(), repr(a)))
case("call_once", lambda: threading.call_once(lambda: [1]), lambda f: f())

numbers = array.array("d", range(100_000, 0, -1))
case("sum", lambda: None, lambda _: kernels.sum(numbers))
case("sort", lambda: None, lambda _: kernels.sort(numbers))
case("argsort", lambda: None, lambda _: kernels.argsort(numbers))
case("isin", lambda: None, lambda _: kernels.isin(numbers, numbers[:100]))
case("crc32", lambda: None, lambda _: kernels.crc32(b"x" * 100_000))
case("count_words", lambda: None, lambda _: kernels.count_words(b"some words and some more " * 4000))
case("words to dict", lambda: kernels.count_words(b"a b c a " * 100), lambda w: dict(w.items()))
case("mandelbrot", lambda: None, lambda _: kernels.mandelbrot(32, 32))
case("primes", lambda: None, lambda _: kernels.primes(100_000))


def shared_queue() -> Any:
    q = mp.Queue()
    q.put([1, 2])
    return q


case("mp new", lambda: None, lambda _: mp.Queue())
case("mp put", shared_queue, lambda q: q.put({"a": [1, 2, 3]}), lambda q: q.get(timeout=1))
case("mp put large", shared_queue, lambda q: q.put(b"x" * 100_000), lambda q: q.get(timeout=1))
case("mp get", shared_queue, lambda q: q.get(), lambda q: q.put(1))
case("mp put_many", shared_queue, lambda q: q.put_many([1, 2, 3]), lambda q: q.get(timeout=1))
case("mp timeout", mp.Queue, lambda q: _none(q.get, True, 0.001), lambda q: q.put(1))

for native, (make_it, call_it) in NATIVE.items():
    case(native, make_it, call_it)


def fail_each(name: str) -> int:
    """Return how many allocations were failed."""
    make, operation, check = CASES[name]
    failed = n = quiet = 0
    while quiet < 10:
        subject = make()
        gc.collect(0)
        missed = False
        _testcapi.set_nomemory(n, n + 1)
        try:
            operation(subject)
        except MemoryError:
            missed = True
        finally:
            _testcapi.remove_mem_hooks()
        quiet = 0 if missed else quiet + 1
        failed += missed
        check(subject)
        n += 1
        assert n < 5000, "it never succeeds"
    return failed


def main() -> None:
    faulthandler.enable()
    gc.disable()
    chosen = [name for name in CASES if len(sys.argv) < 2 or name in sys.argv[1:]]
    for name in chosen:
        print(name, end=": ", flush=True)
        operation = CASES[name][1]
        operation(CASES[name][0]())  # whatever is made once is there
        failed = fail_each(name)
        grown = 1 << 30
        for _ in range(3):  # the interpreter grows tables of its own now and then
            gc.collect()
            before = sys.getallocatedblocks()
            again = fail_each(name)
            gc.collect()
            grown = min(grown, sys.getallocatedblocks() - before)
        print(f"{failed} failures, {grown} blocks more", flush=True)
        # Each failure would leave a block at least.
        assert grown < max(again, 1) or again == 0, f"{name}: {again} failures leave {grown} blocks"
    print("end", flush=True)


if __name__ == "__main__":
    main()
