"""Arguments that nobody should pass, and the objects of ours that they are passed to."""

import array
import random
from collections.abc import Callable
from typing import Any

from allcores import kernels, parallel, queue, threading
from allcores import multiprocessing as mp


class Raises:
    """Whatever is asked of it, it raises."""

    def __index__(self) -> int:
        raise ZeroDivisionError("index")

    __int__ = __float__ = __bool__ = __len__ = __iter__ = __hash__ = __index__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError("eq")

    def __lt__(self, other: object) -> bool:
        raise ZeroDivisionError("lt")

    def __repr__(self) -> str:
        raise ZeroDivisionError("repr")

    def __reduce__(self) -> Any:
        raise ZeroDivisionError("reduce")


class Lies:
    """It answers with something of another type."""

    def __index__(self) -> Any:
        return "1"

    def __float__(self) -> Any:
        return None

    def __len__(self) -> int:
        return 1 << 40

    def __iter__(self) -> Any:
        return 5

    def __lt__(self, other: object) -> Any:
        return []

    def __eq__(self, other: object) -> Any:
        return NotImplemented

    def __hash__(self) -> int:
        return 1

    def __length_hint__(self) -> int:
        return -5


class Returns:
    """It comes back into the object that it was given to."""

    def __init__(self, target: Any, rng: random.Random) -> None:
        self.target = target
        self.rng = rng
        self.depth = 0

    def again(self) -> None:
        if self.depth > 0:
            return  # what it is given back to may be itself
        self.depth += 1
        try:
            self.inside()
        finally:
            self.depth -= 1

    def inside(self) -> None:
        for name in ("put_nowait", "get_nowait", "release", "clear", "set", "notify_all", "shutdown"):
            method = getattr(self.target, name, None)
            if method is not None and self.rng.random() < 0.3:
                try:
                    method(*([self] if name == "put_nowait" else []))
                except Exception:
                    pass

    def __index__(self) -> int:
        self.again()
        return 1

    def __float__(self) -> float:
        self.again()
        return 0.0

    def __lt__(self, other: object) -> bool:
        self.again()
        return self.rng.random() < 0.5

    def __iter__(self) -> Any:
        for number in range(5):
            self.again()
            yield number

    def __del__(self) -> None:
        self.again()


def released_view() -> memoryview:
    view = memoryview(bytearray(16))
    view.release()
    return view


#: Each a way to make one, so that no call finds what another has spoilt.
VALUES: list[Callable[[], Any]] = [
    *(lambda v=v: v for v in (
        None, True, False, 0, 1, -1, 2, 3, 7, 64, 255, 256, 65_537, 2**31 - 1, 2**31, -(2**31) - 1,
        2**32, 2**62, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 10**30, -(10**30),
        0.0, -0.0, 0.001, 0.5, 1.5, -1.5, 1e-300, 1e300, float("nan"), float("inf"), float("-inf"),
        1j, "", "x", "é\ud800", "i" * 300, b"", b"a bb a", b"\0" * 65, (), (1,), (1, 2, 3), ..., int,
        NotImplemented, object, max, len, queue.Queue, threading.AtomicInt, ValueError,
    )),
    bytearray, list, dict, set, object, Raises, Lies, released_view,
    lambda: [1, 2, 3], lambda: [None] * 300, lambda: {1: 2}, lambda: {"a", "b"}, lambda: iter([1, 2]),
    lambda: (n for n in range(3)), lambda: range(10), lambda: range(-(10**20), 10**20, 10**19),
    lambda: bytearray(b"some words, some words"), lambda: memoryview(b"12345678"),
    lambda: memoryview(bytearray(64))[::2], lambda: memoryview(bytearray(64))[::-1],
    lambda: memoryview(bytearray(64)).cast("d"), lambda: memoryview(bytearray(64)).cast("B", (8, 8)),
    *(lambda c=c: array.array(c, [3, 1, 2]) for c in "bBhHiIlLqQfd"),
    lambda: array.array("d", [float("nan"), 0.0, -0.0]), lambda: array.array("q"),
    lambda: [(b"a", 1), (b"b", -1), ("c", 2)], lambda: [(b"a",)], lambda: lambda *a, **k: None,
    lambda: (lambda x: 1 // 0), lambda: type("Str", (str,), {})("s"), lambda: type("Int", (int,),
         {})(5),
    lambda: RuntimeError("boo"), lambda: BaseException(),
]  # fmt: skip

NAMES = ["timeout", "block", "blocking", "maxsize", "value", "n", "threads", "out", "spsc", "ordered",
         "immediate", "target", "chunk", "count", "top", "key", "mode", "workers", "self", "x", ""]

QUEUES = [queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue, queue.ShardedQueue]
WAITS = [
    getattr(threading, name)
    for name in (
        "Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier", "RWLock", "Latch",
        "AtomicInt",
        "AtomicRef", "AtomicFlag", "ThreadGroup", "Timer",
    )
    if hasattr(threading, name)
]  # fmt: skip
SHARED = [mp.Queue, mp.JoinableQueue, mp.SimpleQueue]
GROUPS: dict[str, list[Any]] = {
    "queue": [*QUEUES, queue.select],
    "threading": [*WAITS, threading.call_once],
    "kernels": [getattr(kernels, n) for n in kernels.__all__ if callable(getattr(kernels, n))],
    "parallel": [getattr(parallel, n) for n in parallel.__all__ if callable(getattr(parallel, n))],
    "multiprocessing": SHARED,
}
