"""Judges a short history by trying every order (Wing and Gong, 1993, with Lowe's memory of states).

Exponential, and simple enough to be believed: the measure of the monitor.
"""

from collections.abc import Callable, Iterator
from typing import Any

from linearizability.history import CLOSE, CLOSED, EMPTY, FULL, GET, OK, PUT, UNKNOWN, Op

#: What is inside, oldest first, each with its producer; and whether the queue is shut down.
State = tuple[tuple[tuple[int, Any], ...], bool]


def linearizable(
    history: list[Op],
    model: str = "fifo",
    maxsize: int = 0,
    key: Callable[[Any], Any] = lambda value: value,
) -> bool:
    """Whether a history is linearizable."""
    before = [
        sum(1 << j for j, other in enumerate(history) if other.end < op.start) for op in history
    ]
    after = [sum(1 << j for j, mask in enumerate(before) if mask >> i & 1) for i in range(len(history))]
    # What has no known outcome need not have happened; if it did, then before all that came after it.
    needed = sum(1 << i for i, op in enumerate(history) if op.outcome != UNKNOWN)
    seen: set[tuple[int, State]] = set()
    stack: list[tuple[int, State]] = [(0, ((), False))]
    while stack:
        done, state = stack.pop()
        if done & needed == needed:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        for i, op in enumerate(history):
            if done >> i & 1 or before[i] & needed & ~done or after[i] & done:
                continue
            for result in steps(op, state, model, maxsize, key):
                stack.append((done | 1 << i, result))
    return False


def candidates(
    inside: tuple[tuple[int, Any], ...], model: str, key: Callable[[Any], Any]
) -> list[int]:
    """The places of the items that a get may take."""
    if not inside:
        return []
    if model == "fifo":
        return [0]
    if model == "lifo":
        return [len(inside) - 1]
    if model == "priority":
        smallest = min(key(value) for _, value in inside)
        return [i for i, (_, value) in enumerate(inside) if key(value) == smallest]
    producers = [producer for producer, _ in inside]
    return [i for i, producer in enumerate(producers) if producer not in producers[:i]]


def steps(
    op: Op, state: State, model: str, maxsize: int, key: Callable[[Any], Any]
) -> Iterator[State]:
    """The states after an operation, if it may have its outcome in this one."""
    inside, closed = state
    full = 0 < maxsize <= len(inside)
    if op.kind == CLOSE:
        yield (() if op.value else inside), True
    elif op.kind == PUT:
        if op.outcome in (OK, UNKNOWN) and not full and not closed:
            yield (*inside, (op.thread, op.value)), closed
        elif (op.outcome == FULL and full and not closed) or (op.outcome == CLOSED and closed):
            yield state
    elif op.outcome in (EMPTY, CLOSED):
        if not inside and closed == (op.outcome == CLOSED):
            yield state
    else:
        assert op.kind == GET
        for i in candidates(inside, model, key):
            if op.outcome == UNKNOWN or inside[i][1] == op.value:
                yield (*inside[:i], *inside[i + 1 :]), closed
