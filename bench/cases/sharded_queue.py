"""Producers and consumers on a queue that keeps order for each producer only."""

from functools import partial

from bench.cases.queue_threads import FRESH, contender
from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Contender
from bench.ours import ours
from bench.rivals import thread_queues

QUESTION = "what does giving up one order for all producers buy?"
BARS: list[Bar] = []  # it is for many processors; on two there is nothing to promise
PAIRS = (1, 2, 4)


def comparisons(settings: Settings) -> Builders:
    """Return one comparison for each number of threads."""

    def build(pairs: int) -> Comparison:
        queues = {
            "allcores.queue.ShardedQueue()": ours("queue", "ShardedQueue"),
            "allcores.queue.Queue()": ours("queue", "Queue"),
            **thread_queues.standard_unbounded(),
        }
        crews: list[Contender] = [
            contender(name, make, pairs, FRESH) for name, make in queues.items()
        ]
        return Comparison("item", crews, f"{pairs} producers, {pairs} consumers; distinct ints")

    return {f"{pairs}+{pairs}": partial(build, pairs) for pairs in settings.pick((1, 2), PAIRS, PAIRS)}
