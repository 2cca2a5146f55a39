"""Queues as objects: the collector, references, re-entrance, pickling, subclasses, signatures.

Run on ours and, where they promise the same, on the standard library's.
"""

import gc
import inspect
import pickle
import queue as std
import sys
import weakref

import pytest

from allcores import queue as ours
from allcores.errors import Full, ShutDown

EVERY = [
    pytest.param(ours.Queue, id="ours"),
    pytest.param(std.Queue, id="std"),
    pytest.param(ours.SimpleQueue, id="ours-simple"),
    pytest.param(std.SimpleQueue, id="std-simple"),
]
OURS = [
    pytest.param(ours.Queue, id="queue"),
    pytest.param(ours.SimpleQueue, id="simple"),
    pytest.param(ours.LifoQueue, id="lifo"),
    pytest.param(ours.ShardedQueue, id="sharded"),
]
KINDS = [
    *OURS,
    pytest.param(ours.PriorityQueue, id="priority"),
]


class Node:
    """Something that can be referred to weakly."""


@pytest.mark.parametrize("make", EVERY)
def test_a_queue_in_a_cycle_is_collected(make) -> None:
    gc.collect()
    refs = []
    for fill in (1, 2, 40, 100):
        q, node = make(), Node()
        node.queue = q
        for _ in range(fill):
            q.put(node)
            q.put([node])
            q.get()
        refs.append(weakref.ref(node))
        del q, node
    gc.collect()
    assert [ref() for ref in refs] == [None] * len(refs)


@pytest.mark.parametrize("make", EVERY)
def test_what_is_inside_stays_alive_and_is_visited_once(make) -> None:
    q, node = make(), Node()
    ref = weakref.ref(node)
    q.put(node)
    del node
    gc.collect()
    assert ref() is not None
    if make in (ours.Queue, ours.SimpleQueue):  # the others keep a list inside
        assert sum(item is ref() for item in gc.get_referents(q)) == 1
    assert q.get() is ref()
    assert ref() is None


@pytest.mark.parametrize("make", OURS)
@pytest.mark.parametrize("maxsize", [0, 10])
def test_reference_counts_return_to_the_start(make, maxsize: int) -> None:
    if make in (ours.SimpleQueue, ours.ShardedQueue) and maxsize:
        pytest.skip("it has no bound")
    q = make(maxsize) if maxsize else make()
    item = Node()
    before = sys.getrefcount(item)
    for _ in range(5):
        q.put(item)
    assert sys.getrefcount(item) == before + 5
    for _ in range(3):
        q.get()
    q.get_many(5)
    assert sys.getrefcount(item) == before
    if maxsize:
        q.put_many([item] * 10)
        with pytest.raises(Full):
            q.put(item, timeout=0.001)
        with pytest.raises(Full):
            q.put_many([item] * 3, block=False)
        assert sys.getrefcount(item) == before + 10
        q.shutdown(immediate=True)
        assert sys.getrefcount(item) == before
        with pytest.raises(ShutDown):
            q.put(item)
    else:
        q.put_many([item] * 100)
    del q
    assert sys.getrefcount(item) == before


@pytest.mark.parametrize("make", OURS)
def test_a_put_from_del_and_from_a_weakref_callback_works(make) -> None:
    q = make()

    class Last:
        def __del__(self) -> None:
            q.put("from del")

    q.put(Last())
    q.get()
    assert q.get() == "from del"
    node = Node()
    ref = weakref.ref(node, lambda _: q.put("from callback"))
    q.put(node)
    del node
    q.get()
    assert q.get() == "from callback"
    assert ref() is None


@pytest.mark.parametrize("make", OURS)
def test_nested_queues_end_without_deep_recursion(make) -> None:
    q = make()
    for _ in range(100_000):
        outer = make()
        outer.put(q)
        q = outer
    del q, outer


@pytest.mark.parametrize("make", OURS)
def test_pickling_is_refused_and_says_what_to_use(make) -> None:
    with pytest.raises(TypeError, match=r"allcores\.multiprocessing\.Queue"):
        pickle.dumps(make())


@pytest.mark.parametrize("make", EVERY)
def test_types_can_be_subscripted(make) -> None:
    assert make[int].__origin__ is make


def test_a_subclass_may_have_another_init() -> None:
    class Named(ours.Queue):
        def __init__(self, name: str, *, size: int) -> None:
            super().__init__(size)
            self.name = name

    q = Named("n", size=2)
    q.put(1)
    assert (q.name, q.maxsize, q.get()) == ("n", 2, 1)


def test_a_method_before_init_raises_and_does_not_crash() -> None:
    class Forgetful(ours.Queue):
        def __init__(self) -> None:
            pass

    q = Forgetful()
    for call in (q.put, q.put_nowait, q.put_many):
        with pytest.raises(RuntimeError, match="super"):
            call([1])
    for call in (q.get, q.get_nowait, q.qsize, q.empty, q.full, q.join, q.task_done, q.shutdown):
        with pytest.raises(RuntimeError, match="super"):
            call()
    with pytest.raises(RuntimeError, match="super"):
        q.get_many(1)
    with pytest.raises(RuntimeError, match="super"):
        _ = q.maxsize
    repr(q)
    gc.collect()
    once = ours.Queue()
    with pytest.raises(RuntimeError, match="second time"):
        once.__init__(3)


def test_a_bad_maxsize_is_refused() -> None:
    for wrong in ("3", [1], None):
        with pytest.raises(TypeError, match="maxsize"):
            ours.Queue(wrong)
    q = ours.Queue(1)
    with pytest.raises(TypeError, match="maxsize"):
        q.maxsize = "many"
    assert ours.Queue(10**30).maxsize > 2**60


@pytest.mark.parametrize("make", [ours.Queue, ours.LifoQueue, std.Queue])
@pytest.mark.parametrize(("maxsize", "room"), [(1.5, 2), (0.5, 1), (2.0, 2), (float("inf"), 50)])
def test_any_number_is_a_bound(make, maxsize: float, room: int) -> None:
    q = make(maxsize)
    for i in range(room):
        assert not q.full()
        q.put_nowait(i)
    assert q.full() == (maxsize < 50)


@pytest.mark.parametrize("make", OURS)
def test_every_method_has_a_signature_and_a_docstring(make) -> None:
    inspect.signature(make)
    for name, member in vars(make).items():
        if name.startswith("_") or not callable(member):
            continue
        assert inspect.signature(member).parameters, name
        assert member.__doc__, name


def test_signatures_are_the_standard_ones() -> None:
    for name in ("put", "get", "put_nowait", "get_nowait", "qsize", "task_done", "join"):
        mine = list(inspect.signature(getattr(ours.Queue, name)).parameters.values())
        theirs = list(inspect.signature(getattr(std.Queue, name)).parameters.values())
        assert [(p.name, p.default) for p in mine] == [(p.name, p.default) for p in theirs], name


def test_the_exceptions_are_the_standard_ones() -> None:
    assert ours.Empty is std.Empty
    assert ours.Full is std.Full
    assert ours.ShutDown is getattr(std, "ShutDown", ours.ShutDown)


def test_stats_count_what_happened() -> None:
    q = ours.Queue(4)
    q.put_many([1, 2, 3])
    q.get()
    stats = q.stats()
    assert stats["puts"] == 3
    assert stats["gets"] == 1
    assert stats["depth"] == 2
    assert stats["waits"] == 0
    assert stats["unfinished"] == 3
