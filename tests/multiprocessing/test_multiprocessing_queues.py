"""`Queue` and `JoinableQueue` between processes: the contract."""

import gc
import os
import pickle
import signal
import threading
import time
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pytest
from mp_helpers import (
    PATIENCE,
    count_up,
    echo,
    finish_tasks,
    names_in_shm,
    no_new_name_stays,
    put_blocks,
    report_get,
    report_put,
    run_script,
    send_maxsize,
)

from allcores import multiprocessing as mp
from allcores.errors import Empty, Full, ShutDown
from allcores.multiprocessing.queues import JoinableQueue, Queue

OBJECTS = [
    None, True, False, 0, -1, 2**63 - 1, -(2**63), 2**63, 10**40, 1.5, float("inf"), "", "ascii",
    "é€😀", "\ud800", b"", b"bytes", bytearray(b"x"), (1, (2, [3])), [1, {2: 3}], {"a": {4}}, {},
    frozenset([1]), 1 + 2j, range(5), int, len, "a" * 20000, b"b" * 20000, (b"c" * 100000, "d"),
    list(range(5000)), b"e" * 3_000_000,
]  # fmt: skip


class Marked(Queue[object]):
    """A subclass with an attribute of its own."""

    def __init__(self, label: str, *, ctx: object = None) -> None:
        super().__init__(3, ctx=ctx)  # type: ignore[arg-type]
        self.label = label


class Reduced:
    """Cannot be pickled but through the reducer that the test registers."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __reduce_ex__(self, protocol: object) -> str:
        raise TypeError("not this way")


class Unloadable:
    """Pickles, and raises when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return fail_to_load, ()


def fail_to_load() -> None:
    raise ZeroDivisionError("cannot be loaded")


# -- one process ----------------------------------------------------------------------------------


def test_every_object_comes_out_equal_and_of_its_type() -> None:
    q = mp.Queue()
    for item in OBJECTS:
        q.put(item)
    for item in OBJECTS:
        got = q.get()
        assert got == item
        assert type(got) is type(item)
    q.put_many(OBJECTS)
    got = q.get_many(len(OBJECTS))
    while len(got) < len(OBJECTS):
        got += q.get_many(len(OBJECTS))
    assert got == OBJECTS


def test_an_empty_queue_waits_as_long_as_it_was_told() -> None:
    q = mp.Queue()
    for args in [(False,), (False, 9), (True, 0), (True, -1)]:
        with pytest.raises(Empty):
            q.get(*args)
    with pytest.raises(Empty):
        q.get_nowait()
    start = time.monotonic()
    with pytest.raises(Empty):
        q.get(timeout=0.12)
    assert 0.12 <= time.monotonic() - start < PATIENCE
    with pytest.raises(ValueError, match="nan"):
        q.get(timeout=float("nan"))
    with pytest.raises(TypeError):
        q.get(timeout="soon")


def test_maxsize_is_exact() -> None:
    q = mp.Queue(2)
    q.put(1)
    assert not q.full()
    q.put(2)
    assert q.full()
    assert q.maxsize == 2
    for args in [(3, False), (3, True, 0), (3, True, -1), (3, True, 0.02)]:
        with pytest.raises(Full):
            q.put(*args)
    with pytest.raises(Full):
        q.put_nowait(3)
    assert q.get() == 1
    q.put(3)
    assert [q.get(), q.get()] == [2, 3]


@pytest.mark.parametrize("maxsize", [0, -1])
def test_a_maxsize_of_zero_or_less_is_no_bound(maxsize: int) -> None:
    q = mp.Queue(maxsize)
    for number in range(5000):
        q.put_nowait(number)
    assert q.qsize() == 5000
    assert not q.full()


def test_sizes_are_known_on_every_platform() -> None:
    q = mp.Queue()
    assert q.empty()
    q.put("x")
    assert not q.empty()
    assert q.qsize() == 1
    stats = q.stats()
    assert (stats["depth"], stats["puts"], stats["gets"]) == (1, 1, 0)
    assert stats["bytes"] >= stats["waiting_bytes"] > 0


def test_what_cannot_be_pickled_raises_in_put_and_nothing_is_sent() -> None:
    q = mp.Queue()
    for item in [lambda: None, (1, lambda: None), threading.Lock()]:
        with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
            q.put(item)
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        q.put_many([1, 2, lambda: None])
    assert q.empty()


def test_registered_reducers_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        ForkingPickler._extra_reducers, Reduced, lambda item: (Reduced, (item.value + 1,))
    )
    q = mp.Queue()
    q.put(Reduced(1))
    q.put([{"a": Reduced(2)}])
    assert q.get().value == 2
    assert q.get()[0]["a"].value == 3


class Samples:
    """Gives its buffer to the pickler, as arrays do."""

    def __init__(self, buffer: object) -> None:
        self.buffer = buffer

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        return Samples, (pickle.PickleBuffer(self.buffer),)


@pytest.mark.parametrize("size", [0, 100, 5000, 20_000, 3_000_000])
def test_buffers_arrive_beside_the_pickle(size: int) -> None:
    q = mp.Queue()
    data = bytearray(os.urandom(size))
    expected = bytes(data)
    items = [Samples(data), (Samples(data), "between", Samples(bytes(data))), Samples(data)]
    for item in items:
        q.put(item)
    q.put_many([*items, 1])
    one, (two, word, three), four = q.get(), q.get(), q.get()
    assert word == "between"
    batch = q.get_many(4)
    while len(batch) < 4:
        batch += q.get_many(4)
    assert batch[3] == 1
    for got in (one, two, three, four, batch[0], batch[1][0], batch[1][2], batch[2]):
        assert bytes(got.buffer) == expected
    if size >= 5000:  # smaller ones lie in the pickle
        assert memoryview(three.buffer).readonly  # of bytes
        one.buffer[0] ^= 255
        assert bytes(two.buffer) == expected == bytes(data)


def test_a_buffer_that_is_not_contiguous_is_the_picklers_matter() -> None:
    q = mp.Queue()
    with pytest.raises(pickle.PicklingError, match="contiguous"):
        q.put(Samples(memoryview(bytes(10_000))[::2]))
    assert q.empty()


def test_what_cannot_be_unpickled_raises_in_get_and_the_queue_goes_on() -> None:
    q = mp.Queue()
    q.put(Unloadable())
    q.put(1)
    with pytest.raises(ZeroDivisionError):
        q.get()
    assert q.get() == 1
    q.put_many([1, Unloadable(), 2])
    with pytest.raises(ZeroDivisionError) as caught:
        q.get_many(10)
    assert caught.value.items == [1, 2]
    assert q.empty()


def test_batches_take_what_is_there() -> None:
    q = mp.Queue()
    q.put_many(iter(range(10)))
    assert q.get_many(3) == [0, 1, 2]
    assert q.get_many(100) == list(range(3, 10))
    with pytest.raises(Empty):
        q.get_many(1, timeout=0.01)
    with pytest.raises(Empty):
        q.get_many(1, False)
    q.put_many([])
    assert q.empty()
    big = [(number, b"x" * 5000) for number in range(1000)]
    q.put_many(big)
    got: list[object] = []
    while len(got) < 1000:
        got += q.get_many(1000)
    assert got == big


@pytest.mark.parametrize("n", [0, -1])
def test_a_batch_has_at_least_one(n: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        mp.Queue().get_many(n)
    with pytest.raises(TypeError, match="int"):
        mp.Queue().get_many("1")


def test_a_batch_that_is_not_wholly_in_says_how_many_are() -> None:
    q = mp.Queue(3)
    with pytest.raises(Full) as full:
        q.put_many(range(5), timeout=0.01)
    assert full.value.count == 3
    with pytest.raises(Full) as full:
        q.put_many(range(5), False)
    assert full.value.count == 0
    q.shutdown()
    with pytest.raises(ShutDown) as down:
        q.put_many(range(5))
    assert down.value.count == 0
    assert q.get_many(9) == [0, 1, 2]


def test_close_ends_the_use_in_this_process() -> None:
    q = mp.Queue()
    with pytest.raises(AssertionError, match="not closed"):
        q.join_thread()
    q.put(1)
    q.close()
    q.join_thread()
    q.cancel_join_thread()
    for call in (q.get, q.get_nowait, lambda: q.put(1), lambda: q.put_many([1])):
        with pytest.raises(ValueError, match="is closed"):
            call()
    assert q.qsize() == 1


def test_a_queue_that_was_not_initialised_raises_and_does_not_crash() -> None:
    q = Queue.__new__(Queue)
    for name in ("get", "get_nowait", "qsize", "empty", "full", "shutdown", "stats", "_fileno"):
        with pytest.raises(RuntimeError, match="__init__ was not called"):
            getattr(q, name)()
    with pytest.raises(RuntimeError, match="__init__ was not called"):
        q.put(1)
    assert "not initialised" in repr(q)
    with pytest.raises(RuntimeError, match="second time"):
        mp.Queue().__init__()


def test_pickling_is_refused_but_to_a_child() -> None:
    for q in (mp.Queue(), mp.JoinableQueue()):
        with pytest.raises(RuntimeError, match="only be shared between processes through inherit"):
            pickle.dumps(q)
        with pytest.raises(RuntimeError, match="through inheritance"):
            mp.Queue().put(q)


def test_a_bad_maxsize_is_refused() -> None:
    with pytest.raises(TypeError, match="maxsize"):
        mp.Queue("3")
    with pytest.raises(ValueError, match="limit"):
        Queue(0, _limit=0)


# -- memory ---------------------------------------------------------------------------------------


def test_the_memory_limit_raises_and_loses_nothing() -> None:
    q = Queue(0, _limit=1 << 20)
    count = 0
    with pytest.raises(MemoryError, match="maxsize"):
        while True:
            q.put((count, b"x" * 1000))
            count += 1
    assert count >= 900
    with pytest.raises(MemoryError):
        q.put(b"x" * (2 << 20))
    with pytest.raises(MemoryError) as caught:
        q.put_many([b"x" * (1 << 20)])
    assert caught.value.count == 0
    for number in range(count):
        assert q.get()[0] == number
    q.put(b"x" * 900_000)
    assert len(q.get()) == 900_000


def test_two_hundred_megabytes_wait_for_a_reader_and_the_memory_comes_back(fork) -> None:
    q = mp.Queue()
    producer = fork.Process(target=put_blocks, args=(q, 200, 1 << 20))
    producer.start()
    producer.join(PATIENCE)  # nobody has read yet
    assert producer.exitcode == 0
    assert q.qsize() == 200
    assert q.stats()["memory_bytes"] > 200 << 20
    for number in range(200):
        assert q.get() == (number, bytes(1 << 20))
    assert q.stats()["memory_bytes"] < 24 << 20  # the spares are 16 MB


def test_nothing_of_a_queue_stays_behind() -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    names = names_in_shm()
    queues = [mp.Queue() for _ in range(20)]
    for q in queues:
        q.put(b"x" * 100_000)
    no_new_name_stays(names)
    del queues, q
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


# -- several threads and processes ----------------------------------------------------------------


def test_objects_go_to_a_child_and_come_back(ctx) -> None:
    inbox, outbox = ctx.Queue(), ctx.Queue(2)
    child = ctx.Process(target=echo, args=(inbox, outbox))
    child.start()
    for item in OBJECTS[1:]:
        inbox.put(item)
    for item in OBJECTS[1:]:
        assert outbox.get(timeout=PATIENCE) == item
    inbox.put(None)
    child.join(PATIENCE)
    assert child.exitcode == 0


def test_a_subclass_and_its_attributes_reach_a_child(ctx) -> None:
    results = ctx.Queue()
    child = ctx.Process(target=send_maxsize, args=(Marked("mine"), results))
    child.start()
    assert results.get(timeout=PATIENCE) == ("Marked", 3, "mine")
    child.join(PATIENCE)


@pytest.mark.parametrize("maxsize", [0, 1, 7])
def test_many_producers_and_consumers_lose_and_double_nothing(fork, maxsize: int) -> None:
    count = 3000
    q, results = mp.Queue(maxsize), mp.Queue()
    producers = [fork.Process(target=count_up, args=(q, name, count)) for name in range(3)]
    consumers = [fork.Process(target=echo, args=(q, results)) for _ in range(2)]
    for process in producers + consumers:
        process.start()
    got: list[tuple[int, int]] = []
    while len(got) < 3 * count:
        got += results.get_many(1000, timeout=PATIENCE)
    for _ in consumers:
        q.put(None)
    for process in producers + consumers:
        process.join(PATIENCE)
        assert process.exitcode == 0
    assert sorted(got) == [(name, number) for name in range(3) for number in range(count)]
    assert results.empty()


def test_threads_share_a_queue() -> None:
    q = mp.Queue(5)
    got: list[int] = []
    lock = threading.Lock()

    def take() -> None:
        while (item := q.get(timeout=PATIENCE)) is not None:
            with lock:
                got.append(item)

    takers = [threading.Thread(target=take) for _ in range(3)]
    givers = [threading.Thread(target=lambda: [q.put(i) for i in range(1000)]) for _ in range(3)]
    for thread in takers + givers:
        thread.start()
    for thread in givers:
        thread.join()
    for _ in takers:
        q.put(None)
    for thread in takers:
        thread.join()
    assert sorted(got) == sorted(list(range(1000)) * 3)


def test_what_is_put_after_the_producers_have_ended_comes_last(fork) -> None:
    for ordered in (False, True):
        q = mp.Queue(ordered=ordered)
        for _ in range(5):
            producers = [fork.Process(target=count_up, args=(q, name, 20)) for name in range(3)]
            for process in producers:
                process.start()
            for process in producers:
                process.join(PATIENCE)
            q.put(None)
            got = []
            while (item := q.get(timeout=PATIENCE)) is not None:
                got.append(item)
            assert sorted(got) == [(name, number) for name in range(3) for number in range(20)]
            for name in range(3):
                assert [number for who, number in got if who == name] == list(range(20))
        lanes = q.stats()["lanes"]
        assert lanes == 1 if ordered else 2 <= lanes <= 4


@pytest.mark.parametrize("immediate", [False, True])
def test_shutdown_wakes_those_who_wait_in_other_processes(ctx, immediate: bool) -> None:
    empty, full, results = ctx.Queue(), ctx.Queue(1), ctx.Queue()
    full.put("in")
    waiters = [
        ctx.Process(target=report_get, args=(empty, results)),
        ctx.Process(target=report_put, args=(full, results)),
    ]
    for process in waiters:
        process.start()
    assert [results.get(timeout=PATIENCE) for _ in waiters] == ["waiting"] * 2
    empty.shutdown(immediate)
    full.shutdown(immediate)
    assert [results.get(timeout=PATIENCE) for _ in waiters] == ["ShutDown"] * 2
    for process in waiters:
        process.join(PATIENCE)
    assert full.is_shutdown
    if not immediate:
        assert full.get() == "in"
    with pytest.raises(ShutDown):
        full.get()
    with pytest.raises(ShutDown):
        full.get(False)
    with pytest.raises(ShutDown):
        full.put("more", False)


def test_join_waits_for_every_task(ctx) -> None:
    q = ctx.JoinableQueue(3)
    assert isinstance(q, JoinableQueue)
    worker = ctx.Process(target=finish_tasks, args=(q,))
    worker.start()
    q.put_many(range(20))
    q.put(None)
    q.join()
    assert q.stats()["unfinished"] == 0
    worker.join(PATIENCE)
    with pytest.raises(ValueError, match="too many times"):
        q.task_done()


def test_an_immediate_shutdown_counts_what_it_drops_as_done() -> None:
    q = mp.JoinableQueue()
    q.put_many(range(4))
    q.get()
    q.shutdown(immediate=True)
    q.task_done()
    q.join()
    assert q.empty()


# -- waiting --------------------------------------------------------------------------------------

INTERRUPTED = """
    import signal, sys, time
    from allcores import multiprocessing as mp

    q = mp.JoinableQueue(1)
    if sys.argv[1] != "get":
        q.put(1)
    if sys.argv[1] == "get_many":
        q.get()
    waits = {"get": q.get, "put": lambda: q.put(2), "join": q.join,
             "get_many": lambda: q.get_many(5)}
    def send(*args):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, send)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        waits[sys.argv[1]]()
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("what", ["get", "get_many", "put", "join"])
def test_a_signal_interrupts_every_wait(tmp_path: Path, what: str) -> None:
    assert run_script(tmp_path, INTERRUPTED, what) == "interrupted\n"


def test_ctrl_c_ends_a_waiting_child(fork) -> None:
    q, results = mp.Queue(), mp.Queue()
    child = fork.Process(target=report_get, args=(q, results))
    child.start()
    assert results.get(timeout=PATIENCE) == "waiting"
    os.kill(child.pid, signal.SIGINT)
    child.join(PATIENCE)
    assert child.exitcode == 1
    assert isinstance(child.exception, KeyboardInterrupt)


def test_a_blocked_waiter_uses_next_to_no_processor() -> None:
    q = mp.Queue()
    shares = []
    for _ in range(8):  # a busy machine makes each wake dearer, for a while
        before = time.thread_time()
        with pytest.raises(Empty):
            q.get(timeout=1)
        shares.append(time.thread_time() - before)
        if shares[-1] < 0.001:
            break
    assert min(shares) < 0.001, shares


FORKS_WHILE_BUSY = """
    import os, threading, warnings
    from allcores import multiprocessing as mp

    # what the interpreter warns of is what the test is about
    warnings.simplefilter("ignore", DeprecationWarning)
    q, done = mp.Queue(10), threading.Event()

    def busy():
        while not done.is_set():
            q.put(b"x" * 3000)
            q.get()

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        pid = os.fork()
        if pid == 0:
            for _ in range(20):
                q.put(1, timeout=20)
                q.get(timeout=20)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    done.set()
    for thread in threads:
        thread.join()
    assert q.qsize() == 0
"""


def test_fork_while_other_threads_put_and_get(tmp_path: Path) -> None:
    run_script(tmp_path, FORKS_WHILE_BUSY, warnings="default")
