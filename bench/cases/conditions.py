"""One thread takes a condition and notifies nobody."""

from itertools import repeat
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.one_thread import compare
from bench.ours import ours
from bench.rivals import thread_sync

QUESTION = "what does a condition cost that nobody waits for?"
OURS, STANDARD = "allcores.threading.Condition", "threading.Condition"
BARS = [Bar("with Condition: notify", "notify", OURS, STANDARD, 2.5, issue=3)]


def notify(condition: Any, n: int) -> bool:
    """Take it, notify nobody and give it back, n times, ten to a turn of the loop."""
    for _ in repeat(None, n // 10):
        with condition:
            condition.notify()
        with condition:
            condition.notify()
        with condition:
            condition.notify()
        with condition:
            condition.notify()
        with condition:
            condition.notify()
        with condition:
            condition.notify()
        with condition:
            condition.notify()
        with condition:
            condition.notify()
        with condition:
            condition.notify()
        with condition:
            condition.notify()
    for _ in repeat(None, n % 10):
        with condition:
            condition.notify()
    with condition:  # it would wait for ever if it had not been given back
        return True


def comparisons(settings: Settings) -> Builders:
    """Return one comparison."""

    def build() -> Comparison:
        mine = ours("threading", "Condition")
        rivals, absent = thread_sync.conditions()
        detail = "each with its own default lock, one thread, nobody waits"
        return compare("with and notify", {OURS: mine, **rivals}, notify, detail, absent)

    return {"notify": build}
