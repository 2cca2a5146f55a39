"""Every queue of ours under real threads: one thread alone could have been told what they were told.

A new class is one line of KINDS; what is not there yet, or still the standard library's, is left out.
"""

import queue as std
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from allcores import queue as ours
from linearizability.load import history_of, switching
from linearizability.monitor import check


class Kind(NamedTuple):
    """A queue, and what it promises."""

    name: str
    model: str
    maxsize: int = 0
    options: dict[str, Any] = {}  # noqa: RUF012 - never changed
    module: Any = ours
    most_threads: int = 8  # on each side
    batches: bool = True
    truthful_empty: bool = True

    @property
    def alone(self) -> bool:
        """Whether only one thread may get."""
        return "spsc" in self.options

    def make(self) -> Any:
        arguments = (self.maxsize,) if self.maxsize else ()
        return getattr(self.module, self.name)(*arguments, **self.options)

    @property
    def there(self) -> bool:
        found = getattr(self.module, self.name, None)
        if found is None or (self.module is ours and not found.__module__.startswith("allcores")):
            return False
        try:
            self.make()
        except TypeError:  # an option that this version does not have
            return False
        return True

    def __str__(self) -> str:
        words = [self.name, *([str(self.maxsize)] if self.maxsize else []), *self.options]
        return "-".join(["std", *words] if self.module is std else words)


KINDS = [
    Kind("Queue", "fifo"),
    Kind("Queue", "fifo", 1),
    Kind("Queue", "fifo", 3),
    Kind("Queue", "fifo", 64),
    Kind("Queue", "fifo", 8, {"spsc": True}, most_threads=1),
    Kind("SimpleQueue", "fifo"),
    Kind("LifoQueue", "lifo"),
    Kind("LifoQueue", "lifo", 3),
    Kind("PriorityQueue", "priority"),
    Kind("PriorityQueue", "priority", 3),
    Kind("ShardedQueue", "sharded"),
    # the standard library's, so that the bench itself is seen to work with queues that are right
    Kind("Queue", "fifo", 3, module=std, batches=False),
    Kind("LifoQueue", "lifo", 3, module=std, batches=False),
    Kind("PriorityQueue", "priority", 3, module=std, batches=False),
]
QUEUES = [pytest.param(kind, id=str(kind)) for kind in KINDS if kind.there]
CLOSING = [
    pytest.param(kind, id=str(kind))
    for kind in KINDS
    if kind.there and hasattr(getattr(kind.module, kind.name), "shutdown")
]
RESIZED = [
    pytest.param(kind, id=str(kind))
    for kind in KINDS
    if kind.there
    and kind.module is ours
    and hasattr(getattr(ours, kind.name), "maxsize")
    and not kind.alone  # keeps its room
    and kind.name != "ShardedQueue"  # has no bound
]


def judge(
    kind: Kind, seed: int, threads: int, count: int, shutdown: bool | None = None, turn: int = 0
) -> None:
    """Record a run and check it."""
    each = min(threads, kind.most_threads)
    ops = history_of(
        kind.make(), seed + turn, each, each, count, kind.batches, shutdown, alone=kind.alone
    )
    found = check(
        ops,
        kind.model,
        kind.maxsize,
        truthful_empty=kind.truthful_empty,
    )
    assert not found, "\n".join(map(str, found[:5]))


def for_a_while(seconds: float, one: Callable[..., None]) -> None:
    """At least once; until the time is over."""
    end = time.monotonic() + seconds
    turn = 0
    while turn == 0 or time.monotonic() < end:
        one(turn=turn)
        turn += 1


def seconds_each(request: pytest.FixtureRequest) -> float:
    return 0.5 if request.config.getoption("--heavy") else 0.1


@pytest.mark.parametrize("interval", [None, 1e-6], ids=["", "switching"])
@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("kind", QUEUES)
def test_histories_are_linearizable(
    kind: Kind,
    threads: int,
    interval: float | None,
    seed: int,
    request: pytest.FixtureRequest,
) -> None:
    with switching(interval):
        for_a_while(seconds_each(request), partial(judge, kind, seed, threads, 400 // threads))


@pytest.mark.parametrize("immediate", [False, True], ids=["drained", "immediate"])
@pytest.mark.parametrize("kind", CLOSING)
def test_histories_with_a_shutdown_are_linearizable(
    kind: Kind, immediate: bool, seed: int, request: pytest.FixtureRequest
) -> None:
    with switching(1e-6):
        for_a_while(seconds_each(request), partial(judge, kind, seed, 2, 60, immediate))


@pytest.mark.parametrize("kind", RESIZED)
def test_histories_with_a_changing_bound_are_linearizable(
    kind: Kind, seed: int, request: pytest.FixtureRequest
) -> None:
    """All but the bound is judged: order, and that Empty was true, also while items move house."""

    def one(turn: int) -> None:
        bounds = [(1, 2, 3), (0, 2, 100), (1, 70_000)][turn % 3]
        ops = history_of(kind.make(), seed + turn, 2, 2, 150, bounds=bounds)
        found = check(ops, kind.model, truthful_empty=kind.truthful_empty)
        assert not found, "\n".join(map(str, found[:5]))

    with switching(1e-6):
        for_a_while(2 * seconds_each(request), one)


@pytest.mark.stress
@pytest.mark.heavy
@pytest.mark.parametrize("kind", QUEUES)
def test_histories_go_on_being_linearizable(kind: Kind, seed: int, stress_seconds: float) -> None:
    """For STRESS_SECONDS, shared out among the queues."""

    def one(turn: int) -> None:
        with switching([None, 1e-6, 1e-4][turn % 3]):
            judge(kind, seed, 1 + turn % 8, 2000, turn=turn)
            if turn % 4 == 0 and any(kind is param.values[0] for param in CLOSING):
                judge(kind, seed, 1 + turn % 8, 200, turn % 8 == 0, turn)

    for_a_while(stress_seconds / len(QUEUES), one)


def test_our_queues_are_among_those_tested() -> None:
    there = {kind.name for kind in KINDS if kind.there and kind.module is ours}
    classes = {
        name
        for name in ours.__all__
        if name.endswith("Queue") and getattr(ours, name).__module__.startswith("allcores")
    }
    assert classes <= there
