r"""Judges the history of a queue in O(n log n): could one thread have seen these answers?

A history is *linearizable* if every operation can be given an instant between its start and its end at
which it happened as if alone. Each value is put once (*unambiguous*), so that a get names its put. Of
an item, with its put in [ps, pe] and its get in [gs, ge] (both infinite if nobody got it), two things
are certain in every linearization:

    inside throughout the open interval (pe, gs): "surely inside"
    outside wherever it is not in the closed [ps, ge]: "possibly inside" there

(pe is lowered to ge and gs raised to ps first: a put happens before its get.) The rules:

    fresh    nothing is got that was not put, or before it was
    repeat   nothing is got twice
    order    fifo: not put(a) < put(b) and get(b) < get(a) ("<": ended before the other began), and not
             get(b) when a is never got; sharded: the same for a and b of one producer
             priority: a get has an instant at which no item of smaller key is surely inside
             lifo: a get of a has an instant at which no item put surely after a is surely inside
    empty    an Empty, or a ShutDown of a get, has an instant at which no item is surely inside
    bound    at no instant are more than maxsize items surely inside; a Full has an instant at which
             maxsize items are possibly inside
    closed   there is an instant within the shutdown after all that needs an open queue (puts that went
             in, Empty, Full) began, and before all ShutDowns ended
    program  fifo, sharded: one thread gets one producer's items in the order of their puts (says
             more than `order` only within batches, whose items share their interval)
    lost     with gets of unknown outcome: no more items missing than they can have taken

Sound: every report is a violation, whatever the model, for each rule follows from what is certain.

Complete ("no report" means linearizable) for `fifo`, `sharded` and `priority` without a bound, without
batches, shutdown and gets of unknown outcome. Why:

  Cuts. If at instant t no item is surely inside, each item has all of it before t (pe < t, then
  gs <= t) or all of it after (pe >= t, then ge >= t). Trimming its intervals at t leaves them
  non-empty, adds no precedence between operations on the same side, and changes no item's (pe, gs).
  So each Empty is placed at a t of its own, and the parts between are judged alone.
  fifo. Let a -> b if put(a) < put(b) or get(a) < get(b). Two such steps of one kind make one step. Of
  two "<" among intervals, a < b and c < d, also a < d or c < b holds: so a shortest cycle has two
  steps, which is what `order` forbids. Without one, order the items along ->; put each at the latest
  ps so far, get each at the latest max(ps, gs) so far: both are within their intervals, or there would
  be a step backwards. (Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs",
  CONCUR 2013, state the four aspects; Gibbons and Korach, 1997, the cycle.)
  sharded. The producers' queues have nothing in common but Empty, which is a cut.
  priority. Take the item of the largest key: its get is placed at an instant where nothing of a smaller
  key is surely inside, which is a cut for those; go on with them. Should another item's instant lie
  beyond a cut, then its get spans the cut, and the cut is an instant for it too. (Lee and Mathur,
  "Efficient decrease-and-conquer linearizability monitoring", OOPSLA 2025, have the scheme.)

Only sound: `lifo` (each get is looked at alone, and nothing says that the instants found fit together;
in practice the comparison below has not found one that it misses), and everything with a bound (that
each Full has an instant does not say that all of them have one in the same linearization), with a
shutdown, or with gets of unknown outcome. test_monitor.py compares with an exhaustive search: both
directions where completeness is claimed, false alarms everywhere.

Cost: sorting, and a union-find over the instants (`_Cover`): O(n log n) together.
"""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple

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

MODELS = ("fifo", "lifo", "priority", "sharded")


class Violation(NamedTuple):
    """A rule that is broken, in words, and the operations that show it."""

    rule: str
    text: str
    ops: tuple[Op, ...]

    def __str__(self) -> str:
        return "\n  ".join([f"{self.rule}: {self.text}", *map(str, self.ops)])


class _Item(NamedTuple):
    ps: float
    pe: float
    gs: float
    ge: float
    put: Op
    get: Op | None

    @property
    def certain(self) -> bool:
        """Whether it was surely put: told so, or got."""
        return self.put.outcome == OK or self.get is not None


class _Cover:
    """A growing union of open intervals; asked whether it covers a closed one.

    The recorded instants get even positions, the gaps between them odd ones. `free` leads from a
    covered position towards the next that is not (union-find with path halving).
    """

    def __init__(self, instants: Iterable[float]) -> None:
        self.instants = sorted(set(instants))
        self.free = list(range(2 * len(self.instants) + 2))

    def at(self, instant: float) -> int:
        return 2 * bisect_left(self.instants, instant)

    def _find(self, position: int) -> int:
        free = self.free
        while free[position] != position:
            free[position] = position = free[free[position]]
        return position

    def add(self, start: float, end: float) -> None:
        last = self.at(end)
        position = self._find(self.at(start) + 1)
        while position < last:
            self.free[position] = position + 1
            position = self._find(position + 1)

    def covers(self, start: float, end: float) -> bool:
        return self._find(self.at(start)) > self.at(end)


def check(
    history: Iterable[Op],
    model: str = "fifo",
    maxsize: int = 0,
    key: Callable[[Any], Any] = lambda value: value,
    truthful_empty: bool = True,
) -> list[Violation]:
    """Return what is wrong with a history: nothing, if it has no violation that the rules find.

    Parameters
    ----------
    history : iterable of Op
        In any order. Every value is put by one operation only (else: ValueError).
    model : {"fifo", "lifo", "priority", "sharded"}
    maxsize : int
        The bound, constant throughout; 0 for none.
    key : callable
        Of a value of a priority queue: its rank. Equal ones come in any order.
    truthful_empty : bool
        False for a queue that may say Empty while there is something inside.

    Returns
    -------
    list of Violation
        At most one for each rule and operation.
    """
    if model not in MODELS:
        raise ValueError(f"model is {model!r}; it must be one of {', '.join(MODELS)}")
    ops = sorted(history, key=lambda op: op.start)
    found: list[Violation] = []
    items = _items(ops, found)
    if model == "fifo":
        _check_order(items, found)
    elif model == "sharded":
        producers: dict[int, list[_Item]] = {}
        for item in items:
            producers.setdefault(item.put.thread, []).append(item)
        for own in producers.values():
            _check_order(own, found)
    elif model == "priority":
        _check_priority(items, key, found)
    else:
        _check_lifo(items, found)
    if model in ("fifo", "sharded"):
        _check_program(items, found)
    if truthful_empty:
        _check_empty(ops, items, found)
    _check_lost(ops, items, model, truthful_empty, found)
    if maxsize > 0:
        _check_bound(ops, items, maxsize, found)
    _check_closed(ops, found)
    return found


def _items(ops: list[Op], found: list[Violation]) -> list[_Item]:
    """Pairs puts and gets; reports what was got without a put, too early, or twice."""
    puts: dict[Hashable, Op] = {}
    gets: dict[Hashable, Op] = {}
    for op in ops:
        if op.kind == PUT:
            if op.value in puts:
                raise ValueError(f"{op.value!r} is put twice: a history must put each value once")
            puts[op.value] = op
    for op in ops:
        if op.kind != GET or op.outcome != OK:
            continue
        put = puts.get(op.value)
        if put is None or put.outcome in (FULL, CLOSED):
            shown = (op,) if put is None else (put, op)
            found.append(Violation("fresh", "got what was not put", shown))
        elif op.end < put.start:
            found.append(Violation("fresh", "got before it was put", (op, put)))
        elif op.value in gets:
            found.append(Violation("repeat", "got twice", (put, gets[op.value], op)))
        else:
            gets[op.value] = op
    # What was thrown away by shutdown was taken out during the shutdown; what an operation of unknown
    # outcome may have taken, may be out since the first of those began.
    thrown = [op for op in ops if op.kind == CLOSE and op.value]
    vague = [op.start for op in ops if op.kind == GET and op.outcome == UNKNOWN]
    items = []
    for value, put in puts.items():
        get = gets.get(value)
        if put.outcome in (FULL, CLOSED):
            continue
        gs, ge = (get.start, get.end) if get is not None else (NEVER, NEVER)
        if get is None and put.outcome == OK:
            if thrown:
                gs, ge = thrown[0].start, max(put.start, *(op.end for op in thrown))
            if vague:
                gs, ge = min(gs, vague[0]), NEVER
        items.append(_Item(put.start, min(put.end, ge), max(gs, put.start), ge, put, get))
    return items


def _ops_of(*items: _Item) -> tuple[Op, ...]:
    return tuple(op for item in items for op in (item.put, item.get) if op is not None)


def _check_order(items: list[_Item], found: list[Violation]) -> None:
    """For each b the item a, put before it, whose get began last: it must not be after b's get."""
    items = [item for item in items if item.certain]
    by_end = sorted(items, key=lambda item: item.pe)
    latest: _Item | None = None
    at = 0
    for b in sorted(items, key=lambda item: item.ps):
        while at < len(by_end) and by_end[at].pe < b.ps:
            if latest is None or by_end[at].gs > latest.gs:
                latest = by_end[at]
            at += 1
        if latest is not None and b.ge < latest.gs:
            when = "after it" if latest.get is not None else "never"
            text = f"put before the second, the first is got {when}"
            found.append(Violation("order", text, _ops_of(latest, b)))


def _instants(items: list[_Item], ops: Iterable[Op] = ()) -> list[float]:
    instants: list[float] = []
    for item in items:
        instants += item[:4]
    for op in ops:
        instants += (op.start, op.end)
    return instants


def _check_priority(
    items: list[_Item], key: Callable[[Any], Any], found: list[Violation]
) -> None:
    """In the order of the keys: each get against the union of the items of smaller keys."""
    items = sorted((item for item in items if item.certain), key=lambda item: key(item.put.value))
    cover = _Cover(_instants(items))
    at = 0
    for x in items:
        while key(items[at].put.value) < key(x.put.value):
            cover.add(items[at].pe, items[at].gs)
            at += 1
        if x.get is not None and cover.covers(x.gs, x.ge):
            text = "got while something of a smaller key was inside all the time"
            found.append(Violation("order", text, _ops_of(x)))


def _check_lifo(items: list[_Item], found: list[Violation]) -> None:
    """From the last put to the first: each get against the union of the items put surely after it."""
    items = [item for item in items if item.certain]
    cover = _Cover(_instants(items))
    later = sorted(items, key=lambda item: item.ps, reverse=True)
    at = 0
    for a in sorted(items, key=lambda item: item.pe, reverse=True):
        while at < len(later) and later[at].ps > a.pe:
            cover.add(later[at].pe, later[at].gs)
            at += 1
        if a.get is not None and cover.covers(a.gs, a.ge):
            text = "got while something put after it was inside all the time"
            found.append(Violation("order", text, _ops_of(a)))


def _check_program(items: list[_Item], found: list[Violation]) -> None:
    """Each consumer's gets of one producer's items, in the consumer's order."""
    last: dict[tuple[int, int], _Item] = {}
    got = [(item.get.thread, item.get.number, item) for item in items if item.get is not None]
    for consumer, _, item in sorted(got, key=lambda entry: entry[:2]):
        before = last.get((consumer, item.put.thread))
        if before is not None and before.put.number > item.put.number:
            text = "one thread got two items of one producer in the wrong order"
            found.append(Violation("program", text, _ops_of(before, item)))
        last[consumer, item.put.thread] = item


def _says_empty(op: Op) -> bool:
    return op.kind == GET and op.outcome in (EMPTY, CLOSED)


def _check_empty(ops: list[Op], items: list[_Item], found: list[Violation]) -> None:
    empties = [op for op in ops if _says_empty(op)]
    items = [item for item in items if item.certain]
    cover = _Cover(_instants(items, empties))
    for item in items:
        cover.add(item.pe, item.gs)
    for op in empties:
        if cover.covers(op.start, op.end):
            text = f"{op.outcome} though something was inside all the time"
            witness = [item for item in items if item.pe < op.start and op.end < item.gs][:1]
            found.append(Violation("empty", text, (op, *_ops_of(*witness))))


def _check_lost(
    ops: list[Op], items: list[_Item], model: str, truthful_empty: bool, found: list[Violation]
) -> None:
    """Items that must be out, for somebody found the queue empty or overtook them, but were not got."""
    vague = [op for op in ops if op.kind == GET and op.outcome == UNKNOWN]
    if not vague or any(op.kind == CLOSE and op.value for op in ops):
        return  # without any, `order` and `empty` say it, and more exactly
    known = [op.start for op in ops if truthful_empty and _says_empty(op)]
    if model == "fifo":
        known += [item.ps for item in items if item.get is not None]
    lost = [item for item in items if item.get is None and item.put.outcome == OK]
    gone = [item for item in lost if item.pe < max(known, default=-NEVER)]
    if len(gone) > len(vague):
        text = f"{len(gone)} items are gone, but only {len(vague)} gets can have taken one unseen"
        found.append(Violation("lost", text, _ops_of(*gone[: len(vague) + 1])))


def _check_bound(ops: list[Op], items: list[_Item], maxsize: int, found: list[Violation]) -> None:
    fulls = [op for op in ops if op.kind == PUT and op.outcome == FULL]
    place = _Cover(_instants(items, fulls)).at
    size = place(NEVER) + 3
    surely, possibly = [0] * size, [0] * size
    for item in items:
        possibly[place(item.ps)] += 1
        possibly[place(item.ge) + 1] -= 1
        if item.certain and item.pe < item.gs:
            surely[place(item.pe) + 1] += 1
            surely[place(item.gs)] -= 1
    full_before = [0]  # at how many positions before this one maxsize items were possible
    sure = maybe = 0
    broken = False
    for at in range(size):
        sure += surely[at]
        maybe += possibly[at]
        full_before.append(full_before[-1] + (maybe >= maxsize))
        if sure > maxsize and not broken:
            broken = True  # reported once
            inside = [i for i in items if i.certain and place(i.pe) < at < place(i.gs)]
            text = f"{sure} items were inside at one instant, of {maxsize} allowed"
            found.append(Violation("bound", text, tuple(item.put for item in inside)))
    for op in fulls:
        if full_before[place(op.end) + 1] == full_before[place(op.start)]:
            text = f"Full though fewer than {maxsize} items were inside all the time"
            found.append(Violation("bound", text, (op,)))


def _check_closed(ops: list[Op], found: list[Violation]) -> None:
    closes = [op for op in ops if op.kind == CLOSE]
    closed = [op for op in ops if op.outcome == CLOSED]
    if closed and not closes:
        found.append(Violation("closed", "ShutDown of a queue that nobody shut down", (closed[0],)))
    if not closes:
        return
    # The queue is closed at some instant of one of them: no later than the first to end.
    opened = [op for op in ops if op.kind != CLOSE and op.outcome in (OK, EMPTY, FULL)]
    opened = [op for op in opened if not (op.kind == GET and op.outcome == OK)]
    first = min(closes, key=lambda op: op.start)
    lower = max([first, *opened], key=lambda op: op.start)
    upper = min([*closes, *closed], key=lambda op: op.end)
    if lower.start > upper.end:
        text = "open after it was closed, or closed before it was shut down"
        found.append(Violation("closed", text, (lower, upper)))
