"""The native side of the locks: AtomicInt, the places of waiters, who is alive."""

import os
import threading
from typing import Any

import pytest
from mp_helpers import PATIENCE

from allcores import multiprocessing as mp
from allcores._native.shm_sync import WaitRow, is_dead, own_id


def add(number: Any, times: int) -> None:
    for _ in range(times):
        number += 1


def test_processes_add_up(fork) -> None:
    ctx = fork
    number = ctx.AtomicInt(-5)
    processes = [ctx.Process(target=add, args=(number, 2000)) for _ in range(2)]
    for process in processes:
        process.start()
    add(number, 2000)
    for process in processes:
        process.join(PATIENCE)
    assert number.load() == 5995


def test_an_atomic_int() -> None:
    a = mp.AtomicInt(12)
    assert (a.fetch_add(3), a.fetch_sub(1), a.fetch_and(6), a.fetch_or(1), a.fetch_xor(2)) == (
        12,
        15,
        14,
        6,
        7,
    )
    assert (a.load(), a.exchange(9), int(a), f"{a:04}", bool(a), [0] * 10 + [1]) == (
        5,
        5,
        9,
        "0009",
        True,
        [0] * 10 + [1],
    )
    assert a.compare_exchange(9, 1) and not a.compare_exchange(9, 2) and repr(a) == "AtomicInt(1)"
    a -= 1
    a |= 6
    a &= 3
    a ^= 1
    assert a.load() == 3
    a.store((1 << 63) - 1)
    with pytest.raises(OverflowError, match="unchanged"):
        a.fetch_add()
    with pytest.raises(OverflowError):
        a.store(1 << 63)
    assert a.load() == (1 << 63) - 1


def test_a_process_has_a_number_that_a_child_does_not_share() -> None:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, str(own_id()).encode())
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    child = int(os.read(read, 100))
    assert child != own_id() and is_dead(child) and not is_dead(own_id())
    os.waitpid(pid, 0)
    assert is_dead(child)
    os.close(read)
    os.close(write)


def test_a_place_is_answered_once() -> None:
    row = WaitRow()
    first, second = row.enter(), row.enter()
    assert row.count() == 2 and first.wait(0.01) == 1
    assert row.answer(1, 7) == 1
    assert (first.wait(None), first.leave(), first.leave()) == (7, 7, 1)
    assert second.leave() == 1 and row.answer(5, 7) == 0


def test_a_place_that_is_dropped_is_free_again() -> None:
    row = WaitRow()
    place = row.enter()
    assert row.count() == 1
    del place
    assert row.count() == 0


def test_a_row_has_an_end() -> None:
    row = WaitRow()
    places = []
    with pytest.raises(RuntimeError, match="which is the most"):
        while len(places) < 10_000:
            places.append(row.enter())
    assert len(places) > 2500
    assert row.answer(0xFFFFFFFF, 3) == len(places)
    del places
    assert row.count() == 0


def test_threads_in_a_row() -> None:
    row = WaitRow()
    answers: list[int] = []
    lock = threading.Lock()

    def wait() -> None:
        with lock:
            place = row.enter()
        place.wait(PATIENCE)
        answers.append(place.leave())

    threads = [threading.Thread(target=wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(answers) < 8:
        row.answer(1, 5)
    for thread in threads:
        thread.join()
    assert answers == [5] * 8


def test_a_timeout_that_is_no_number_is_named() -> None:
    taken = mp.Lock()
    taken.acquire()
    text = "timeout must be a number of seconds or None, not str"
    for wait in (mp.Event().wait, mp.Semaphore(0).acquire, taken.acquire, mp.Queue().get):
        with pytest.raises(TypeError, match=text):
            wait(timeout="1")
