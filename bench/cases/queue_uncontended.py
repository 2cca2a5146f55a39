"""One thread puts an item and takes it out again, over and over."""

import queue
from collections.abc import Callable
from functools import partial
from itertools import repeat
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Work, WrongAnswer, gil_enabled, own_copy
from bench.ours import ours
from bench.rivals import thread_queues

QUESTION = "what do one put and one get cost when no other thread is there?"
MAXSIZE = 1024
BOUNDED, UNBOUNDED = f"allcores.queue.Queue({MAXSIZE})", "allcores.queue.Queue()"
OUR_SIMPLE = "allcores.queue.SimpleQueue()"
# Issue 3: at most 1.25 times SimpleQueue's time with the GIL, no more than it without.
SIMPLE_BAR = 1 / 1.25 if gil_enabled() else 1.0

BARS = [
    Bar("Queue(1024) put+get", "bounded", BOUNDED, "queue.Queue(1024)", at_least=20.0),
    Bar("Queue(1024) put+get", "bounded", BOUNDED, "queue.Queue(1024)", 30.0, issue=3),
    Bar(
        "Queue(1024) put+get",
        "bounded",
        BOUNDED,
        "queue.SimpleQueue()",
        SIMPLE_BAR,
        issue=3,
    ),
    Bar("Queue() put+get", "unbounded", UNBOUNDED, "queue.Queue()", 30.0, issue=3),
    Bar(
        "Queue() put+get",
        "unbounded",
        UNBOUNDED,
        "queue.SimpleQueue()",
        SIMPLE_BAR,
        issue=3,
    ),
]


def put_and_get(channel: Any, n: int) -> Any:
    """Put and get n times: ten to a turn of the loop, so that the loop itself costs little."""
    item = got = object()
    for _ in repeat(None, n // 10):
        channel.put(item)
        got = channel.get()
        channel.put(item)
        got = channel.get()
        channel.put(item)
        got = channel.get()
        channel.put(item)
        got = channel.get()
        channel.put(item)
        got = channel.get()
        channel.put(item)
        got = channel.get()
        channel.put(item)
        got = channel.get()
        channel.put(item)
        got = channel.get()
        channel.put(item)
        got = channel.get()
        channel.put(item)
        got = channel.get()
    for _ in repeat(None, n % 10):
        channel.put(item)
        got = channel.get()
    return item is got and channel.qsize() == 0


def contender(name: str, make: Callable[[], Any]) -> Call:
    """Return a contender with a queue and a loop of its own."""
    channel, loop = make(), own_copy(put_and_get)

    def check(fine: bool) -> str:
        if not fine:
            raise WrongAnswer(f"{name}: another object came out, or something was left inside")
        return "the same object came out"

    return Call(name, Work(lambda n: loop(channel, n), check))


def comparisons(settings: Settings) -> Builders:
    """Return bounded and unbounded queues, each kind beside the standard ones."""

    def bounded() -> Comparison:
        mine = ours("queue", "Queue")
        optional, absent = thread_queues.optional(MAXSIZE)
        return Comparison(
            "put and get",
            [
                contender(BOUNDED, lambda: mine(MAXSIZE)),
                contender(f"queue.Queue({MAXSIZE})", lambda: queue.Queue(MAXSIZE)),
                contender("queue.SimpleQueue()", queue.SimpleQueue),
                *(contender(name, make) for name, make in optional.items()),
            ],
            "one object, one thread, block=True; SimpleQueue has no bound",
            absent,
        )

    def unbounded() -> Comparison:
        optional, absent = thread_queues.optional(0)
        return Comparison(
            "put and get",
            [
                contender(UNBOUNDED, ours("queue", "Queue")),
                contender(OUR_SIMPLE, ours("queue", "SimpleQueue")),
                contender("queue.Queue()", queue.Queue),
                contender("queue.SimpleQueue()", queue.SimpleQueue),
                *(contender(name, make) for name, make in optional.items()),
            ],
            "one object, one thread, block=True",
            absent,
        )

    def ordered(name: str) -> Comparison:
        mine = ours("queue", name)
        theirs = getattr(queue, name)
        makers = {f"allcores.queue.{name}()": mine, f"queue.{name}()": theirs}
        return Comparison(
            "put and get",
            [contender(label, make) for label, make in makers.items()],
            "one object, one thread, block=True; nothing else is inside",
        )

    return {
        "bounded": bounded,
        "unbounded": unbounded,
        "last in, first out": partial(ordered, "LifoQueue"),
        "by priority": partial(ordered, "PriorityQueue"),
    }
