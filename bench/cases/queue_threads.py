"""Producers and consumers in threads of their own, as many of the one as of the other."""

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Contender, WrongAnswer, gil_enabled, own_copy
from bench.harness.thread_crew import Shift, ThreadCrew
from bench.ours import ours
from bench.rivals import thread_queues

QUESTION = "how fast do items pass between threads?"
MAXSIZE = 1024
PAIRS = (1, 2, 4)
ITEMS = 500  # of each producer, in one repetition; hundreds
BOUNDED, UNBOUNDED = f"allcores.queue.Queue({MAXSIZE})", "allcores.queue.Queue()"
SIMPLE = "queue.SimpleQueue()"
# What is put: ints that exist once for ever and are not counted, or a new object for each item.
FRESH, SMALL = "distinct ints", "small ints"
SMALL_INTS = tuple(range(100))  # CPython makes those below 257 once


def _bars() -> list[Bar]:
    of: dict[str, Any] = {"issue": 3}
    gil = gil_enabled()
    bars = []
    for pairs, items in ((pairs, items) for pairs in PAIRS for items in (FRESH, SMALL)):
        free, bounded = f"unbounded, {pairs}+{pairs}, {items}", f"bounded, {pairs}+{pairs}, {items}"
        name = f"Queue() {pairs}+{pairs} threads, {items}"
        bars.append(Bar(name, free, UNBOUNDED, SIMPLE, 0.8 if gil else 1.0, **of))
        name = f"Queue({MAXSIZE}) {pairs}+{pairs} threads, {items}"
        bars.append(Bar(name, bounded, BOUNDED, f"queue.Queue({MAXSIZE})", 10.0, **of))
        if not gil:
            bars.append(Bar(name, bounded, BOUNDED, SIMPLE, 1.0, **of))
    return bars


BARS = _bars()


def produce(channel: Any, first: int, count: int) -> None:
    """Put whole numbers, and None to end one consumer."""
    for item in range(first, first + count):
        channel.put(item)
    channel.put(None)


def produce_small(channel: Any, first: int, count: int) -> None:
    """Put the same hundred ints over and over, and None to end one consumer."""
    for _ in range(count // len(SMALL_INTS)):
        for item in SMALL_INTS:
            channel.put(item)
    channel.put(None)


def consume(channel: Any) -> list[int]:
    """Take until None comes."""
    taken: list[int] = []
    while True:
        item = channel.get()
        if item is None:
            return taken
        taken.append(item)


def contender(name: str, make: Callable[[], Any], pairs: int, items: str = FRESH) -> ThreadCrew:
    """Return a crew of this many producers and consumers on one queue, new for each measurement."""
    put_all = own_copy(produce if items == FRESH else produce_small)
    take_all = own_copy(consume)

    def plan(reps: int) -> Shift:
        channel, count = make(), reps * ITEMS
        producers = [partial(put_all, channel, number * count, count) for number in range(pairs)]
        consumers = [partial(take_all, channel) for _ in range(pairs)]
        total = pairs * count

        def check(results: list[Any]) -> str:
            delivered = sum(len(taken) for taken in results[pairs:])
            checksum = sum(sum(taken) for taken in results[pairs:])
            put = total * (total - 1) // 2
            if items == SMALL:
                put = total // len(SMALL_INTS) * sum(SMALL_INTS)
            if delivered != total or checksum != put:
                raise WrongAnswer(f"{name}: put {total} items, {delivered} came out, or others")
            return "all items came out once"

        return Shift([*producers, *consumers], total, check)

    return ThreadCrew(name, plan)


def comparisons(settings: Settings) -> Builders:
    """Return one comparison for each kind of queue and number of threads."""

    def build(kind: str, pairs: int, items: str) -> Comparison:
        mine = ours("queue", "Queue")
        if kind == "unbounded":
            queues = {UNBOUNDED: mine, **thread_queues.standard_unbounded()}
            optional, absent = thread_queues.optional(0)
        else:
            queues = {BOUNDED: lambda: mine(MAXSIZE), **thread_queues.standard_bounded(MAXSIZE)}
            queues[SIMPLE] = thread_queues.standard_unbounded()[SIMPLE]
            optional, absent = thread_queues.optional(MAXSIZE)
        crews: list[Contender] = [
            contender(name, make, pairs, items) for name, make in {**queues, **optional}.items()
        ]
        note = "" if kind == "unbounded" else "; SimpleQueue has no bound, it is shown for scale"
        detail = f"{pairs} producers, {pairs} consumers; {items}, counted and summed{note}"
        return Comparison("item", crews, detail, absent)

    return {
        f"{kind}, {pairs}+{pairs}, {items}": partial(build, kind, pairs, items)
        for pairs in settings.pick((1, 2), PAIRS, PAIRS)
        for kind in ("unbounded", "bounded")
        for items in (FRESH, SMALL)
    }
