"""One operation for each public function and method of the compiled modules, for nomemory_child.py.

The name is that of the stub: ``sync.Latch.wait``. The gate in test_hostile.py compares them with the
stubs, so that what comes later brings its own. No operation makes a function: CPython
3.13 itself crashes when the memory for one fails.
"""

import array
import ctypes
import os
from collections.abc import Callable
from typing import Any

from allcores import multiprocessing as mp
from allcores._native import kernels, queues, runtime, sched, sync
from allcores._native import shm as native_shm
from allcores._native import shm_sync as shared

Case = tuple[Callable[[], Any], Callable[[Any], Any]]
NATIVE: dict[str, Case] = {}

#: Not here, and why.
EXEMPT = {
    "sync._Lock.acquire": "a protocol of the stub: there is no such object",
    "sync._Lock.release": "a protocol of the stub: there is no such object",
    "runtime.stop_pool": "takes the pool from under every other case; it allocates nothing of Python's",
    "shm._tell_who_listens": "keeps a reference, once, while allcores.multiprocessing is imported",
    "shm.ShmQueue.join_thread": "does nothing, and says so: there is no thread",
    "shm.ShmQueue.cancel_join_thread": "does nothing, and says so: there is no thread",
}


def of(owner: str, make: Callable[[], Any], calls: dict[str, Callable[[Any], Any]]) -> None:
    """The constructor of a class, and its methods, each on a new object."""
    NATIVE[f"{owner}.__init__"] = (lambda: None, lambda _: make())
    for name, call in calls.items():
        NATIVE[f"{owner}.{name}"] = (make, call)


def function(name: str, call: Callable[[], Any]) -> None:
    NATIVE[name] = (lambda: None, lambda _: call())


def finish(coroutine: Any) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        pass
    finally:
        coroutine.close()


def held(lock: Any, name: str = "", *args: Any) -> None:
    """What a caller with the lock does, and the lock is free afterwards whatever comes."""
    lock.acquire()
    try:
        if name:
            getattr(lock, name)(*args)
    finally:
        lock.release()


def never() -> bool:
    return False


def ones() -> list[int]:
    return [1]


def passed(call: Callable[..., Any], *args: Any) -> None:
    """Acquires, and gives back what it got."""
    if call(*args):
        call.__self__.release()  # type: ignore[attr-defined]


# -- sync ------------------------------------------------------------------------------------------

for kind in (sync.Semaphore, sync.BoundedSemaphore):
    of(f"sync.{kind.__name__}", kind, {
        "acquire": lambda s: passed(s.acquire, True, 0),
        "release": lambda s: (s.acquire(), s.release()),
    })  # fmt: skip
of("sync.Event", sync.Event, {
    "is_set": lambda e: e.is_set(), "isSet": lambda e: e.isSet(), "set": lambda e: e.set(),
    "clear": lambda e: e.clear(), "wait": lambda e: e.wait(0),
})  # fmt: skip
of("sync.AtomicFlag", sync.AtomicFlag, {
    "test_and_set": lambda f: f.test_and_set(), "clear": lambda f: f.clear(),
    "is_set": lambda f: f.is_set(), "wait": lambda f: f.wait(0),
})  # fmt: skip
of("sync.Latch", lambda: sync.Latch(2), {
    "count_down": lambda x: x.count_down(), "wait": lambda x: x.wait(0),
})  # fmt: skip
of("sync.ReentrantLock", sync.ReentrantLock, {
    "acquire": lambda x: passed(x.acquire, True, 0.001), "release": lambda x: held(x),
    "locked": lambda x: x.locked(),
})  # fmt: skip
of("sync.Condition", sync.Condition, {
    "acquire": lambda c: passed(c.acquire), "release": lambda c: held(c),
    "locked": lambda c: c.locked(), "wait": lambda c: held(c, "wait", 0),
    "wait_for": lambda c: held(c, "wait_for", never, 0),
    "notify": lambda c: held(c, "notify"), "notify_all": lambda c: held(c, "notify_all"),
    "notifyAll": lambda c: held(c, "notifyAll"),
})  # fmt: skip
of("sync.Barrier", lambda: sync.Barrier(1), {
    "wait": lambda b: b.wait(0), "reset": lambda b: b.reset(), "abort": lambda b: b.abort(),
})  # fmt: skip


def both(rw: Any, take: str, give: str) -> None:
    if getattr(rw, take)(True, 0):
        getattr(rw, give)()


def downgrade(rw: Any) -> None:
    rw.acquire_write()
    try:
        rw.downgrade()
    except MemoryError:
        rw.release_write()
        raise
    rw.release_read()


def inside(side: Any) -> None:
    with side:
        pass


of("sync.RWLock", sync.RWLock, {
    "acquire_read": lambda rw: both(rw, "acquire_read", "release_read"),
    "release_read": lambda rw: both(rw, "acquire_read", "release_read"),
    "acquire_write": lambda rw: both(rw, "acquire_write", "release_write"),
    "release_write": lambda rw: both(rw, "acquire_write", "release_write"),
    "downgrade": downgrade,
    "read": lambda rw: inside(rw.read()), "write": lambda rw: inside(rw.write()),
})  # fmt: skip
BIG = 1 << 61
NUMBER: dict[str, Callable[[Any], Any]] = {
    "load": lambda a: a.load(), "store": lambda a: a.store(5), "exchange": lambda a: a.exchange(BIG),
    "compare_exchange": lambda a: a.compare_exchange(BIG, 7), "fetch_add": lambda a: a.fetch_add(3),
    "fetch_sub": lambda a: a.fetch_sub(3), "fetch_and": lambda a: a.fetch_and(BIG - 1),
    "fetch_or": lambda a: a.fetch_or(1), "fetch_xor": lambda a: a.fetch_xor(1),
}  # fmt: skip
of("sync.AtomicInt", lambda: sync.AtomicInt(BIG), NUMBER)
of("sync.AtomicRef", lambda: sync.AtomicRef([1]), {
    "load": lambda a: a.load(), "store": lambda a: a.store([2]), "exchange": lambda a: a.exchange([2]),
    "compare_exchange": lambda a: a.compare_exchange(a, [2]),
})  # fmt: skip
of("sync.Once", sync.Once, {})
function("sync.call_once", lambda: sync.call_once(ones)())

# -- queues ----------------------------------------------------------------------------------------


def filled(make: Callable[[], Any]) -> Any:
    q = make()
    for number in range(40):
        q.put(number)
    return q


def join_all(q: Any) -> None:
    while not q.empty():
        q.get()
        q.task_done()
    q.join()


MOVES: dict[str, Callable[[Any], Any]] = {
    "put": lambda q: q.put(7), "get": lambda q: q.get(), "put_nowait": lambda q: q.put_nowait(7),
    "get_nowait": lambda q: q.get_nowait(), "put_many": lambda q: q.put_many(range(20)),
    "get_many": lambda q: q.get_many(20), "qsize": lambda q: q.qsize(), "empty": lambda q: q.empty(),
    "clear": lambda q: q.clear(), "stats": lambda q: q.stats(),
}  # fmt: skip
LISTENED: dict[str, Callable[[Any], Any]] = {
    "aput": lambda q: finish(q.aput(3)), "aget": lambda q: finish(q.aget()),
    "aget_many": lambda q: finish(q.aget_many(3)),
}  # fmt: skip
of("queues.Queue", lambda: filled(queues.Queue), {
    **MOVES, "full": lambda q: q.full(), "task_done": lambda q: (q.get(), q.task_done()),
    "join": join_all,
    "shutdown": lambda q: q.shutdown(immediate=True),
})  # fmt: skip
of("queues.LifoQueue", lambda: filled(queues.LifoQueue), {"peek": lambda q: q.peek()})
of("queues.PriorityQueue", lambda: filled(queues.PriorityQueue), {"peek": lambda q: q.peek()})
of("queues.ShardedQueue", lambda: filled(queues.ShardedQueue), {})
of("queues.SimpleQueue", lambda: filled(queues.SimpleQueue), MOVES)
of("queues.Listened", lambda: filled(queues.Queue), LISTENED)
del NATIVE["queues.Listened.__init__"]  # it has none of its own
function("queues.select", lambda: queues.select([filled(queues.Queue), queues.SimpleQueue()], 0))
of("queues.Mutex", lambda: queues.Queue().mutex, {
    "acquire": lambda m: passed(m.acquire), "release": lambda m: held(m),
    "locked": lambda m: m.locked(),
})  # fmt: skip
del NATIVE["queues.Mutex.__init__"]

# -- kernels ---------------------------------------------------------------------------------------

numbers = array.array("d", [3.0, 1.0, 2.0] * 100)
whole = array.array("q", [3, 1, 2] * 100)
edges = array.array("d", [1.0, 2.0, 3.0])
for name in ("sum", "min", "max", "minmax", "mean", "var", "cumsum", "sort", "argsort", "unique",
             "value_counts"):
    function(f"kernels.{name}", lambda n=name: getattr(kernels, n)(numbers))
function("kernels.dot", lambda: kernels.dot(numbers, numbers))
function("kernels.bincount", lambda: kernels.bincount(whole))
function("kernels.histogram", lambda: kernels.histogram(numbers, bins=4, range=(0.0, 4.0)))
function("kernels.searchsorted", lambda: kernels.searchsorted(edges, numbers))
function("kernels.isin", lambda: kernels.isin(numbers, edges))
function("kernels.crc32", lambda: kernels.crc32(b"x" * 1000))
function("kernels.grep_count", lambda: kernels.grep_count(b"needle, needle", b"needle"))
function("kernels.mandelbrot", lambda: kernels.mandelbrot(8, 8))
function("kernels.primes", lambda: kernels.primes(1000))


def words(text: bytes) -> Any:
    return kernels.count_words_in((text,), 1, 64, 2)


function("kernels.count_words_in", lambda: words(b"some words some"))
function("kernels.table_of_pairs", lambda: kernels.table_of_pairs([(b"a", 1), (b"b", 2)]))
of("kernels.WordTable", lambda: words(b"some words and some more"), {
    "get": lambda t: t.get(b"some"), "of_length": lambda t: t.of_length(4),
    "pairs": lambda t: list(t.pairs()),
    "most_common": lambda t: t.most_common(2),
})  # fmt: skip
del NATIVE["kernels.WordTable.__init__"]

# -- runtime, sched --------------------------------------------------------------------------------

function("runtime.simd_path", runtime.simd_path)
function("runtime.pool_workers", runtime.pool_workers)
#: int abs(int): it returns its first argument, the context.
ABS = ctypes.cast(ctypes.CDLL(None).abs, ctypes.c_void_p).value or 0
of("sched.HeldBuffer", lambda: sched.HeldBuffer(bytearray(16)), {
    "release": lambda b: (b.address, b.release()),
})  # fmt: skip
function("sched.capsule_name", lambda: sched.capsule_name(runtime.api))
function("sched.capsule_address", lambda: sched.capsule_address(runtime.api))
function("sched.run_range", lambda: (
    sched.run_range(ABS, 0, 100, 2, "static", None, None),
    sched.run_range(ABS, 7, 5, 2, "dynamic", 1, None),
))  # fmt: skip

# -- between processes -----------------------------------------------------------------------------


def shared_queue() -> Any:
    q = mp.JoinableQueue()
    for number in range(3):
        q.put([number])
    return q


def large_queue() -> Any:
    q = mp.Queue()
    q.put(b"x" * 200_000)
    return q


SHARED_MOVES: dict[str, Callable[[Any], Any]] = {
    name: call for name, call in MOVES.items() if name != "clear"
} | {
    "get_many": lambda q: q.get_many(2), "full": lambda q: q.full(),
    "shutdown": lambda q: q.shutdown(True), "close": lambda q: q.close(),
}  # fmt: skip
of("shm.ShmQueue", shared_queue, SHARED_MOVES)
NATIVE["shm.ShmQueue.get_view"] = (large_queue, lambda q: bytes(q.get_view(timeout=1)))
READER: dict[str, Callable[[Any], Any]] = {
    "fileno": lambda q: q._reader.fileno(), "poll": lambda q: q._reader.poll(0),
    "recv": lambda q: q._reader.recv(), "close": lambda q: q._reader.close(),
}  # fmt: skip
for name, call in READER.items():
    NATIVE[f"shm.ShmReader.{name}"] = (shared_queue, call)
NATIVE["shm.ShmWriter.send"] = (shared_queue, lambda q: q._writer.send([1]))
NATIVE["shm.ShmWriter.close"] = (shared_queue, lambda q: q._writer.close())


def with_ear() -> Any:
    q = shared_queue()
    return native_shm.ShmEar(q), q


NATIVE["shm.ShmEar.__init__"] = (shared_queue, native_shm.ShmEar)
NATIVE["shm.ShmEar.fileno"] = (with_ear, lambda pair: pair[0].fileno())
NATIVE["shm.ShmEar.listen"] = (with_ear, lambda pair: pair[0].listen(pair[1]))


def carrying() -> Any:
    carrier = native_shm.ShmCarrier(1 << 20)
    assert carrier.put(b"y" * 5000, 0, 5000, 0)
    return carrier


of("shm.ShmCarrier", lambda: native_shm.ShmCarrier(1 << 20), {
    "fileno": lambda c: c.fileno(), "put": lambda c: c.put(b"y" * 5000, 0, 5000, 0),
})  # fmt: skip
NATIVE["shm.ShmCarrier.take"] = (carrying, lambda c: c.take(bytearray(5000), 0, 5000, 0))


def attach(carrier: Any) -> None:
    """The descriptor is the new carrier's if there is one, else still ours."""
    fd = os.dup(carrier.fileno())
    try:
        native_shm.ShmCarrier.attach(fd)
    except MemoryError:
        os.close(fd)
        raise


NATIVE["shm.ShmCarrier.attach"] = (carrying, attach)
function("shm.ShmCarrier.blank", lambda: native_shm.ShmCarrier.blank(100))
function("shm.ShmCarrier.fill", lambda: native_shm.ShmCarrier.fill(bytearray(8), 0, b"12345678"))

function("shm_sync.own_id", shared.own_id)
function("shm_sync.is_dead", lambda: shared.is_dead(shared.own_id()))
SHARED_LOCK: dict[str, Callable[[Any], Any]] = {
    "acquire": lambda x: passed(x.acquire), "release": lambda x: held(x),
    "locked": lambda x: x.locked(), "stats": lambda x: x.stats(),
}  # fmt: skip
of("shm_sync.Lock", mp.Lock, SHARED_LOCK)
of("shm_sync.RLock", mp.RLock, SHARED_LOCK)
for name, pair in list(NATIVE.items()):
    if name.startswith("shm_sync.Lock."):
        NATIVE[name.replace(".Lock.", ".SharedLock.")] = pair
SHARED_SEMAPHORE: dict[str, Callable[[Any], Any]] = {
    "acquire": lambda s: passed(s.acquire), "release": lambda s: (s.acquire(), s.release()),
    "get_value": lambda s: s.get_value(), "locked": lambda s: s.locked(),
}  # fmt: skip
of("shm_sync.Semaphore", mp.Semaphore, SHARED_SEMAPHORE)
of("shm_sync.BoundedSemaphore", mp.BoundedSemaphore, SHARED_SEMAPHORE)
of("shm_sync.Event", shared.Event, {
    "is_set": lambda e: e.is_set(), "set": lambda e: e.set(), "clear": lambda e: e.clear(),
    "wait": lambda e: e.wait(0),
})  # fmt: skip


def leave(row: Any) -> None:
    place = row.enter()
    try:
        place.wait(0)
    finally:
        place.leave()


WAITING: dict[str, Callable[[Any], Any]] = {
    "WaitRow.enter": leave, "WaitRow.answer": lambda r: r.answer(1, 2),
    "WaitRow.count": lambda r: r.count(),
    "Place.wait": leave, "Place.leave": leave,
}  # fmt: skip
for name, call in WAITING.items():
    NATIVE[f"shm_sync.{name}"] = (shared.WaitRow, call)
of("shm_sync.AtomicInt", lambda: shared.AtomicInt(BIG), NUMBER)
of("shm_sync.ArrayMemory", lambda: shared.ArrayMemory((4, 4), "d", 8), {})
