"""The compiled module shm: what the front-end's tests do not reach."""

import ctypes
import datetime
import inspect
import os
import random
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from pickle import PickleBuffer
from typing import Any

import pytest
from mp_helpers import run_script

from allcores._native.shm import ShmQueue
from allcores.errors import QueueCorrupted


def test_a_second_handle_attaches_to_the_same_queue() -> None:
    q = ShmQueue(2)
    q.put("through the descriptor")
    other: ShmQueue[object] = ShmQueue.__new__(ShmQueue)
    other._attach(os.dup(q._fileno()))
    assert other.maxsize == 2
    assert other.get() == "through the descriptor"
    del q
    other.put(1)
    assert other.get() == 1
    with pytest.raises(RuntimeError, match="open already"):
        other._attach(0)


def test_a_descriptor_of_something_else_is_refused() -> None:
    with open(os.devnull) as file, pytest.raises(ValueError, match="not that of a queue"):
        ShmQueue.__new__(ShmQueue)._attach(file.fileno())


@pytest.mark.parametrize("where", ["mark", "size", "positions"])
def test_a_scribbled_queue_raises_and_does_not_crash(where: str) -> None:
    q = ShmQueue()
    q.put("fine")
    fd = q._fileno()
    if where == "positions":
        os.pwrite(fd, b"\xff" * 5000, 128)
        # The locks are gone too: every wait must still end.
        with pytest.raises((QueueCorrupted, MemoryError)):
            q.get(timeout=0.2)
        return
    at = data_of(fd)
    os.pwrite(fd, b"\xff" * 8, at + (10 if where == "mark" else 0))
    with pytest.raises(QueueCorrupted, match="written over"):
        q.get()
    with pytest.raises(QueueCorrupted):
        q.get_many(3, timeout=1)


def data_of(fd: int) -> int:
    """Where the first record lies: after the tables, of which `fixed.data_at` tells the end."""
    return int.from_bytes(os.pread(fd, 8, 24), "little")


def test_every_method_has_a_signature() -> None:
    for name, member in vars(ShmQueue).items():
        if callable(member) and not name.startswith("__"):
            inspect.signature(member)
    assert list(inspect.signature(ShmQueue).parameters) == [
        "maxsize", "limit", "segment_bytes", "ordered", "file", "checksum"
    ]  # fmt: skip


def test_little_address_space_makes_a_smaller_queue_and_no_descriptor_an_error(
    tmp_path: Path,
) -> None:
    code = """
        import resource
        from allcores._native.shm import ShmQueue

        gigabyte = 1 << 30
        resource.setrlimit(resource.RLIMIT_AS, (2 * gigabyte, 2 * gigabyte))
        q = ShmQueue(0, 8 * gigabyte)
        assert q.stats()["limit_bytes"] < 2 * gigabyte
        q.put(b"x" * 1000000)
        assert len(q.get()) == 1000000

        resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
        queues = []
        try:
            while True:
                queues.append(ShmQueue(0, 1 << 20))
        except OSError as error:
            assert "ulimit -n" in str(error), error
        else:
            raise AssertionError
        queues[0].put(1)
        assert queues[0].get() == 1
    """
    run_script(tmp_path, code)


def small_values(rng: random.Random, depth: int) -> Any:
    """A value that is built of small built-in ones."""
    kinds: list[Callable[[], Any]] = [
        lambda: rng.choice([None, True, False, 0, 1, 127, 128, -1, -(1 << 15), 1 << 15]),
        lambda: rng.choice([1 << 31, -(1 << 31) - 1, (1 << 63) - 1, -(1 << 63), 1 << 63, 1 << 200]),
        lambda: rng.choice([0.0, -0.0, 1e300, float("inf")]),
        lambda: rng.choice(["", "ascii", "é", "日本", "\udc80", "x" * 300, "x" * 2000]),
        lambda: rng.choice([b"", b"\x00\xff", b"y" * 300]),
    ]
    if depth < 12:
        count = rng.randrange(5)
        kinds += [
            lambda: tuple(small_values(rng, depth + 1) for _ in range(count)),
            lambda: [small_values(rng, depth + 1) for _ in range(count)],
            lambda: {str(i): small_values(rng, depth + 1) for i in range(count)},
            lambda: {(i, None): small_values(rng, depth + 1) for i in range(count)},
        ]
    return rng.choice(kinds[-6:])()


def test_small_containers_come_back_as_they_were(seed: int) -> None:
    rng = random.Random(seed)
    q: ShmQueue[Any] = ShmQueue()
    values = [small_values(rng, 0) for _ in range(400)]
    values += [tuple(range(300)), list(range(127)), list(range(128)), {i: i for i in range(64)}]
    for value in values:
        q.put(value)
        back = q.get()
        assert (back, type(back), repr(back)) == (value, type(value), repr(value))
    q.put_many(values)
    assert repr(q.get_many(len(values) + 1)) == repr(values)


def test_one_object_stays_one_object() -> None:
    q: ShmQueue[Any] = ShmQueue()
    inner = [1]
    around: list[Any] = []
    around.append(around)
    q.put_many([(inner, inner), {"a": inner, "b": inner}, around])
    pair, both, circle = q.get_many(3)
    assert pair[0] is pair[1]
    assert both["a"] is both["b"]
    assert circle[0] is circle


def test_what_is_not_exactly_a_built_in_type_is_pickled() -> None:
    q: ShmQueue[Any] = ShmQueue()
    stamp = datetime.date(2000, 1, 2)
    values: list[Any] = [(Path("x"), 1), [stamp], {"kind": OrderedDict(a=1)}]
    q.put_many(values)
    back = q.get_many(3)
    assert back == values
    assert type(back[2]["kind"]) is OrderedDict


def test_a_scribbled_small_container_is_refused_or_another_value(seed: int) -> None:
    rng = random.Random(seed)
    message = (1, 1000, [2.5, "text", b"bytes", {"key": (None, True)}], "é")
    seen = set()
    for _ in range(500):
        q: ShmQueue[Any] = ShmQueue()
        q.put(message)
        size = int.from_bytes(os.pread(q._fileno(), 8, data_of(q._fileno())), "little")
        at = data_of(q._fileno()) + 24 + rng.randrange(size)
        os.pwrite(q._fileno(), bytes([rng.choice([0, 7, 10, 11, 12, 255, rng.randrange(256)])]), at)
        try:
            q.get()
            seen.add("a value")
        except QueueCorrupted:
            seen.add("refused")
    assert seen == {"a value", "refused"}


def test_a_received_buffer_is_aligned_writable_and_used_again() -> None:
    q: ShmQueue[Any] = ShmQueue()
    for size in (5000, 100_000, 3 << 20, 3 << 20, 9 << 20):
        sent = PickleBuffer(bytearray(b"a" * size))
        q.put([1, sent, PickleBuffer(bytearray(b"b" * 4096))])
        one, first, second = q.get()
        assert (one, bytes(first), bytes(second)) == (1, b"a" * size, b"b" * 4096)
        for buffer in (first, second):
            view = memoryview(buffer)
            assert ctypes.addressof(ctypes.c_char.from_buffer(view)) % 64 == 0
            view[0] = 0x7A


def test_a_forked_child_receives_large_buffers_too(tmp_path: Path) -> None:
    script = """
        import os
        from pickle import PickleBuffer
        from allcores._native.shm import ShmQueue
        q = ShmQueue()
        for _ in range(2):
            q.put(PickleBuffer(bytearray(2 << 20))); q.get()
        pid = os.fork()
        q.put(PickleBuffer(bytearray(b"q" * (2 << 20))))
        assert bytes(q.get()) == b"q" * (2 << 20)
        if pid == 0:
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        print("fine")
    """
    assert "fine" in run_script(tmp_path, script)
