"""The compiled module shm: what the front-end's tests do not reach."""

import inspect
import os
from pathlib import Path

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
        os.pwrite(fd, b"\xff" * 2000, 128)
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
        "maxsize", "limit", "segment_bytes", "ordered"
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
