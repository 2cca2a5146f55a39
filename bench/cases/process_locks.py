"""Locks and events between processes that nobody else wants, beside the standard library's."""

from functools import partial
from itertools import repeat
from typing import Any

from bench.cases.semaphores import acquire_and_release, with_it
from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.one_thread import compare
from bench.ours import ours
from bench.rivals.process_locks import standard

QUESTION = "what does a lock between processes cost that nobody else wants?"
LOCKS = ("Lock", "RLock", "Semaphore", "BoundedSemaphore")


def is_set(event: Any, n: int) -> bool:
    """Look n times, ten to a turn of the loop."""
    for _ in repeat(None, n // 10):
        event.is_set()
        event.is_set()
        event.is_set()
        event.is_set()
        event.is_set()
        event.is_set()
        event.is_set()
        event.is_set()
        event.is_set()
        event.is_set()
    for _ in repeat(None, n % 10):
        event.is_set()
    return not event.is_set()


def _bar(text: str, name: str, at_least: float) -> Bar:
    return Bar(
        f"processes, {text}: {name}",
        f"{text}, {name}",
        f"allcores.multiprocessing.{name}",
        f"multiprocessing.{name}",
        at_least,
        issue=5,
    )


BARS = [
    *(_bar("with", name, 2.0) for name in LOCKS),
    *(_bar("acquire and release", name, 0.8) for name in LOCKS),
    _bar("is_set", "Event", 5.0),
]


def comparisons(settings: Settings) -> Builders:
    """Return ``with`` and the two calls for each lock, and ``is_set``."""

    def build(name: str, loop: Any) -> Comparison:
        makers = {f"allcores.multiprocessing.{name}": ours("multiprocessing", name), **standard(name)}
        return compare("time", makers, loop, "one thread of one process", {})

    found = {
        f"{text}, {name}": partial(build, name, loop)
        for name in LOCKS
        for text, loop in (("with", with_it), ("acquire and release", acquire_and_release))
    }
    return {**found, "is_set, Event": partial(build, "Event", is_set)}
