"""The classes of allcores.threading that are new, and what all of them owe the interpreter."""

import copy
import gc
import inspect
import itertools
import pickle
import random
import sys
import threading as std
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from allcores._native import sync
from allcores._native.sync import (
    AtomicFlag,
    AtomicInt,
    AtomicRef,
    Barrier,
    BoundedSemaphore,
    Condition,
    Event,
    Latch,
    Once,
    RWLock,
    Semaphore,
    call_once,
)

HANG = 30.0
TOP = 2**63 - 1


def start(target: Callable[..., Any], *args: Any) -> std.Thread:
    thread = std.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def join(*threads: std.Thread) -> None:
    for thread in threads:
        thread.join(HANG)
        assert not thread.is_alive(), "a thread hangs"


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.0005)


def together(count: int, body: Callable[[int], None]) -> None:
    """Run body(0..count-1) in threads, and raise what one of them raised."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            body(number)
        except BaseException as error:
            errors.append(error)

    join(*[start(run, i) for i in range(count)])
    if errors:
        raise errors[0]


# -- RWLock ---------------------------------------------------------------------------------------


def test_readers_share_and_a_writer_is_alone() -> None:
    lock = RWLock()
    assert lock.acquire_read()
    assert lock.acquire_read(timeout=0)
    assert (lock.readers, lock.writing) == (2, False)
    assert not lock.acquire_write(blocking=False)
    assert not lock.acquire_write(timeout=0.001)
    lock.release_read()
    lock.release_read()
    with lock.write() as got:
        assert got is True
        assert (lock.readers, lock.writing) == (0, True)
        assert not lock.acquire_read(False)
        with pytest.raises(RuntimeError, match="wait for itself"):
            lock.acquire_read()
        with pytest.raises(RuntimeError, match="wait for itself"):
            lock.acquire_write(timeout=1)
    assert "readers=0" in repr(lock)


def test_a_release_that_is_not_due_is_refused() -> None:
    lock = RWLock()
    for call in (lock.release_read, lock.release_write, lock.downgrade):
        with pytest.raises(RuntimeError):
            call()
    lock.acquire_write()
    with pytest.raises(RuntimeError):
        lock.release_read()
    seen: list[str] = []

    def other() -> None:
        for call in (lock.release_write, lock.downgrade):
            try:
                call()
            except RuntimeError as error:
                seen.append(str(error))

    join(start(other))
    assert len(seen) == 2
    lock.release_write()
    with pytest.raises(ValueError, match="non-blocking"):
        lock.acquire_read(False, 1)
    with pytest.raises(ValueError, match="non-negative"):
        lock.acquire_write(timeout=-2)


def test_a_writer_that_waits_lets_no_new_reader_in_and_neither_starves() -> None:
    lock, order = RWLock(), []
    lock.acquire_read()

    def write() -> None:
        with lock.write():
            order.append("w")

    def read() -> None:
        with lock.read():
            order.append("r")

    writer = start(write)
    wait_until(lambda: not lock.acquire_read(False) or lock.release_read())
    reader = start(read)
    assert order == []
    lock.release_read()
    join(writer, reader)
    assert order == ["w", "r"]


def test_a_writer_that_gives_up_lets_the_readers_in() -> None:
    lock, entered = RWLock(), Event()
    lock.acquire_read()
    writer = start(lock.acquire_write, True, 0.2)
    wait_until(lambda: not lock.acquire_read(False) or lock.release_read())

    def read() -> None:
        with lock.read():
            entered.set()

    reader = start(read)
    assert entered.wait(HANG)  # while the first reader is still inside
    join(writer, reader)
    lock.release_read()
    assert lock.acquire_write(False)


def test_downgrade_keeps_writers_out_and_lets_readers_in() -> None:
    lock = RWLock()
    with lock.write():
        lock.downgrade()
        assert (lock.readers, lock.writing) == (1, False)
        assert lock.acquire_read(False)
        lock.release_read()
        assert not lock.acquire_write(False)
    assert lock.acquire_write(False)


def test_data_under_an_rwlock_is_never_torn(seed: int, stress_seconds: float) -> None:
    lock, data, end = RWLock(), [0, 0], time.monotonic() + stress_seconds
    counts = AtomicInt()

    def play(number: int) -> None:
        own, wrote = random.Random(seed + number), 0
        while time.monotonic() < end:
            if own.random() < 0.6:
                if lock.acquire_read(timeout=own.choice([-1, 0, 0.00005])):
                    assert data[0] == data[1]
                    lock.release_read()
            elif lock.acquire_write(timeout=own.choice([-1, 0, 0.00005])):
                data[0] += 1
                if own.random() < 0.1:
                    time.sleep(0)
                data[1] += 1
                wrote += 1
                if own.random() < 0.3:
                    lock.downgrade()
                    assert data[0] == data[1]
                    lock.release_read()
                else:
                    lock.release_write()
        counts.fetch_add(wrote)

    together(5, play)
    assert data == [counts.load()] * 2
    assert (lock.readers, lock.writing) == (0, False)


# -- Latch, flag ----------------------------------------------------------------------------------


def test_a_latch_opens_for_all_and_stays_open() -> None:
    latch, arrived = Latch(4), AtomicInt()

    def play(_: int) -> None:
        arrived.fetch_add(1)
        latch.count_down()
        assert latch.wait(HANG)
        assert arrived.load() == 4

    together(4, play)
    assert latch.count == 0
    assert latch.wait()
    assert Latch(0).wait(0)


def test_a_latch_refuses_what_is_more_than_its_count() -> None:
    latch = Latch(2)
    assert not latch.wait(0)
    with pytest.raises(ValueError, match="2 left"):
        latch.count_down(3)
    assert latch.count == 2
    latch.count_down(n=2)
    with pytest.raises(ValueError, match="0 left"):
        latch.count_down()
    for bad in (0, -1):
        with pytest.raises(ValueError, match="n must be"):
            latch.count_down(bad)
    with pytest.raises(ValueError, match="count must be"):
        Latch(-1)
    with pytest.raises(TypeError):
        Latch(1.5)


def test_of_many_one_finds_the_flag_down() -> None:
    for _ in range(50):
        flag, firsts = AtomicFlag(), AtomicInt()
        gate = std.Barrier(4)

        def play(_: int, flag: Any = flag, firsts: Any = firsts, gate: Any = gate) -> None:
            gate.wait(HANG)
            if not flag.test_and_set():
                firsts.fetch_add(1)

        together(4, play)
        assert firsts.load() == 1
        assert flag
        assert flag.is_set()
        assert flag.wait(0)
        flag.clear()
        assert not flag
        assert not flag.wait(0.001)


# -- AtomicInt ------------------------------------------------------------------------------------


def test_each_operation_of_the_number() -> None:
    a = AtomicInt(5)
    assert [a.fetch_add(3), a.fetch_sub(1), a.fetch_and(6), a.fetch_or(1), a.fetch_xor(n := 15)] == [
        5, 8, 7, 6, 7,
    ]  # fmt: skip
    assert (n, a.load(), a.exchange(-1), int(a)) == (15, 8, 8, -1)
    assert a.compare_exchange(expected=-1, new=2)
    assert not a.compare_exchange(-1, 3)
    a.store(4)
    same = a
    a += 6
    a -= 1
    a |= 16
    a &= 24
    a ^= 1
    assert a is same
    assert (repr(a), f"{a:03}") == ("AtomicInt(25)", "025")
    assert range(100)[a] == 25
    assert a.fetch_add() == 25
    assert a.fetch_add(n=-26) == 26
    assert not a
    assert (a == 0, a == a, hash(a) == hash(a)) == (False, True, True)


@pytest.mark.parametrize("value", [TOP, -TOP - 1])
def test_past_64_bits_the_number_stays(value: int) -> None:
    a, sign = AtomicInt(value), 1 if value > 0 else -1
    calls: list[Callable[[], Any]] = [
        lambda: a.fetch_add(sign),
        lambda: a.fetch_sub(-sign),
        lambda: a.__iadd__(sign),
        lambda: a.store(2**63),
        lambda: a.exchange(-(2**63) - 1),
        lambda: a.fetch_or(2**64),
        lambda: a.compare_exchange(2**70, 1),
        lambda: a.compare_exchange(value, 2**70),
        lambda: AtomicInt(2**63),
    ]
    for call in calls:
        with pytest.raises(OverflowError):
            call()
        assert a.load() == value
    for bad in ("1", 1.0, None):
        with pytest.raises(TypeError):
            a.fetch_add(bad)


def test_no_step_of_the_number_is_lost() -> None:
    a, seen = AtomicInt(), [[], [], []]

    def play(number: int) -> None:
        seen[number] = [a.fetch_add(1) for _ in range(20000)]

    together(3, play)
    assert a.load() == 60000
    assert sorted(itertools.chain(*seen)) == list(range(60000))


# -- AtomicRef ------------------------------------------------------------------------------------


def test_each_operation_of_the_reference() -> None:
    one, two = [1], [1]
    ref: AtomicRef[Any] = AtomicRef(one)
    assert ref.load() is one
    assert not ref.compare_exchange(two, None)  # equal, but not the same
    assert ref.compare_exchange(expected=one, new=two)
    assert ref.exchange(one) is two
    ref.store(None)
    assert ref.load() is None
    assert repr(AtomicRef(3)) == "AtomicRef(3)"
    assert AtomicRef[int] is not AtomicRef


def test_references_are_counted() -> None:
    class Thing:
        pass

    thing = Thing()
    alive = weakref.ref(thing)
    ref: AtomicRef[Any] = AtomicRef(thing)
    for _ in range(100):
        ref.load()
        ref.compare_exchange(None, thing)
        ref.compare_exchange(thing, thing)
        ref.store(thing)
        ref.exchange(thing)
    del thing
    gc.collect()
    assert alive() is not None
    ref.store(None)
    gc.collect()
    assert alive() is None


def test_the_collector_sees_the_object() -> None:
    ref: AtomicRef[Any] = AtomicRef()
    holder = [ref]
    ref.store(holder)
    assert sum(found is holder for found in gc.get_referents(ref)) == 1
    alive = weakref.ref(ref)
    del ref, holder
    gc.collect()
    assert alive() is None


def test_the_end_of_a_replaced_object_may_use_the_reference() -> None:
    ref: AtomicRef[Any] = AtomicRef()
    seen = []

    class Thing:
        def __del__(self) -> None:
            seen.append(ref.load())
            ref.store("from the end")

    ref.store(Thing())
    ref.store("new")
    gc.collect()
    assert (seen, ref.load()) == (["new"], "from the end")


def test_loads_do_not_race_with_the_end_of_what_is_replaced(stress_seconds: float) -> None:
    ref: AtomicRef[Any] = AtomicRef((0, 0))
    end = time.monotonic() + stress_seconds

    def play(number: int) -> None:
        i = 0
        while time.monotonic() < end:
            for _ in range(100):
                i += 1
                if number == 0:
                    ref.store((i, i))
                elif number == 1:
                    old = ref.load()
                    ref.compare_exchange(old, (old[0], old[0]))
                else:
                    a, b = ref.load()
                    assert a == b
            if number == 2:
                gc.collect()

    together(4, play)


# -- once -----------------------------------------------------------------------------------------


def test_one_call_is_made_and_all_get_its_result() -> None:
    for _ in range(50):
        once, calls, results = Once(), AtomicInt(), []
        gate = std.Barrier(4)

        def make(calls: Any = calls) -> list[int]:
            time.sleep(0.0005)
            return [calls.fetch_add(1)]

        def play(_: int, once: Any = once, gate: Any = gate, results: Any = results) -> None:
            gate.wait(HANG)
            results.append(call_once(once, make))

        together(4, play)
        assert calls.load() == 1
        assert all(result is results[0] for result in results)
        assert once.done


def test_a_call_that_raises_does_not_count_and_the_next_tries() -> None:
    once, entered, go = Once(), Event(), Event()

    def fail() -> None:
        entered.set()
        go.wait(HANG)
        raise KeyError("first")

    seen = []

    def first() -> None:
        try:
            call_once(once, fail)
        except KeyError as error:
            seen.append(error)

    one = start(first)
    assert entered.wait(HANG)
    two = start(lambda: seen.append(call_once(once, lambda *args, **kwargs: (args, kwargs), 1, a=2)))
    go.set()
    join(one, two)
    assert sorted(map(str, seen)) == ["'first'", "((1,), {'a': 2})"]
    assert call_once(once, fail) == ((1,), {"a": 2})


def test_a_call_that_comes_back_to_itself_raises() -> None:
    once = Once()
    with pytest.raises(RuntimeError, match="wait for itself"):
        call_once(once, lambda: call_once(once, int))
    assert not once.done
    assert call_once(once, int) == 0


def test_the_decorator() -> None:
    calls = []

    @call_once
    def settings(size: int) -> dict[str, int]:
        """What they are."""
        calls.append(size)
        return {"size": size}

    assert settings(1) is settings(2)
    assert (calls, settings.__name__, settings.__doc__) == ([1], "settings", "What they are.")
    with pytest.raises(TypeError, match="must be a Once"):
        call_once(3)
    with pytest.raises(TypeError, match="needs the function"):
        call_once(Once())
    with pytest.raises(TypeError, match="callable"):
        call_once(Once(), 3)


# -- what all classes owe -------------------------------------------------------------------------

ARGUMENTS: dict[type, tuple[Any, ...]] = {
    Semaphore: (1,), BoundedSemaphore: (1,), Event: (), Condition: (), Barrier: (1,), RWLock: (),
    Latch: (1,), AtomicInt: (), AtomicRef: (), AtomicFlag: (), Once: (),
}  # fmt: skip
every = pytest.mark.parametrize("cls", ARGUMENTS, ids=lambda cls: cls.__name__)


@every
def test_copies_and_pickles_are_refused(cls: type) -> None:
    for call in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=f"cannot pickle a {cls.__name__}"):
            call(cls(*ARGUMENTS[cls]))


@every
def test_subclasses_attributes_weak_references_signatures(cls: type) -> None:
    class Sub(cls):  # type: ignore[misc]
        def __init__(self, *, note: str) -> None:
            super().__init__(*ARGUMENTS[cls])
            self.note = note

    sub = Sub(note="x")
    assert (sub.note, weakref.ref(sub)(), bool(cls.__doc__)) == ("x", sub, True)
    repr(sub)
    inspect.signature(cls)
    for name, method in inspect.getmembers(cls, inspect.isroutine):
        if not name.startswith("_"):
            assert "self" in inspect.signature(method).parameters, name
            assert method.__doc__, name


CALLS: dict[type, list[tuple[str, tuple[Any, ...]]]] = {
    Semaphore: [("acquire", ()), ("release", ()), ("__enter__", ()), ("acquire", (False,))],
    BoundedSemaphore: [("acquire", ()), ("release", ()), ("__exit__", (None, None, None))],
    Condition: [
        ("acquire", ()), ("release", ()), ("wait", ()), ("notify", ()), ("notify_all", ()),
        ("__enter__", ()), ("__exit__", (None, None, None)), ("wait_for", (int,)), ("_is_owned", ()),
        ("_release_save", ()), ("_at_fork_reinit", ()), ("locked", ()), ("acquire", (False,)),
    ],
    Barrier: [("wait", ()), ("reset", ()), ("abort", ())],
    Latch: [("wait", ()), ("count_down", ())],
}  # fmt: skip


@pytest.mark.parametrize("cls", CALLS, ids=lambda cls: cls.__name__)
def test_a_method_before_init_raises(cls: type) -> None:
    class Forgetful(cls):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

    for name, args in CALLS[cls]:
        with pytest.raises(RuntimeError, match="__init__ was not called"):
            getattr(Forgetful(), name)(*args)
    repr(Forgetful())
    for name in ("n_waiting", "parties", "broken", "count"):
        if hasattr(cls, name):
            with pytest.raises(RuntimeError, match="__init__ was not called"):
                getattr(Forgetful(), name)


def test_the_rest_works_before_init_as_if_made_without_arguments() -> None:
    for cls in set(ARGUMENTS) - set(CALLS):
        bare = cls.__new__(cls)
        repr(bare)
        for name in ("set", "clear", "release_read", "load", "is_set", "test_and_set"):
            if hasattr(bare, name) and name != "release_read":
                getattr(bare, name)()


def test_what_is_inside_a_with_block_of_a_side_alone() -> None:
    with pytest.raises(RuntimeError, match="__init__"):
        sync._Side().__enter__()  # type: ignore[attr-defined]
    lock = RWLock()
    with pytest.raises(RuntimeError, match="given back inside"), lock.read():
        lock.release_read()


@every
def test_the_dict_is_made_when_it_is_first_needed(cls: type) -> None:
    """An empty dict from the start would keep the interpreter from specialising method look-ups."""
    one = cls(*ARGUMENTS[cls])
    assert not any(isinstance(found, dict) for found in gc.get_referents(one))
    assert one.__dict__ == {}
    one.note = 1
    assert (one.note, one.__dict__, vars(one)) == (1, {"note": 1}, {"note": 1})
    del one.note
    with pytest.raises(AttributeError):
        one.note  # noqa: B018


def test_no_references_leak() -> None:
    def work() -> None:
        s, e, c, r = Semaphore(1), Event(), Condition(), RWLock()
        for _ in range(50):
            with s, c, r.read():
                c.notify()
                c.wait(0)
                s.acquire(False)
                e.wait(0)
        Barrier(1).wait()
        Latch(1).wait(0)

    work()
    gc.collect()
    before = len(gc.get_objects())
    nones = sys.getrefcount(None)
    work()
    gc.collect()
    assert len(gc.get_objects()) - before < 20
    assert abs(sys.getrefcount(None) - nones) < 50


@pytest.mark.parametrize("wait", [Event().wait, Semaphore(0).acquire])
def test_a_timeout_that_is_no_number_is_named(wait) -> None:
    with pytest.raises(TypeError, match="timeout must be a number of seconds or None, not str"):
        wait(timeout="1")
