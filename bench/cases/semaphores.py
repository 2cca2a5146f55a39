"""One thread takes a semaphore that is free and gives it back."""

from functools import partial
from itertools import repeat
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.one_thread import compare
from bench.ours import ours
from bench.rivals import thread_sync

QUESTION = "what does a semaphore cost that nobody else wants?"
NAMES = ("Semaphore", "BoundedSemaphore")
BARS = [
    Bar(
        f"{text}: {name}",
        f"{text}, {name}",
        f"allcores.threading.{name}",
        f"threading.{name}",
        bar,
        issue=3,
    )
    for name in NAMES
    for text, bar in (("with", 7.0), ("acquire and release", 15.0))
]


def with_it(semaphore: Any, n: int) -> bool:
    """Enter and leave n times, ten to a turn of the loop."""
    for _ in repeat(None, n // 10):
        with semaphore:
            pass
        with semaphore:
            pass
        with semaphore:
            pass
        with semaphore:
            pass
        with semaphore:
            pass
        with semaphore:
            pass
        with semaphore:
            pass
        with semaphore:
            pass
        with semaphore:
            pass
        with semaphore:
            pass
    for _ in repeat(None, n % 10):
        with semaphore:
            pass
    return _one_left(semaphore)


def acquire_and_release(semaphore: Any, n: int) -> bool:
    """Take and give back n times, ten to a turn of the loop."""
    for _ in repeat(None, n // 10):
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
    for _ in repeat(None, n % 10):
        semaphore.acquire()
        semaphore.release()
    return _one_left(semaphore)


def _one_left(semaphore: Any) -> bool:
    taken = bool(semaphore.acquire())  # it would wait for ever if one had not been given back
    semaphore.release()
    return taken


def comparisons(settings: Settings) -> Builders:
    """Return ``with`` and the two calls, for each kind of semaphore."""

    def build(name: str, loop: Any) -> Comparison:
        mine = ours("threading", name)
        rivals, absent = thread_sync.semaphores(name == "BoundedSemaphore")
        makers = {f"allcores.threading.{name}": lambda: mine(1), **rivals}
        return compare("time", makers, loop, "value 1, one thread", absent)

    return {
        f"{text}, {name}": partial(build, name, loop)
        for name in NAMES
        for text, loop in (("with", with_it), ("acquire and release", acquire_and_release))
    }
