"""Queues whose memory somebody writes over, checksums, and serializers of the user's."""

import json
import marshal
import os
from pathlib import Path
from pickle import PickleBuffer
from typing import Any

import pytest
from mp_helpers import PATIENCE, run_script

from allcores import multiprocessing as mp
from allcores._native.shm import ShmQueue
from allcores.errors import QueueCorrupted

VALUES: list[Any] = [
    None,
    7,
    "text",
    b"bytes",
    b"B" * 50_000,
    (1, [2.5, {"k": "v"}]),
    {"deep": [list(range(200))] * 3},
    [PickleBuffer(bytearray(b"o" * 30_000)), PickleBuffer(bytearray(b"p" * 5000))],
]


def plain(value: Any) -> Any:
    """Buffers as bytes, so that messages can be compared."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    return bytes(value) if isinstance(value, PickleBuffer | memoryview | bytearray) else value


def data_of(q: Any) -> int:
    """Where the first record lies."""
    return int.from_bytes(os.pread(q._fileno(), 8, 24), "little")


@pytest.mark.parametrize("take", ["get", "get_view", "get_many"])
def test_a_checked_queue_passes_everything(take: str) -> None:
    q = mp.Queue(checksum=True)
    assert q.checksum and not mp.Queue().checksum
    q.put_many(VALUES)
    for value in VALUES:
        q.put(value)
    found: list[Any] = []
    while not q.empty():
        found += q.get_many(100) if take == "get_many" else [getattr(q, take)()]
    assert [plain(one) for one in found] == [plain(one) for one in VALUES * 2]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
@pytest.mark.parametrize("take", ["get", "get_view", "get_many"])
def test_one_changed_byte_is_noticed(value: Any, take: str, seed: int) -> None:
    q = mp.Queue(checksum=True)
    q.put(value)
    at = data_of(q) + 24
    length = int.from_bytes(os.pread(q._fileno(), 8, at - 24), "little")
    where = at + seed % length
    os.pwrite(q._fileno(), bytes([os.pread(q._fileno(), 1, where)[0] ^ 0x10]), where)
    with pytest.raises(QueueCorrupted, match="checksum"):
        q.get_many(3) if take == "get_many" else getattr(q, take)()
    q.put("the next one is fine")
    assert q.get() == "the next one is fine"


def test_a_batch_gives_what_is_whole() -> None:
    q = mp.Queue(checksum=True)
    q.put_many([10, 11, 12])
    os.pwrite(q._fileno(), b"!", data_of(q) + 64 + 24)
    with pytest.raises(QueueCorrupted) as caught:
        q.get_many(5)
    assert caught.value.items == [10, 12]


def test_random_scribbling_ends_in_errors(tmp_path: Path, seed: int) -> None:
    code = """
        import os, random, sys, time
        from allcores._native.shm import ShmQueue
        from allcores.errors import Empty, QueueCorrupted
        rng = random.Random(int(sys.argv[1]))
        end = time.monotonic() + 2.5
        rounds = right = wrong = 0
        while time.monotonic() < end or right <= 60 or wrong <= 10:  # a busy machine takes longer
            q = ShmQueue(limit=1 << 20, checksum=True)
            fd = q._fileno()
            places = [int.from_bytes(os.pread(fd, 8, 24 + 8 * i), "little") for i in range(3)]
            sent = set()
            def put():
                value = (rounds, rng.random(), "x" * rng.choice([1, 100, 3000]))
                sent.add(value)
                q.put(value)
            try:
                for _ in range(20):
                    put()
                for _ in range(rng.randrange(1, 30)):
                    at = rng.choice([*places, places[0], places[0]])  # data; bits; tables
                    at += rng.randrange(1 << rng.randrange(2, 15))
                    os.pwrite(fd, rng.randbytes(rng.choice([1, 4, 8, 40])), at)
                    start = time.monotonic()
                    try:
                        for value in q.get_many(rng.choice([1, 2, 4]), True, 0.01):
                            assert value in sent, value
                            right += 1
                    except Empty:
                        break
                    assert time.monotonic() - start < 15  # 10 ms, and a busy machine
                    put()
            except (QueueCorrupted, MemoryError):
                wrong += 1
            rounds += 1
            q.stats(), q.qsize(), q.empty()
        print("ended", rounds, right, wrong)
    """
    assert "ended" in run_script(tmp_path, code, seed, timeout=PATIENCE)


def test_ctrl_c_ends_every_wait_in_scribbled_memory(tmp_path: Path, seed: int) -> None:
    """Deadlines: the test before. Here the waits have none, and a signal must end them."""
    code = """
        import os, random, signal, sys, threading, time
        from allcores._native.shm import ShmQueue
        from allcores.errors import QueueCorrupted
        rng = random.Random(int(sys.argv[1]))
        end = time.monotonic() + 1.5
        waits = broken = 0
        late = []
        class Over(Exception):
            pass
        def over(signum, frame):
            raise Over
        signal.signal(signal.SIGINT, over)
        while time.monotonic() < end or waits <= 10:  # a busy machine takes longer
            q = ShmQueue(maxsize=rng.choice([0, 3]), limit=1 << 20)
            fd = q._fileno()
            places = [int.from_bytes(os.pread(fd, 8, 24 + 8 * i), "little") for i in range(3)]
            for number in range(rng.randrange(4)):
                q.put(number, False)
            for _ in range(rng.randrange(1, 12)):
                at = rng.choice(places) + rng.randrange(1 << rng.randrange(2, 12))
                os.pwrite(fd, rng.randbytes(rng.choice([1, 4, 8, 24])), at)
            told = []
            def tell():
                told.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGINT)
            timer = threading.Timer(rng.random() * 0.02, tell)
            found = False
            try:
                timer.start()
                try:
                    while True:
                        q.get() if rng.random() < 0.8 else q.put(b"x" * 3000)
                except (QueueCorrupted, MemoryError):
                    found = True
                time.sleep(20)
            except Over:
                broken += found
                waits += not found
                if not found:
                    late.append(time.monotonic() - told[0])
            timer.join()
        late.sort()
        # A wait that no signal ends has no end: how late the last is, is the machine's doing.
        assert late[-1] < 15, late[-5:]
        assert late[0] < 0.1, late[:5]
        print("ended", waits, broken, late[-1])
    """
    assert "ended" in run_script(tmp_path, code, seed, timeout=PATIENCE)


class Backwards:
    """A serializer that can be pickled."""

    def dumps(self, obj: Any) -> bytes:
        """Return JSON, backwards."""
        return json.dumps(obj)[::-1].encode()

    def loads(self, data: bytes) -> Any:
        """Return what it was."""
        return json.loads(data.decode()[::-1])


def _answer(there: Any, back: Any) -> None:
    while (item := there.get()) != "end":
        back.put_many([item])


@pytest.mark.parametrize("serializer", [marshal, Backwards()], ids=["module", "object"])
@pytest.mark.parametrize("checksum", [False, True])
def test_a_serializer_makes_every_message_here_and_in_children(
    ctx: Any, serializer: Any, checksum: bool
) -> None:
    there, back = (mp.Queue(serializer=serializer, checksum=checksum) for _ in range(2))
    there.put([1, "é"])
    there.put_many(["x" * 40_000, "end"])
    child = ctx.Process(target=_answer, args=(there, back))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == 0
    assert back.get() == [1, "é"]
    assert back.get_view() == "x" * 40_000
    assert there.empty() and back.empty()


def test_a_serializer_is_checked() -> None:
    with pytest.raises(TypeError, match="dumps"):
        mp.Queue(serializer=object())
    q = mp.Queue(serializer=json)
    with pytest.raises(TypeError, match="must return bytes"):
        q.put(1)
    assert q.empty()
    made = mp.Queue(serializer=marshal)
    made.put(1)
    other: ShmQueue[Any] = ShmQueue.__new__(ShmQueue)
    other._attach(os.dup(made._fileno()))
    with pytest.raises(TypeError, match="serializer"):
        other.get()


def test_reducers_of_the_standard_library_are_honoured_without_one() -> None:
    from multiprocessing.reduction import ForkingPickler

    class Odd:
        pass

    ForkingPickler.register(Odd, lambda odd: (str, ("reduced",)))
    q = mp.Queue()
    q.put([Odd(), 1])
    assert q.get() == ["reduced", 1]
    q.put((Odd(), Odd()))
    assert q.get() == ("reduced", "reduced")
