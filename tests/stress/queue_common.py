"""What the stress scenarios of the queues share: countable items, threads, a hostile collector."""

import gc
import random
import resource
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from allcores import queue as ours
from allcores.errors import Empty, Full, ShutDown

#: Longer than any correct wait here; who reaches it has hung.
HANG = 60.0


class Make:
    """A way to make a queue; there only if this version has the class and it is ours."""

    def __init__(
        self, name: str, maxsize: int = 0, fifo: bool = True, module: Any = ours
    ) -> None:
        self.module = module
        self.name = name
        self.maxsize = maxsize
        self.fifo = fifo

    def __call__(self) -> Any:
        return self.cls(self.maxsize) if self.maxsize else self.cls()

    @property
    def cls(self) -> Any:
        return getattr(self.module, self.name)

    @property
    def there(self) -> bool:
        found = getattr(ours, self.name, None)
        return found is not None and found.__module__.startswith("allcores")

    def has(self, *methods: str) -> bool:
        return all(hasattr(self.cls, method) for method in methods)

    @property
    def compares(self) -> bool:
        """Whether items' code runs inside: then a nested put comes later, a nested get is refused."""
        return self.name == "PriorityQueue"

    @property
    def late_puts(self) -> bool:
        """Whether a nested put may fail after it has returned (tests/native/test_queues_inside.py)."""
        return self.compares and self.maxsize > 0

    def __str__(self) -> str:
        return f"{self.name}({self.maxsize or ''})"


MAKES = [
    make
    for make in (
        Make("Queue"),
        Make("Queue", 3),
        Make("SimpleQueue"),
        Make("LifoQueue", fifo=False),
        Make("LifoQueue", 3, fifo=False),
        Make("PriorityQueue", fifo=False),
        Make("PriorityQueue", 3, fifo=False),
        Make("ShardedQueue"),
    )
    if make.there
]


class Item:
    """A fresh object each time, mortal, comparable (for priority queues), weakly referable."""

    __slots__ = ("__weakref__", "number", "producer")

    def __init__(self, producer: int, number: int) -> None:
        self.producer = producer
        self.number = number

    def __lt__(self, other: Any) -> bool:
        return bool(self.key() < other.key())

    def key(self) -> tuple[int, int]:
        return (self.producer, self.number)


class Run:
    """Threads until their ends; the first exception of one stops all and is raised."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.errors: list[BaseException] = []
        self.threads: list[threading.Thread] = []

    def start(self, target: Callable[..., None], *args: Any) -> threading.Thread:
        def run() -> None:
            try:
                target(*args)
            except BaseException as error:
                self.errors.append(error)
                self.stop.set()

        thread = threading.Thread(target=run, daemon=True)
        self.threads.append(thread)
        thread.start()
        return thread

    def for_a_while(self, seconds: float) -> None:
        self.stop.wait(seconds)
        self.stop.set()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(HANG)
        if self.errors:
            raise self.errors[0]
        assert not any(thread.is_alive() for thread in self.threads), "a thread hangs"


@contextmanager
def hostile_collector() -> Iterator[None]:
    """Collections all the time: from a thread, and after nearly every allocation of a container.

    Without a GIL a collection stops every thread, which takes it a millisecond: there they leave some
    time in between, or little else would happen.
    """
    before = gc.get_threshold()
    stop = threading.Event()

    def collect() -> None:
        while not stop.wait(0 if gil else 0.002):
            gc.collect()

    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    gc.set_threshold(*((7, 2, 2) if gil else (200, 2, 2)))
    thread = threading.Thread(target=collect, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(HANG)
        gc.set_threshold(*before)


def drain(q: Any) -> list[Any]:
    """What is inside, taken out."""
    found = []
    while True:
        try:
            found.append(q.get_nowait())
        except (Empty, ShutDown):
            return found


def rss_mib() -> float:
    """Memory of this process that is resident now."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 2**20


def all_dead(refs: list[weakref.ref[Any]]) -> None:
    """Fail if one of the objects still lives, after a moment for threads that are ending."""
    deadline = time.monotonic() + 3
    while any(ref() is not None for ref in refs):
        gc.collect()
        alive = sum(ref() is not None for ref in refs)
        assert time.monotonic() < deadline, f"{alive} of {len(refs)} objects were never freed"


def put_kept(q: Any, item: Any, rng: random.Random, stop: threading.Event) -> bool:
    """Put by one of the ways there are, again and again until it is in; False if it is not."""
    while not stop.is_set():
        kind = rng.randrange(4)
        try:
            if kind == 0:
                q.put(item, timeout=0.01)
            elif kind == 1:
                q.put_nowait(item)
            elif kind == 2 and hasattr(q, "put_many"):
                q.put_many([item], timeout=0.01)
            else:
                q.put(item, True, 0.01)
        except Full:
            continue
        return True
    return False


def conserved(puts: list[Any], gets: list[Any]) -> None:
    """Every item put was got once. Compared as objects."""
    put, got = sorted(map(id, puts)), sorted(map(id, gets))
    lost, more = len(set(put) - set(got)), len(set(got) - set(put))
    assert put == got, f"{len(put)} put, {len(got)} got: {lost} lost, {more} never put, others twice"
