"""faster-fifo's own comparison: tuples of five ints, from one process to one, up to twenty to twenty.

Its `comparison_tests.py` (PEERS: N1) starts the processes inside the clock, and gives its own queue
100,000 bytes where the standard one has room for 100,000 items. Here they start outside the clock, and
every queue has room for as many items: faster-fifo's bytes are counted as it counts them.
"""

import pickle
from functools import partial
from typing import Any

from bench.cases.process_queue import put_tuples
from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import NotAvailable, WrongAnswer
from bench.harness.process_crew import ProcessCrew, ProcessShift
from bench.rivals import process_queues
from bench.rivals.process_queues import Family

QUESTION = "how fast are the six workloads that faster-fifo compares itself with?"
BARS: list[Bar] = []  # shown beside, as the issue asks
CAPACITY = 1000
# pickled by faster-fifo, and the eight bytes that it keeps beside each message
MESSAGE_BYTES = len(pickle.dumps((1 << 20,) * 5)) + 8
BATCH = 100
CROWDS = ((1, 1), (1, 10), (10, 1), (3, 20), (20, 3), (20, 20))


def get_share(queue: Any, count: int, batches: bool) -> tuple[int, int]:
    """Take so many messages; return their number and a sum."""
    got = total = 0
    while got < count:
        items = queue.get_batch(min(BATCH, count - got)) if batches else (queue.get(),)
        got += len(items)
        for item in items:
            total += item[0]
    return got, total


def crowd(family: Family, producers: int, consumers: int, batches: bool) -> ProcessCrew:
    """Return processes that put one by one and take one by one, or up to a hundred at a time."""

    def plan(reps: int) -> ProcessShift:
        queue, each = family.queue(CAPACITY), reps * 60
        whole = producers * each

        def check(results: list[Any]) -> str:
            got = [sum(column) for column in zip(*results[producers:], strict=True)]
            if got != [whole, producers * (each * (each - 1) // 2)]:
                raise WrongAnswer(f"{family.name}: {producers} put {each} messages each, got {got}")
            return "all messages came once"

        bodies: list[Any] = [(put_tuples, (queue, each))] * producers
        bodies += [(get_share, (queue, whole // consumers, batches))] * consumers
        return ProcessShift(bodies, whole, check, queue.close)

    suffix = f", get_many({BATCH})" if batches else ""
    return ProcessCrew(f"{family.name}.Queue{suffix}", family.process, plan)


def comparisons(settings: Settings) -> Builders:
    """Return the six configurations; the two smallest alone where nothing shall be measured."""

    def build(producers: int, consumers: int) -> Comparison:
        standard, own = process_queues.standard(), process_queues.allcores()
        found = [own]
        absent = {}
        try:
            found.append(process_queues.faster_fifo(CAPACITY * MESSAGE_BYTES))
        except NotAvailable as error:
            absent = {"faster_fifo.Queue": str(error)}
        crews = [crowd(family, producers, consumers, False) for family in [*found, standard]]
        crews += [crowd(family, producers, consumers, True) for family in found]
        said = f"{producers} producers, {consumers} consumers; tuples of five ints; room for {CAPACITY}"
        return Comparison("message", crews, said, absent)

    crowds = settings.pick(CROWDS[:2], CROWDS, CROWDS)
    return {f"{p} to {c}": partial(build, p, c) for p, c in crowds}
