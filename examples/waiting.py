"""Threads that wait for each other: a limit, a cache with many readers, a start signal, a counter."""

from allcores import threading
from allcores.threading import AtomicInt, Barrier, Event, Latch, RWLock, Semaphore, call_once

WORKERS = 4
ROUNDS = 50


@call_once
def settings() -> dict[str, int]:
    """Read, say, a file: once, whoever asks first."""
    print("settings are read")
    return {"limit": 2}


def main() -> None:
    start, done = Event(), Latch(WORKERS)
    prices, lock = {"a": 1, "b": 1}, RWLock()
    inside, most, changes = AtomicInt(), AtomicInt(), AtomicInt()
    rounds = Barrier(WORKERS)
    limit = Semaphore(settings()["limit"])

    def work(me: int) -> None:
        start.wait()
        for turn in range(ROUNDS):
            with limit:  # at most two at a time
                now = inside.fetch_add(1) + 1
                if now > most.load():
                    most.store(now)
                inside.fetch_sub(1)
            if turn % WORKERS == me:
                with lock.write():
                    prices["a"] += 1
                    prices["b"] += 1
                    changes.fetch_add(1)
            with lock.read():
                assert prices["a"] == prices["b"]
            rounds.wait()  # everybody goes into the next round together
        settings()
        done.count_down()

    for me in range(WORKERS):
        threading.Thread(target=work, args=(me,)).start()
    start.set()
    done.wait()
    print("changes:", changes.load(), "price:", prices["a"])
    print("never more than two inside:", most.load() <= 2)


if __name__ == "__main__":
    main()
