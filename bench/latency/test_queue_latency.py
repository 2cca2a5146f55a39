"""One put and one get on an empty queue, and the calls that find nothing."""

import queue
from collections.abc import Callable
from typing import Any

import pytest

allcores_queue = pytest.importorskip("allcores.queue", exc_type=ImportError)

QUEUES: dict[str, Callable[[], Any]] = {
    "allcores.queue.Queue(1024)": lambda: allcores_queue.Queue(1024),
    "allcores.queue.Queue()": allcores_queue.Queue,
    "allcores.queue.SimpleQueue()": allcores_queue.SimpleQueue,
    "queue.Queue(1024)": lambda: queue.Queue(1024),
    "queue.Queue()": queue.Queue,
    "queue.SimpleQueue()": queue.SimpleQueue,
}


@pytest.mark.parametrize("name", QUEUES)
@pytest.mark.benchmark(group="put and get")
def test_put_and_get(benchmark: Any, name: str) -> None:
    channel, item = QUEUES[name](), object()

    def put_and_get() -> object:
        channel.put(item)
        return channel.get()

    assert benchmark(put_and_get) is item
    assert channel.qsize() == 0


@pytest.mark.parametrize("name", QUEUES)
@pytest.mark.benchmark(group="get_nowait on an empty queue")
def test_get_nowait_finds_nothing(benchmark: Any, name: str) -> None:
    channel = QUEUES[name]()

    def find_nothing() -> bool:
        try:
            channel.get_nowait()
        except queue.Empty:
            return True
        return False

    assert benchmark(find_nothing)


@pytest.mark.parametrize("name", [name for name in QUEUES if name.startswith("allcores")])
@pytest.mark.benchmark(group="put_many and get_many of 100, for all of them")
def test_a_batch(benchmark: Any, name: str) -> None:
    channel, items = QUEUES[name](), list(range(100))

    def batch() -> Any:
        channel.put_many(items)
        return channel.get_many(100)

    assert benchmark(batch) == items
