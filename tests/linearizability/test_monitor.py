"""The monitor against histories written by hand, against an exhaustive search, and its cost."""

import math
import random
import sys
from typing import Any

import pytest

from linearizability import monitor
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
from linearizability.monitor import check
from linearizability.samples import changed, legal
from linearizability.search import linearizable


def history(*calls: tuple[Any, ...]) -> list[Op]:
    """From (kind, outcome, value, start, end) and maybe a thread; else each has its own."""
    return [
        Op(call[5] if len(call) > 5 else 100 + number, number, *call[:5])
        for number, call in enumerate(calls)
    ]


def rules(ops: list[Op], *args: Any, **kwargs: Any) -> set[str]:
    return {violation.rule for violation in check(ops, *args, **kwargs)}


def put(value: Any, start: float, end: float, *thread: int) -> tuple[Any, ...]:
    return (PUT, OK, value, start, end, *thread)


def get(value: Any, start: float, end: float, *thread: int) -> tuple[Any, ...]:
    return (GET, OK, value, start, end, *thread)


def empty(start: float, end: float) -> tuple[Any, ...]:
    return (GET, EMPTY, None, start, end)


def full(value: Any, start: float, end: float) -> tuple[Any, ...]:
    return (PUT, FULL, value, start, end)


# -- each rule, by hand: broken, and just not ------------------------------------------------------

BY_HAND = [
    # name, model, maxsize, what is broken, calls
    ("nothing", "fifo", 0, set(), []),
    ("in turn", "fifo", 0, set(), [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5), get(2, 6, 7)]),
    ("never put", "fifo", 0, {"fresh"}, [get(1, 0, 1)]),
    ("put too late", "fifo", 0, {"fresh"}, [get(1, 0, 1), put(1, 2, 3)]),
    ("put at that moment", "fifo", 0, set(), [get(1, 0, 2), put(1, 2, 3)]),
    ("refused, and got", "fifo", 0, {"fresh"}, [full(1, 0, 1), get(1, 2, 3)]),
    ("twice", "fifo", 0, {"repeat"}, [put(1, 0, 1), get(1, 2, 3), get(1, 4, 5)]),
    (
        "overtaken",
        "fifo",
        0,
        {"order"},
        [put(1, 0, 1), put(2, 2, 3), get(2, 4, 5), get(1, 6, 7)],
    ),
    ("overtaken a lost one", "fifo", 0, {"order"}, [put(1, 0, 1), put(2, 2, 3), get(2, 4, 5)]),
    ("puts overlap", "fifo", 0, set(), [put(1, 0, 2), put(2, 1, 3), get(2, 4, 5), get(1, 6, 7)]),
    ("puts touch", "fifo", 0, set(), [put(1, 0, 2), put(2, 2, 3), get(2, 4, 5), get(1, 6, 7)]),
    ("gets overlap", "fifo", 0, set(), [put(1, 0, 1), put(2, 2, 3), get(2, 4, 6), get(1, 5, 7)]),
    ("empty, full of one", "fifo", 0, {"empty"}, [put(1, 0, 1), empty(2, 3), get(1, 4, 5)]),
    ("empty, with a lost one", "fifo", 0, {"empty"}, [put(1, 0, 1), empty(2, 3)]),
    ("empty, the put runs", "fifo", 0, set(), [put(1, 0, 2), empty(2, 3), get(1, 4, 5)]),
    ("empty, the get runs", "fifo", 0, set(), [put(1, 0, 1), empty(2, 4), get(1, 4, 5)]),
    (
        "empty, two by turns",
        "fifo",
        0,
        {"empty"},
        [put(1, 0, 1), empty(2, 9), put(2, 3, 4), get(1, 5, 6), get(2, 10, 11)],
    ),
    (
        "empty, two with a gap",
        "fifo",
        0,
        set(),
        [put(1, 0, 1), empty(2, 9), put(2, 3, 5), get(1, 5, 6), get(2, 10, 11)],
    ),
    ("one too many", "fifo", 1, {"bound"}, [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5), get(2, 6, 7)]),
    ("just not", "fifo", 1, set(), [put(1, 0, 1), put(2, 2, 4), get(1, 4, 5), get(2, 6, 7)]),
    ("full of none", "fifo", 1, {"bound"}, [full(1, 0, 1)]),
    ("full too late", "fifo", 1, {"bound"}, [put(1, 0, 1), get(1, 2, 3), full(2, 4, 5)]),
    ("full in time", "fifo", 1, set(), [put(1, 0, 1), get(1, 2, 4), full(2, 4, 5)]),
    ("full too early", "fifo", 1, {"bound"}, [full(2, 0, 1), put(1, 2, 3), get(1, 4, 5)]),
    ("full of a lost one", "fifo", 1, set(), [put(1, 0, 1), full(2, 2, 3)]),
    (
        "full, but never of two at once",
        "fifo",
        2,
        {"bound"},
        [put(1, 0, 1), full(3, 2, 9), get(1, 3, 4), put(2, 5, 6), get(2, 10, 11)],
    ),
    (
        "stack, oldest first",
        "lifo",
        0,
        {"order"},
        [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5), get(2, 6, 7)],
    ),
    (
        "stack, covered by two",
        "lifo",
        0,
        {"order"},
        [
            put(1, 0, 1),
            put(2, 2, 3),
            get(1, 4, 9),
            put(3, 5, 6),
            get(2, 7, 8),
            get(3, 10, 11),
        ],
    ),
    ("stack", "lifo", 0, set(), [put(1, 0, 1), put(2, 2, 3), get(2, 4, 5), get(1, 6, 7)]),
    ("stack, overlapping", "lifo", 0, set(), [put(1, 0, 1), put(2, 2, 3), get(1, 4, 6), get(2, 6, 7)]),
    ("heap, larger first", "priority", 0, {"order"}, [put(1, 0, 1), put(2, 2, 3), get(2, 4, 5)]),
    (
        "heap, covered by two",
        "priority",
        0,
        {"order"},
        [put(0, 0, 1), put(9, 2, 3), get(9, 4, 9), put(1, 5, 6), get(0, 7, 8), get(1, 10, 11)],
    ),
    ("heap, a gap", "priority", 0, set(), [put(1, 0, 1), get(2, 4, 6), get(1, 3, 5), put(2, 2, 3)]),
    (
        "shards, one producer",
        "sharded",
        0,
        {"order"},
        [put(1, 0, 1, 0), put(2, 2, 3, 0), get(2, 4, 5), get(1, 6, 7)],
    ),
    (
        "shards, two producers",
        "sharded",
        0,
        set(),
        [put(1, 0, 1, 0), put(2, 2, 3, 1), get(2, 4, 5), get(1, 6, 7)],
    ),
    (
        "a batch in the wrong order",
        "fifo",
        0,
        {"program"},
        [put(1, 0, 1, 0), put(2, 0, 1, 0), get(2, 2, 3, 1), get(1, 2, 3, 1)],
    ),
    ("shut down by nobody", "fifo", 0, {"closed"}, [(GET, CLOSED, None, 0, 1)]),
    (
        "put after the end",
        "fifo",
        0,
        {"closed"},
        [(CLOSE, OK, False, 0, 1), put(1, 2, 3), get(1, 4, 5)],
    ),
    ("the end too early", "fifo", 0, {"closed"}, [(PUT, CLOSED, 1, 0, 1), (CLOSE, OK, False, 2, 3)]),
    ("Empty after the end", "fifo", 0, {"closed"}, [(CLOSE, OK, False, 0, 1), empty(2, 3)]),
    (
        "ended, not empty",
        "fifo",
        0,
        {"empty"},
        [put(1, 0, 1), (CLOSE, OK, False, 2, 3), (GET, CLOSED, None, 4, 5), get(1, 6, 7)],
    ),
    (
        "ended, thrown away",
        "fifo",
        0,
        set(),
        [put(1, 0, 1), (CLOSE, OK, True, 2, 3), (GET, CLOSED, None, 4, 5)],
    ),
    ("an unknown put, got", "fifo", 0, set(), [(PUT, UNKNOWN, 1, 0, NEVER), get(1, 2, 3)]),
    ("an unknown put, not got", "fifo", 0, set(), [(PUT, UNKNOWN, 1, 0, 1), empty(2, 3)]),
    (
        "an unknown put, got too late",
        "fifo",
        0,
        {"empty"},
        [(PUT, UNKNOWN, 1, 0, 1), empty(2, 3), get(1, 4, 5)],
    ),
    (
        "an unknown get took it",
        "fifo",
        0,
        set(),
        [put(1, 0, 1), (GET, UNKNOWN, None, 2, NEVER), put(2, 2, 3), get(2, 4, 5), empty(6, 7)],
    ),
    (
        "an unknown get takes one",
        "fifo",
        0,
        {"lost"},
        [put(1, 0, 1), put(2, 0, 1), (GET, UNKNOWN, None, 2, NEVER), empty(6, 7)],
    ),
]


@pytest.mark.parametrize(
    ("model", "maxsize", "broken", "calls"), [case[1:] for case in BY_HAND], ids=[c[0] for c in BY_HAND]
)
def test_each_rule_by_hand(model: str, maxsize: int, broken: set[str], calls: list[Any]) -> None:
    ops = history(*calls)
    assert rules(ops, model, maxsize) == broken
    if "program" not in broken:  # the search does not know batches
        assert linearizable(ops, model, maxsize) == (not broken)


def test_every_rule_has_its_history() -> None:
    shown = set().union(*(case[3] for case in BY_HAND))
    assert shown == {"fresh", "repeat", "order", "empty", "bound", "closed", "program", "lost"}


def test_equal_keys_come_in_any_order() -> None:
    ops = history(put((1, "a"), 0, 1), put((1, "b"), 2, 3), get((1, "b"), 4, 5), get((1, "a"), 6, 7))
    assert rules(ops, "priority", key=lambda value: value[0]) == set()
    assert rules(ops, "priority", key=lambda value: value) == {"order"}


def test_a_queue_may_be_excused_from_a_truthful_empty() -> None:
    ops = history(put(1, 0, 1), empty(2, 3), get(1, 4, 5))
    assert rules(ops, "sharded") == {"empty"}
    assert rules(ops, "sharded", truthful_empty=False) == set()


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="put twice"):
        check(history(put(1, 0, 1), put(1, 2, 3)))
    with pytest.raises(ValueError, match="must be one of"):
        check([], "lilo")


def test_a_violation_says_what_happened() -> None:
    (violation,) = check(history(put(1, 0, 1), empty(2, 3), get(1, 4, 5)))
    text = str(violation)
    assert text.startswith("empty: empty though something was inside all the time\n")
    assert "get(None) -> empty [2, 3]" in text
    assert "put(1) -> ok [0, 1]" in text


# -- against the search ----------------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
@pytest.mark.parametrize("shutdown", [False, True], ids=["open", "shutdown"])
@pytest.mark.parametrize("maxsize", [0, 1, 2])
@pytest.mark.parametrize("model", monitor.MODELS)
def test_the_monitor_agrees_with_a_search(
    model: str, maxsize: int, shutdown: bool, unknown: bool, seed: int
) -> None:
    """Never a false alarm; and where the monitor claims to be complete, nothing missed."""
    rng = random.Random(f"{seed} {model} {maxsize} {shutdown} {unknown}")
    complete = model != "lifo" and not (maxsize or shutdown or unknown)
    right = wrong = missed = 0
    for _ in range(4000 if complete else 500):
        ops = legal(rng, rng.randint(2, 8), model, maxsize, rank, shutdown, unknown)
        by_construction = rng.random() < 0.3
        if not by_construction:
            ops = changed(rng, ops)
        found = check(ops, model, maxsize, rank)
        expected = linearizable(ops, model, maxsize, rank)
        shown = "\n".join(map(str, [*ops, *found]))
        assert expected or not by_construction, f"the search rejects a right one:\n{shown}"
        assert not (expected and found), f"a false alarm:\n{shown}"
        right += expected
        wrong += not expected
        missed += not expected and not found
        assert not (complete and missed), f"missed:\n{shown}"
    assert right > 50 and wrong > 20, (right, wrong)
    assert missed <= wrong / 4, f"{missed} of {wrong} were missed"


def rank(value: int) -> int:
    return value // 3  # so that there are equal ones


# -- cost ------------------------------------------------------------------------------------------


LONG_BOUND = 50


def long_history(length: int, model: str, seed: int) -> list[Op]:
    """A right one: calls at instants 10, 20, …, each widened; up to LONG_BOUND items inside."""
    rng = random.Random(seed)
    inside: list[int] = []
    calls: list[tuple[Any, ...]] = []
    for number in range(length):
        start, end = 10 * number - rng.randrange(60), 10 * number + rng.randrange(60)
        if rng.random() < 0.5:
            value = rng.randrange(1000) * length + number
            if len(inside) < LONG_BOUND:
                inside.append(value)
                calls.append(put(value, start, end, number % 4))
            else:
                calls.append(full(value, start, end))
        elif not inside:
            calls.append(empty(start, end))
        else:
            value = inside[-1] if model == "lifo" else inside[0]
            if model == "priority":
                value = min(inside)
            inside.remove(value)
            calls.append(get(value, start, end))
    return history(*calls)


def lines_run(ops: list[Op], model: str) -> int:
    """How many lines of the monitor a check executes."""
    count = 0

    def trace(frame: Any, event: str, arg: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename != monitor.__file__:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assert check(ops, model, LONG_BOUND) == []
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("model", monitor.MODELS)
def test_the_cost_grows_as_n_log_n(model: str, seed: int) -> None:
    small, large = 1000, 16_000
    few = lines_run(long_history(small, model, seed), model)
    many = lines_run(long_history(large, model, seed), model)
    allowed = large * math.log(large) / (small * math.log(small))
    assert many / few < 1.2 * allowed, (few, many)


@pytest.mark.parametrize(
    "model", ["fifo", *(pytest.param(m, marks=pytest.mark.heavy) for m in monitor.MODELS[1:])]
)
def test_two_hundred_thousand_operations_are_judged(model: str, seed: int) -> None:
    """Some seconds each; quadratic, it would be hours: the time limit is the suite's."""
    assert check(long_history(200_000, model, seed), model, LONG_BOUND) == []
