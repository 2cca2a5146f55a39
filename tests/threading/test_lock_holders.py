"""The dump: who waits for what, who holds it, and since where."""

import io
import sys
import threading as std
import time

import pytest

from allcores.threading import lock_holders, lock_order
from allcores.threading.lock_order import Lock, RLock, dump_locks

DEADLINE = 20.0


def dumped(threads: int) -> str:
    """The dump, once so many threads wait."""
    limit = time.monotonic() + DEADLINE
    while True:
        out = io.StringIO()
        dump_locks(out)
        if out.getvalue().startswith(f"{threads} threads"):
            return out.getvalue()
        assert time.monotonic() < limit, out.getvalue()
        time.sleep(0.001)


@pytest.mark.parametrize("kind", [Lock, RLock])
def test_it_names_who_waits_for_what_and_who_holds_it(kind: type) -> None:
    lock = kind()

    def taken_here() -> None:
        lock.acquire()

    def stuck_here() -> None:
        with lock:
            pass

    taken_here()
    waiter = std.Thread(target=stuck_here, name="waiter")
    waiter.start()
    text = dumped(1)
    lock.release()
    waiter.join(DEADLINE)
    assert "thread 'waiter' has waited" in text and "in stuck_here" in text
    assert f"{kind.__name__} 0x{id(lock):x} made at {__file__}" in text
    assert "held by thread 'MainThread'" in text and "in taken_here" in text
    assert "DEADLOCK" not in text and "lock_order.py" not in text
    dumped(0)


def test_it_names_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_order, "report_hook", lambda report: None)
    a, b = Lock(), Lock()
    both = std.Barrier(2)

    def work(first: Lock, second: Lock) -> None:
        first.acquire()
        both.wait(DEADLINE)
        assert second.acquire(timeout=DEADLINE)
        second.release()
        if first is a:
            a.release()

    threads = [
        std.Thread(target=work, args=pair, name=name) for name, pair in (("x", (a, b)), ("y", (b, a)))
    ]
    for thread in threads:
        thread.start()
    text = dumped(2)
    b.release()  # any thread may: x goes on, gives a back, and y goes on
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()
    assert "DEADLOCK: 'x' -> 'y' -> 'x'" in text and "DEADLOCK: 'y' -> 'x' -> 'y'" in text


def test_a_holder_that_ended_is_said_to_have(capsys: pytest.CaptureFixture[str]) -> None:
    lock = Lock()
    holder = std.Thread(target=lock.acquire)
    holder.start()
    holder.join(DEADLINE)
    waiter = std.Thread(target=lock.acquire)
    waiter.start()
    text = dumped(1)
    lock.release()
    waiter.join(DEADLINE)
    assert "held by thread" in text
    dump_locks()
    assert "0 threads wait" in capsys.readouterr().err


def test_threads_that_ended_are_forgotten() -> None:
    for _ in range(5):
        threads = [std.Thread(target=Lock().acquire) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
    assert len(lock_holders.threads) <= 300
    assert sys._current_frames().keys() & lock_holders.threads.keys()
