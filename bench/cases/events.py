"""One thread sets and clears an event, and waits for one that is set."""

from itertools import repeat
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.one_thread import compare
from bench.ours import ours
from bench.rivals import thread_sync

QUESTION = "what does an event cost that nobody waits for?"
OURS, STANDARD = "allcores.threading.Event", "threading.Event"
BARS = [
    Bar("Event: set and clear", "set and clear", OURS, STANDARD, 15.0, issue=3),
    Bar("Event: wait when set", "wait when set", OURS, STANDARD, 8.0, issue=3),
]


def set_and_clear(event: Any, n: int) -> bool:
    """Set and clear n times, ten to a turn of the loop."""
    for _ in repeat(None, n // 10):
        event.set()
        event.clear()
        event.set()
        event.clear()
        event.set()
        event.clear()
        event.set()
        event.clear()
        event.set()
        event.clear()
        event.set()
        event.clear()
        event.set()
        event.clear()
        event.set()
        event.clear()
        event.set()
        event.clear()
        event.set()
        event.clear()
    for _ in repeat(None, n % 10):
        event.set()
        event.clear()
    return not event.is_set()


def wait_when_set(event: Any, n: int) -> bool:
    """Wait n times for an event that is set, ten to a turn of the loop."""
    event.set()
    for _ in repeat(None, n // 10):
        event.wait()
        event.wait()
        event.wait()
        event.wait()
        event.wait()
        event.wait()
        event.wait()
        event.wait()
        event.wait()
        event.wait()
    for _ in repeat(None, n % 10):
        event.wait()
    return bool(event.is_set())


def comparisons(settings: Settings) -> Builders:
    """Return set and clear, and wait."""

    def setting() -> Comparison:
        mine = ours("threading", "Event")
        rivals, absent = thread_sync.events()
        return compare("set and clear", {OURS: mine, **rivals}, set_and_clear, "one thread", absent)

    def waiting() -> Comparison:
        mine = ours("threading", "Event")
        rivals, absent = thread_sync.set_events()
        return compare("wait", {OURS: mine, **rivals}, wait_when_set, "one thread, no timeout", absent)

    return {"set and clear": setting, "wait when set": waiting}
