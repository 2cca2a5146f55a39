"""One thread puts a hundred items and takes them out again, one by one and with one call each."""

from dataclasses import replace
from functools import partial
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, NotAvailable, Sample, Work, WrongAnswer, own_copy
from bench.ours import ours

QUESTION = "what do put_many and get_many save?"
BATCH = 100
MAXSIZE = 1024
# Scalar and batch stand side by side here, and only here, because the question is what one saves.
MANY, SCALAR = f"put_many and get_many of {BATCH}", f"put and get, {BATCH} times"
KINDS = {"unbounded": 0, "bounded": MAXSIZE}
BARS = [
    Bar(f"batches of {BATCH}, {kind}", kind, MANY, SCALAR, 4.0, issue=3)
    for kind in KINDS
]


def in_batches(channel: Any, items: list[object], n: int) -> list[object]:
    """Move all items in and out, n times, with a call for each direction."""
    out: list[object] = []
    for _ in range(n):
        channel.put_many(items)
        out = channel.get_many(len(items))
    return out


def one_by_one(channel: Any, items: list[object], n: int) -> list[object]:
    """Move all items in and out, n times, with a call for each item."""
    out: list[object] = []
    for _ in range(n):
        for item in items:
            channel.put(item)
        out = [channel.get() for _ in items]
    return out


class PerItem(Call):
    """A contender whose unit is an item, not a repetition."""

    def measure(self, reps: int) -> Sample:
        """Run the work and count its items."""
        sample = super().measure(reps)
        return replace(sample, units=sample.units * BATCH)


def comparisons(settings: Settings) -> Builders:
    """Return a queue without a bound and one with."""

    def build(maxsize: int) -> Comparison:
        mine = ours("queue", "Queue")
        if not hasattr(mine, "put_many"):
            raise NotAvailable("allcores.queue.Queue has no put_many")
        items = [object() for _ in range(BATCH)]

        def contender(name: str, loop: Any) -> PerItem:
            channel, own_loop = mine(maxsize), own_copy(loop)

            def check(out: list[object]) -> str:
                if out != items or channel.qsize():
                    raise WrongAnswer(f"{name}: other items came out, or in another order")
                return "the same items in their order"

            return PerItem(name, Work(lambda n: own_loop(channel, items, n), check))

        detail = f"Queue({maxsize or ''}), one thread; an item put and taken"
        return Comparison("item", [contender(MANY, in_batches), contender(SCALAR, one_by_one)], detail)

    return {kind: partial(build, maxsize) for kind, maxsize in KINDS.items()}
