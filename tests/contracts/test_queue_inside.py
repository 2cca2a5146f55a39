"""What programs reach for inside a queue, and what subclasses hook into: ours, and the standard."""

import gc
import queue as std
import random
import sys
import threading
import time
import weakref
from collections import deque

import pytest

from allcores import queue as ours

HANG = 30.0
KINDS = ("Queue", "LifoQueue", "PriorityQueue")
EVERY = [
    pytest.param(getattr(module, kind), id=f"{name}-{kind}")
    for name, module in (("ours", ours), ("std", std))
    for kind in KINDS
]
MODULES = [pytest.param(ours, id="ours"), pytest.param(std, id="std")]


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


def ordered(make, items: list) -> list:
    """Return the items in the order in which a queue of that kind gives them."""
    if "Lifo" in make.__name__:
        return items[::-1]
    return sorted(items) if "Priority" in make.__name__ else list(items)


# -- the kinds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", EVERY)
def test_each_kind_has_its_order(make, seed: int) -> None:
    generator = random.Random(seed)
    items = [generator.randrange(100) for _ in range(500)]
    q = make()
    for item in items:
        q.put(item)
    assert q.qsize() == 500
    assert [q.get() for _ in items] == ordered(make, items)
    assert q.empty()


@pytest.mark.parametrize("make", EVERY)
def test_the_bound_is_exact_and_timeouts_act(make) -> None:
    q = make(2)
    q.put(1)
    assert not q.full()
    q.put(2, timeout=1)
    assert q.full()
    with pytest.raises(std.Full):
        q.put_nowait(3)
    begin = time.monotonic()
    with pytest.raises(std.Full):
        q.put(3, timeout=0.05)
    assert time.monotonic() - begin >= 0.05
    q.get()
    q.get_nowait()
    with pytest.raises(std.Empty):
        q.get(timeout=0.05)
    with pytest.raises(std.Empty):
        q.get_nowait()
    with pytest.raises(ValueError, match="non-negative"):
        q.get(timeout=-1)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("make", EVERY)
def test_getters_putters_and_joiners_wait_for_each_other(make, inside: bool) -> None:
    q, got = make(1), []
    if inside:
        assert q.mutex is q.mutex

    def consume() -> None:
        for _ in range(200):
            got.append(q.get())
            q.task_done()

    consumer = start(consume)
    for i in range(200):
        q.put(i)
    q.join()
    join(consumer)
    assert got == list(range(200))
    assert q.unfinished_tasks == 0
    with pytest.raises(ValueError, match="too many"):
        q.task_done()


@pytest.mark.parametrize("given", [-1, 0, 7, 1.5])
@pytest.mark.parametrize("make", EVERY)
def test_maxsize_reads_as_it_was_given(make, given: float) -> None:
    q = make(given)
    assert q.maxsize == given
    q.maxsize = 3
    assert q.maxsize == 3
    q.put(1)
    assert q.mutex is not None
    q.maxsize = given
    assert q.maxsize == given


@pytest.mark.parametrize("make", EVERY)
def test_a_locked_queue_in_a_cycle_is_collected(make) -> None:
    class Node:
        def __lt__(self, other: object) -> bool:
            return False

    q, node = make(), Node()
    node.queue = q
    q.put(node)
    q.put(node)
    assert len(q.queue) == 2
    ref = weakref.ref(node)
    del q, node
    gc.collect()
    assert ref() is None


# -- inside ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", EVERY)
def test_the_container_is_there_and_may_be_changed(make) -> None:
    q = make()
    for item in (3, 1, 2):
        q.put(item)
    with q.mutex:
        assert type(q.queue) is (deque if make.__name__ == "Queue" else list)
        assert sorted(q.queue) == [1, 2, 3]
        assert q.mutex.locked()
        assert q.unfinished_tasks == 3
        q.queue.clear()
    assert not q.mutex.locked()
    assert q.empty()
    assert q.unfinished_tasks == 3
    q.put("x")
    assert q.get() == "x"
    with q.mutex:
        q.queue = type(q.queue)([5])
    assert (q.qsize(), q.get()) == (1, 5)


@pytest.mark.parametrize("make", EVERY)
def test_clearing_by_hand_lets_join_go_on(make) -> None:
    q = make()
    for item in range(5):
        q.put(item)
    joiner = start(q.join)
    with q.mutex:
        q.queue.clear()
        q.unfinished_tasks = 0
        q.all_tasks_done.notify_all()
        q.not_full.notify_all()
    join(joiner)
    assert q.unfinished_tasks == 0


@pytest.mark.parametrize("make", EVERY)
def test_a_program_waits_on_the_conditions_and_notifies_them(make) -> None:
    q, seen = make(1), []

    def watch() -> None:
        with q.not_empty:
            while not q.queue:
                q.not_empty.wait()
            seen.append(q.queue[0])
        with q.not_full:
            while q.queue:
                q.not_full.wait()
            seen.append("room")

    watcher = start(watch)
    q.put(1)
    wait_until(lambda: seen == [1])
    assert q.get() == 1
    join(watcher)
    assert seen == [1, "room"]
    # and the other way: our getter and putter sleep, the program puts and takes by hand
    got: list[int] = []
    getter = start(lambda: got.append(q.get()))
    with q.not_empty:
        q.queue.append(7)
        q.not_empty.notify()
    join(getter)
    assert got == [7]
    q.put(1)
    putter = start(q.put, 2)
    with q.mutex:
        q.queue.clear()
        q.not_full.notify()
    join(putter)
    assert q.get() == 2


@pytest.mark.parametrize("make", EVERY)
def test_the_mutex_is_a_lock(make) -> None:
    q = make()
    condition = threading.Condition(q.mutex)
    with condition:
        assert q.mutex.locked()
        condition.notify_all()
        assert not condition.wait(0.001)
    assert q.mutex.acquire()
    refused: list[bool] = []
    join(start(lambda: refused.append(q.mutex.acquire(False))))
    join(start(lambda: refused.append(q.mutex.acquire(timeout=0.001))))
    assert refused == [False, False]
    q.mutex.release()
    with pytest.raises(RuntimeError):
        q.mutex.release()
    assert q.not_empty is not q.not_full
    for condition in (q.not_empty, q.not_full, q.all_tasks_done):
        assert isinstance(condition, threading.Condition)


# -- hooks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_a_subclass_says_how_items_are_kept(module) -> None:
    calls: list[str] = []

    class Unique(module.Queue):
        def _init(self, maxsize: int) -> None:
            calls.append(f"init {maxsize}")
            self.queue = {}

        def _qsize(self) -> int:
            return len(self.queue)

        def _put(self, item: object) -> None:
            assert self.mutex.locked()
            self.queue[item] = None

        def _get(self) -> object:
            assert self.mutex.locked()
            item = next(iter(self.queue))
            del self.queue[item]
            return item

    q = Unique(2)
    assert calls == ["init 2"]
    q.put("a")
    q.put("a")
    q.put("b")
    assert q.full()
    with pytest.raises(std.Full):
        q.put("a", timeout=0.01)
    assert q.unfinished_tasks == 3
    assert (q.get(), q.get()) == ("a", "b")
    with pytest.raises(std.Empty):
        q.get_nowait()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("module", MODULES)
def test_hooks_may_call_those_of_the_class(module, kind: str) -> None:
    base = getattr(module, kind)

    class Counted(base):
        def __init__(self, name: str, *, size: int = 0) -> None:
            self.puts = self.gets = 0
            super().__init__(size)
            self.name = name

        def _put(self, item: object) -> None:
            self.puts += 1
            super()._put(item)

        def _get(self) -> object:
            self.gets += 1
            return base._get(self)

    q = Counted("n", size=3)
    for item in (2, 3, 1):
        q.put(item)
    assert q.full()
    assert [q.get() for _ in range(3)] == ordered(base, [2, 3, 1])
    assert (q.puts, q.gets, q.name) == (3, 3, "n")


@pytest.mark.parametrize("module", MODULES)
def test_a_hook_that_raises_leaves_the_queue_as_it_was(module) -> None:
    class Picky(module.Queue):
        def _put(self, item: object) -> None:
            if item == "bad":
                raise KeyError(item)
            super()._put(item)

        def _get(self) -> object:
            if self.queue[0] == "stuck":
                raise LookupError
            return super()._get()

    q = Picky(2)
    q.put(1)
    with pytest.raises(KeyError):
        q.put("bad")
    assert (q.qsize(), q.unfinished_tasks) == (1, 1)
    assert q.get() == 1
    q.put("stuck")
    with pytest.raises(LookupError):
        q.get()
    assert q.qsize() == 1
    assert not q.mutex.locked()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("module", MODULES)
def test_hooks_can_be_called_from_outside(module, kind: str) -> None:
    q = getattr(module, kind)()
    with q.mutex:
        q._put(2)
        q._put(1)
        assert q._qsize() == 2
        assert [q._get(), q._get()] == ([1, 2] if kind != "Queue" else [2, 1])
        q._init(0)
        assert not q.queue


@pytest.mark.parametrize("immediate", [False, True])
@pytest.mark.parametrize("make", EVERY if hasattr(std, "ShutDown") else EVERY[: len(KINDS)])
def test_shutdown_of_a_locked_queue(make, immediate: bool) -> None:
    q = make()
    q.put(1)
    q.put(2)
    assert q.mutex is not None
    q.shutdown(immediate)
    assert q.is_shutdown
    with pytest.raises(ours.ShutDown):
        q.put(3)
    if not immediate:
        assert sorted([q.get(), q.get()]) == [1, 2]
        assert q.unfinished_tasks == 2
    else:
        assert q.unfinished_tasks == 0
    with pytest.raises(ours.ShutDown):
        q.get()


@pytest.mark.parametrize("kind", KINDS)
def test_interpreters_agree_on_what_a_queue_has(kind: str) -> None:
    mine, theirs = getattr(ours, kind), getattr(std, kind)
    for name in ("mutex", "not_empty", "not_full", "all_tasks_done", "queue", "unfinished_tasks"):
        assert hasattr(theirs(), name), sys.version
        assert hasattr(mine(), name)
    for name in ("_init", "_qsize", "_put", "_get"):
        assert callable(getattr(mine, name))


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("kind", KINDS)
def test_put_nowait_and_get_nowait_call_the_put_and_get_of_a_subclass(module, kind) -> None:
    calls = []

    class Watched(getattr(module, kind)):
        def put(self, item, block=True, timeout=None):
            calls.append(("put", block, timeout))
            super().put(item, block, timeout)

        def get(self, block=True, timeout=None):
            calls.append(("get", block, timeout))
            return super().get(block, timeout)

    q = Watched(1)
    q.put_nowait("item")
    with pytest.raises(module.Full):
        q.put_nowait("another")
    assert q.get_nowait() == "item"
    with pytest.raises(module.Empty):
        q.get_nowait()
    assert calls == [(verb, False, None) for verb in ("put", "put", "get", "get")]
