"""Short random histories: right ones by construction, and those that one change may have made wrong."""

import random
from collections.abc import Callable
from typing import Any

from linearizability.history import (
    CLOSE,
    CLOSED,
    EMPTY,
    FULL,
    GET,
    NEVER,
    OK,
    PUT,
    UNKNOWN,
    Op,
)
from linearizability.search import candidates

#: Kind, outcome, value, start, end.
Call = tuple[str, str, Any, float, float]

#: Threads from here on are the producers of a sharded queue.
FIRST_MAKER = 100


def legal(
    rng: random.Random,
    length: int,
    model: str,
    maxsize: int = 0,
    key: Callable[[Any], Any] = lambda value: value,
    shutdown: bool = False,
    unknown: bool = False,
) -> list[Op]:
    """A linearizable history: calls at instants 10, 20, …, each widened at random."""
    inside: list[tuple[int, Any]] = []
    closed = False
    widest = rng.choice([4, 12, 30, 60])
    values = iter(rng.sample(range(100), length))
    calls: list[Call] = []
    producers = rng.randint(1, 3)
    makers: list[int] = []
    for at in range(1, length + 1):
        start, end = 10 * at - rng.randint(0, widest), 10 * at + rng.randint(0, widest)
        maker = rng.randrange(producers)
        outcome, value = OK, None
        if shutdown and not closed and rng.random() < 0.2:
            kind, value, closed = CLOSE, rng.random() < 0.5, True
            if value:
                inside.clear()
        elif rng.random() < 0.55:
            kind, value = PUT, next(values)
            # a thread does one thing at a time: this one's put before has ended
            for i in range(len(calls)):
                if model == "sharded" and makers[i] == maker and calls[i][0] == PUT:
                    calls[i] = (*calls[i][:4], min(calls[i][4], 10 * at - 5))
                    start = max(start, 10 * at - 4)
            if closed:
                outcome = CLOSED
            elif 0 < maxsize <= len(inside):
                outcome = FULL
            else:
                inside.append((maker, value))
        else:
            kind = GET
            if inside:
                value = inside.pop(rng.choice(candidates(tuple(inside), model, key)))[1]
            else:
                outcome = CLOSED if closed else EMPTY
        if unknown and kind != CLOSE and rng.random() < 0.2:
            outcome, value = UNKNOWN, value if kind == PUT else None
            end = rng.choice([end, NEVER])
        calls.append((kind, outcome, value, start, end))
        makers.append(maker)
    return _in_threads(calls, makers if model == "sharded" else None)


def changed(rng: random.Random, history: list[Op]) -> list[Op]:
    """A copy with one to three changes: of values, outcomes or times."""
    calls = [[*op[2:]] for op in history]
    for _ in range(rng.randint(1, 3)):
        call = rng.choice(calls)
        got = [one for one in calls if one[0] == GET and one[1] == OK]
        what = rng.randrange(5)
        if what == 0 and len(got) >= 2:
            one, two = rng.sample(got, 2)
            one[2], two[2] = two[2], one[2]
        elif what == 1 and got:
            rng.choice(got)[1:3] = [EMPTY, None]
        elif what == 2:
            shift = rng.randint(-40, 40)
            call[3] += shift
            call[4] += shift
        elif what == 3:
            call[4] = call[3] + rng.randint(0, 5)
        elif call[0] == GET and call[1] == EMPTY:
            values = [one[2] for one in calls if one[0] == PUT]
            if values:
                call[1:3] = [OK, rng.choice(values)]
    sharded = any(op.thread >= FIRST_MAKER for op in history)
    makers = [op.thread - FIRST_MAKER for op in history] if sharded else None
    return _in_threads([tuple(call) for call in calls], makers)  # type: ignore[misc]


def _in_threads(calls: list[Call], makers: list[int] | None) -> list[Op]:
    """Deals calls out to threads that do one thing at a time.

    With `makers` (the sharded model) a put belongs to its producer, and ends before that one's next
    begins; each get has a thread of its own: nothing is said about who gets.
    """
    order = sorted(range(len(calls)), key=lambda i: calls[i][3])
    free: dict[int, float] = {}
    history: list[Op] = []
    for number, i in enumerate(order):
        call = calls[i]
        if makers is None:
            thread = next((t for t, last in free.items() if last < call[3]), len(free))
        else:
            thread = FIRST_MAKER + makers[i] if call[0] == PUT else 1000 + i
            for at, op in enumerate(history):
                if op.thread == thread and op.end >= call[3]:
                    history[at] = op._replace(end=max(op.start, call[3] - 1))
        free[thread] = call[4]
        history.append(Op(thread, number, *call))
    return history
