"""A thread puts, a coroutine takes."""

import asyncio
import threading
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Contender, Work, WrongAnswer
from bench.harness.thread_crew import HANG_S
from bench.ours import ours
from bench.rivals import async_queues

QUESTION = "how fast do items pass from a thread to a coroutine?"
BARS: list[Bar] = []  # our queues have no side for coroutines; what a program does instead is shown
ITEMS = 50  # in one repetition


def contender(name: str, make: async_queues.Factory) -> Call:
    """Return a thread and a coroutine on a new queue; starting both is a part of the time."""

    async def take_all(count: int) -> tuple[int, int]:
        put, take = make()

        def put_all() -> None:
            for item in range(count):
                put(item)

        thread = threading.Thread(target=put_all, daemon=True)
        thread.start()
        total = 0
        for _ in range(count):
            total += await take()
        thread.join(HANG_S)
        return count, total

    def run(n: int) -> tuple[int, int]:
        return asyncio.run(asyncio.wait_for(take_all(n * ITEMS), HANG_S))

    def check(result: tuple[int, int]) -> str:
        count, total = result
        if total != count * (count - 1) // 2:
            raise WrongAnswer(f"{name}: {count} items came out, but not those that were put")
        return "all items came out once"

    return Call(name, Work(run, check))


def comparisons(settings: Settings) -> Builders:
    """Return one comparison."""

    def build() -> Comparison:
        mine: Any = ours("queue", "Queue")
        rivals, absent = async_queues.optional()
        makers = {"allcores Queue, asyncio.to_thread": async_queues.through_a_thread(mine), **rivals}
        contenders: list[Contender] = [contender(name, make) for name, make in makers.items()]
        detail = "one thread, one event loop, no bound; with the start of both"
        return Comparison(f"{ITEMS} items", contenders, detail, absent)

    return {"thread to coroutine": build}
