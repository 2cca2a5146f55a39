"""Threads add one to the same number."""

from collections.abc import Callable
from functools import partial
from itertools import repeat
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Contender, WrongAnswer, gil_enabled, own_copy
from bench.harness.thread_crew import Shift, ThreadCrew
from bench.ours import ours
from bench.rivals import thread_sync

QUESTION = "how fast do threads count together?"
OURS, LOCKED = "allcores.threading.AtomicInt", "lock and int"
THREADS = (1, 2, 4)
ADDS = 500  # of each thread, in one repetition
BARS: list[Bar] = []
if not gil_enabled():  # with the GIL one thread runs at a time: shown, without a bar
    BARS.append(Bar("AtomicInt, 2 threads", "2 threads", OURS, LOCKED, 5.0, issue=3))


def add_one_with_argument(fetch_add: Any, count: int) -> None:
    """Add one `count` times; what adds is told how much."""
    for _ in repeat(None, count):
        fetch_add(1)


def add_one(add: Any, count: int) -> None:
    """Add one `count` times."""
    for _ in repeat(None, count):
        add()


def contender(
    name: str, make: Callable[[], tuple[Any, Any]], loop: Callable[[Any, int], None], threads: int
) -> ThreadCrew:
    """Return threads on one counter, new for each measurement."""
    own_loop = own_copy(loop)

    def plan(reps: int) -> Shift:
        (add, load), count = make(), reps * ADDS

        def check(results: list[Any]) -> str:
            if load() != threads * count:
                raise WrongAnswer(f"{name}: added {threads * count} times, and it says {load()}")
            return "nothing was lost"

        return Shift([partial(own_loop, add, count)] * threads, threads * count, check)

    return ThreadCrew(name, plan)


def comparisons(settings: Settings) -> Builders:
    """Return one comparison for each number of threads."""

    def build(threads: int) -> Comparison:
        mine = ours("threading", "AtomicInt")

        def make() -> tuple[Any, Any]:
            counter = mine(0)
            return counter.fetch_add, counter.load

        rivals, absent = thread_sync.counters()
        crews: list[Contender] = [contender(OURS, make, add_one_with_argument, threads)]
        crews += [contender(name, rival, add_one, threads) for name, rival in rivals.items()]
        return Comparison("add", crews, "bound methods; the sum is checked", absent)

    return {
        f"{threads} thread{'s' if threads > 1 else ''}": partial(build, threads)
        for threads in settings.pick((2,), THREADS, THREADS)
    }
