"""Two threads wake one another through two events, over and over."""

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Contender, WrongAnswer, own_copy
from bench.harness.thread_crew import Shift, ThreadCrew
from bench.ours import ours
from bench.rivals import thread_sync

QUESTION = "how long does a round trip between two threads through two events take?"
OURS, STANDARD = "allcores.threading.Event", "threading.Event"
TRIPS = 20  # in one repetition
BARS = [
    Bar("Event ping-pong", "round trip", OURS, STANDARD, 20.0, issue=3),
    Bar(
        "Event ping-pong, processor time",
        "round trip",
        OURS,
        STANDARD,
        1.0,
        issue=3,
        clock="cpu",
    ),
]


def serve(there: Any, back: Any, trips: int) -> int:
    """Set one event and wait for the other; return how often."""
    done = 0
    for _ in range(trips):
        there.set()
        back.wait()
        back.clear()
        done += 1
    return done


def answer(there: Any, back: Any, trips: int) -> int:
    """Wait for the one event and set the other; return how often."""
    done = 0
    for _ in range(trips):
        there.wait()
        there.clear()
        back.set()
        done += 1
    return done


def contender(name: str, make: Callable[[], Any]) -> ThreadCrew:
    """Return two threads with two new events."""
    first, second = own_copy(serve), own_copy(answer)

    def plan(reps: int) -> Shift:
        there, back, trips = make(), make(), reps * TRIPS

        def check(results: list[Any]) -> str:
            if results != [trips, trips] or there.is_set() or back.is_set():
                raise WrongAnswer(f"{name}: {results} of {trips} round trips, or an event left set")
            return "every trip was answered"

        bodies = [partial(one, there, back, trips) for one in (first, second)]
        return Shift(bodies, trips, check)

    return ThreadCrew(name, plan)


def comparisons(settings: Settings) -> Builders:
    """Return one comparison."""

    def build() -> Comparison:
        mine = ours("threading", "Event")
        rivals, absent = thread_sync.events()
        crews: list[Contender] = [
            contender(name, make) for name, make in {OURS: mine, **rivals}.items()
        ]
        return Comparison("round trip", crews, "two threads, no timeout", absent)

    return {"round trip": build}
