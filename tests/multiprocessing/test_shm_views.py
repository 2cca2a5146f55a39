"""`get_view`: large messages that are read where they lie."""

import gc
import os
import signal
from pickle import PickleBuffer
from typing import Any

import pytest
from mp_helpers import PATIENCE, await_true

from allcores import multiprocessing as mp
from allcores.errors import Empty
from allcores.multiprocessing.queues import Queue

BIG = 200_000


def put_block(q: Any, letter: bytes, size: int = BIG) -> None:
    q.put([letter, PickleBuffer(bytearray(letter * size))])


def test_a_view_is_read_only_and_stays_while_others_come_and_go() -> None:
    q = mp.Queue()
    put_block(q, b"a")
    letter, view = q.get_view()
    assert letter == b"a" and memoryview(view).readonly
    for _ in range(100):
        put_block(q, b"b")
        assert q.get()[0] == b"b"
    assert bytes(view) == b"a" * BIG
    held = q.stats()["memory_bytes"]
    assert held > 100 * BIG  # what was put after it waits for the view
    del view
    gc.collect()
    put_block(q, b"c")
    assert q.get()[0] == b"c"
    assert q.stats()["memory_bytes"] < held
    assert q.stats()["lost"] == 0


def test_bytes_come_as_a_memoryview_and_the_rest_as_it_is() -> None:
    q = mp.Queue()
    values = [b"small", b"l" * BIG, (1, 2), "s" * BIG, None, {"big": [b"y" * BIG]}]
    q.put_many(values)
    found = [q.get_view() for _ in values]
    for value, back in zip(values, found, strict=True):
        if type(value) is bytes:
            assert type(back) is memoryview and back.readonly
            assert bytes(back) == value
        else:
            assert back == value
    with pytest.raises(Empty):
        q.get_view(timeout=0.01)


def test_views_beyond_the_first_sixteen_are_copies() -> None:
    q = mp.Queue()
    for number in range(40):
        put_block(q, bytes([number]))
    views = [q.get_view() for _ in range(40)]
    assert q.qsize() == 0
    for number, (_, view) in enumerate(views):
        assert bytes(view) == bytes([number]) * BIG
        assert memoryview(view).readonly


def test_a_view_outlives_the_queue_object() -> None:
    q = mp.Queue()
    put_block(q, b"z")
    _, view = q.get_view()
    del q
    gc.collect()
    assert bytes(view) == b"z" * BIG


def test_an_array_is_a_view_of_the_queue() -> None:
    numpy = pytest.importorskip("numpy")
    q = mp.Queue()
    sent = numpy.arange(100_000, dtype="d").reshape(100, 1000)
    q.put({"array": sent})
    found = q.get_view()["array"]
    assert (found == sent).all()
    assert not found.flags.writeable and found.flags.aligned


def hold(q: Any, told: Any) -> None:
    view = q.get_view()
    told.put(len(view[1]))
    signal.pause()


def test_the_memory_of_a_killed_holder_comes_back(fork: Any) -> None:
    q, told = Queue(0, _limit=8 * BIG), mp.Queue()
    for _ in range(30):
        put_block(q, b"a", 5 * BIG)
        child = fork.Process(target=hold, args=(q, told))
        child.start()
        assert told.get(timeout=PATIENCE) == 5 * BIG
        with pytest.raises(MemoryError):
            put_block(q, b"b", 5 * BIG)
        os.kill(child.pid, signal.SIGKILL)
        child.join(PATIENCE)

        def is_free() -> bool:
            try:
                put_block(q, b"c", 5 * BIG)
            except MemoryError:
                q.stats()  # looks for the dead
                return False
            return True

        await_true(is_free, "memory for another message")
        assert bytes(q.get()[1]) == b"c" * 5 * BIG
    assert q.stats()["lost"] == q.stats()["deaths"] == 30
