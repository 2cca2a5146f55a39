"""Stress of queues by signals: handlers that use the queue, exceptions raised while main is in it.

An interrupt that comes after `get` returned and before its result was kept loses the item: that is the
interpreter's doing, with any queue. So the strict scenarios keep results without Python code between:
`got.extend(iter(q.get, end))` stores what `get` returns in C, where no signal handler runs. What an
exception cuts short there, is the queue's own wait, and nothing may be lost. The loose scenario uses
statements, and allows one item for each interrupt.
"""

import _thread
import itertools
import random
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from queue_common import HANG, Item, Make, Run, conserved, drain

from allcores.errors import Empty, Full


class Storm(BaseException):
    """Raised by a signal handler."""


@contextmanager
def signals(handler: Callable[[], None], every: float) -> Iterator[None]:
    """A signal each `every` seconds; its handler runs in the main thread, wherever that is."""
    before = signal.signal(signal.SIGALRM, lambda *_: handler())
    signal.setitimer(signal.ITIMER_REAL, every, every)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def handlers(make: Make, seconds: float, rng: random.Random) -> None:
    """A signal handler that puts and gets while the main thread is in put and get, also waiting."""
    if make.late_puts:
        return
    q = make()
    run = Run()
    puts: list[Any] = []
    gets: list[Any] = []
    fired = 0

    def put(item: Item, **how: Any) -> None:
        try:
            q.put(item, **how)
        except Full:
            return
        puts.append(item)

    def get(**how: Any) -> None:
        try:
            gets.append(q.get(**how))
        except Empty:
            pass
        except RuntimeError:  # from inside an operation of the same queue
            assert make.compares

    def handler() -> None:
        nonlocal fired
        fired += 1
        put(Item(1, fired), block=False)
        if fired % 2:
            get(block=False)
            get(timeout=0.00001)
            put(Item(2, fired), timeout=0.00001)

    def other(own: random.Random) -> None:
        while not run.stop.is_set():
            if own.random() < 0.5:
                put(Item(3, 0), timeout=0.001)
            else:
                get(timeout=0.001)

    run.start(other, random.Random(rng.random()))
    end = time.monotonic() + seconds
    with signals(handler, 0.0003):
        while time.monotonic() < end or fired < 5:
            assert time.monotonic() < end + HANG, "no signals arrive"
            for number in range(20):
                put(Item(0, number), timeout=0.002)
            for _ in range(25):
                get(timeout=0.002)
    run.stop.set()
    run.join()
    conserved(puts, gets + drain(q))


def interrupts_strict(make: Make, seconds: float, rng: random.Random) -> None:
    """Exceptions while the main thread waits in put and get: nothing is lost, nothing comes twice."""
    armed = [False]
    hits = [0]

    def handler() -> None:
        if armed[0]:
            armed[0] = False
            hits[0] += 1
            raise (Storm if hits[0] % 2 else KeyboardInterrupt)

    # A callback of the interpreter, of a weak reference say, drops what is raised in it, and tells
    # this hook. Then the next signal raises again: without a bound, nothing else ends the turn.
    inside_side = [False]

    def dropped(told: Any) -> None:
        if isinstance(told.exc_value, (Storm, KeyboardInterrupt)):
            armed[0] = inside_side[0]
        else:
            sys.__unraisablehook__(told)

    hook, sys.unraisablehook = sys.unraisablehook, dropped
    try:
        _interrupted_turns(make, seconds, rng, armed, inside_side, handler)
    finally:
        sys.unraisablehook = hook


def _interrupted_turns(
    make: Make,
    seconds: float,
    rng: random.Random,
    armed: list[bool],
    inside_side: list[bool],
    handler: Callable[[], None],
) -> None:
    q = make()
    run = Run()
    fed: list[Any] = []  # by the other thread, which is never interrupted
    eaten: list[Any] = []
    put: list[Any] = []  # by the main thread
    got: list[Any] = []
    last = Item(9, 0)
    turns = 0
    within = 0  # interrupts that cut a put or get short, and not the code around it

    def feed(own: random.Random) -> None:
        while not run.stop.is_set():
            item = Item(3, len(fed))
            try:
                q.put(item, timeout=0.01)
            except Full:
                continue
            fed.append(item)
            if own.random() < 0.3:
                run.stop.wait(0.0003)

    def eat(own: random.Random) -> None:
        while not run.stop.is_set():
            try:
                eaten.append(q.get(timeout=0.01))
            except Empty:
                continue
            if own.random() < 0.3:
                run.stop.wait(0.0003)

    def getting() -> None:
        if make.has("get_many") and turns % 3 == 0:
            # What follows `chain` in C is not Python code: a whole batch is kept or none of it taken.
            got.extend(itertools.chain.from_iterable(iter(partial(q.get_many, 3), last)))
        else:
            got.extend(iter(q.get, last))

    def putting() -> None:
        items = [Item(0, turns * 10_000 + i) for i in range(10_000)]
        done: list[None] = []
        try:
            done.extend(map(q.put, items))
        finally:
            count = len(done)
            put.extend(items[:count])

    end = time.monotonic() + seconds
    while time.monotonic() < end or within < 6:
        assert time.monotonic() < end + HANG, f"{within} interrupts only"
        turns += 1
        # A queue without a bound never lets a put wait: only gets are interrupted in their waits there.
        side = putting if make.maxsize and turns % 2 else getting
        run.stop.clear()
        helper = run.start(eat if side is putting else feed, random.Random(rng.random()))
        try:
            with signals(handler, 0.0002):
                try:
                    inside_side[0] = True
                    armed[0] = True
                    side()
                finally:
                    inside_side[0] = False
                    armed[0] = False
        except (Storm, KeyboardInterrupt) as error:
            frames = traceback.walk_tb(error.__traceback__)
            within += any(frame.f_code is side.__code__ for frame, _ in frames)
        run.stop.set()
        helper.join(HANG)
    run.join()
    missing = {id(item) for item in put + fed} - {id(item) for item in got + eaten}
    inside = drain(q)
    print(f"  {turns} turns, {within} interrupted waits, {len(put)} put, {len(got)} got")
    assert len(missing) == len(inside), f"{len(missing)} not got, {len(inside)} inside"
    conserved(put + fed, got + eaten + inside)


def interrupts_loose(make: Make, seconds: float, rng: random.Random) -> None:
    """Signals and interrupt_main at any moment, in any call: each costs one call's items at most."""
    q = make()
    run = Run()
    tried: list[Any] = []
    sure: list[Any] = []
    got: list[Any] = []
    armed = [False]
    hits = [0]
    batch = [0]  # the most that one interrupt may have cost in get_many and put_many

    def handler(*_: Any) -> None:
        if armed[0]:
            armed[0] = False
            hits[0] += 1
            raise KeyboardInterrupt

    def other(own: random.Random) -> None:
        # keeps the main thread from waiting for ever, and interrupts it as Ctrl-C on Windows would
        mine = itertools.count()
        while not run.stop.is_set():
            try:
                if own.random() < 0.5:
                    item = Item(3, next(mine))
                    q.put(item, timeout=0.001)
                    tried.append(item)
                    sure.append(item)
                else:
                    got.append(q.get(timeout=0.001))
            except (Empty, Full):
                pass
            if own.random() < 0.1:
                _thread.interrupt_main()

    def one(own: random.Random) -> None:
        kind = own.randrange(6)
        item = Item(0, len(tried))
        if kind < 2:
            tried.append(item)
            q.put(item, timeout=own.choice([0.002, None]) if kind else 0.0001)
            sure.append(item)
        elif kind < 4:
            got.append(q.get(timeout=own.choice([0.002, 0.02])))
        elif kind == 4 and make.has("put_many"):
            items = [Item(0, len(tried) + i) for i in range(5)]
            tried.extend(items)
            try:
                q.put_many(items, timeout=0.002)
            except BaseException as error:
                sure.extend(items[: getattr(error, "count", 0)])
                raise
            sure.extend(items)
        elif make.has("get_many"):
            batch[0] = 5
            got.extend(q.get_many(5, timeout=0.002))

    before = signal.signal(signal.SIGINT, handler)
    run.start(other, random.Random(rng.random()))
    end = time.monotonic() + seconds
    with signals(handler, 0.0002):
        while time.monotonic() < end or hits[0] < 4:
            assert time.monotonic() < end + HANG, f"{hits[0]} interrupts only"
            try:
                try:
                    armed[0] = True
                    one(rng)
                finally:
                    armed[0] = False
            except (KeyboardInterrupt, Empty, Full):
                pass
    run.stop.set()
    run.join()
    # only now: one that was sent may still be on its way
    signal.signal(signal.SIGINT, before)
    found = [id(item) for item in got + drain(q)]
    assert len(set(found)) == len(found), "an item came twice"
    assert set(found) <= {id(item) for item in tried}, "an item came that nobody put"
    lost = {id(item) for item in sure} - set(found)
    assert len(lost) <= hits[0] * max(1, batch[0]), f"{len(lost)} lost, {hits[0]} interrupts"


def batons(make: Make, seconds: float, rng: random.Random) -> None:
    """Of several who wait without a timeout, one is interrupted all the time: no wake is lost with it.

    One item is put at a time (or taken from a full queue): if it lies there (or the room is not used)
    while the others sleep, an interrupted one was woken for it and told nobody.
    """
    sides = [True, False] if make.maxsize else [True]
    for getting in sides:
        _batons(make, seconds / len(sides), getting)


def _batons(make: Make, seconds: float, getting: bool) -> None:
    q = make()
    run = Run()
    armed = [False]
    within = 0
    last = Item(9, 0)
    rounds = 0
    settled = make.maxsize if not getting else 0
    ended = False

    def handler() -> None:
        if armed[0] and not ended:  # at the end main takes one `last`, and must know that it did
            armed[0] = False
            raise Storm

    def wait() -> None:
        if getting:
            deque(iter(q.get, last), maxlen=0)
        else:
            deque(map(q.put, iter(lambda: None if ended else Item(0, 0), None)), maxlen=0)

    def settle() -> None:
        deadline = time.monotonic() + HANG / 4
        while q.qsize() != settled:
            if run.errors:
                return
            assert time.monotonic() < deadline, f"a wake was lost: {q.qsize()} inside, {rounds} rounds"
            time.sleep(0)

    def oversee() -> None:
        nonlocal rounds, ended
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end or within < 3:
                assert time.monotonic() < end + HANG / 2, f"{within} interrupts only"
                settle()
                rounds += 1
                if getting:
                    q.put(Item(0, rounds))
                else:
                    q.get()
            settle()
        finally:
            ended = True
            for _ in range(4):
                if getting:
                    q.put(last)
                else:
                    q.get(timeout=1)

    for _ in range(3):
        run.start(wait)
    overseer = run.start(oversee)
    with signals(handler, 0.0005):
        over = False
        while not over:
            try:
                try:
                    armed[0] = True
                    wait()
                    over = True
                finally:
                    armed[0] = False
            except Storm as error:
                frames = traceback.walk_tb(error.__traceback__)
                within += any(frame.f_code is wait.__code__ for frame, _ in frames)
    overseer.join(HANG)
    run.join()
    print(f"  {'getters' if getting else 'putters'}: {rounds} rounds, {within} interrupted")


SCENARIOS = {
    "batons": batons,
    "handlers": handlers,
    "interrupts_strict": interrupts_strict,
    "interrupts_loose": interrupts_loose,
}
