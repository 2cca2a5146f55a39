"""Real threads on a queue, and the history of what they did.

Every kind of call comes up: blocking, with a timeout, without waiting, batches. At the end one thread
takes out what is left, up to an Empty that the monitor can hold against an item that nobody got.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from linearizability.history import CLOSED, EMPTY, Log, Op, Recorder

#: Longer than any correct wait; who reaches it has hung.
HANG = 30.0


@contextmanager
def switching(seconds: float | None) -> Iterator[None]:
    """With the GIL: how long a thread keeps it. None: as it is."""
    before = sys.getswitchinterval()
    if seconds is not None:
        sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def run_threads(*targets: Callable[[], None]) -> None:
    """Run them at once to their ends; raise what the first of them raised."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(targets))

    def run(target: Callable[[], None]) -> None:
        try:
            start.wait(HANG)
            target()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(target,), daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * HANG)
    if errors:
        raise errors[0]
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"


def new_value(rng: random.Random, producer: int, number: int) -> Any:
    """Unique, fresh, and with a rank of its own for priority queues: (rank, producer, number)."""
    return (rng.randrange(8), producer, number)


def produce(log: Log, rng: random.Random, count: int, batches: bool) -> None:
    number = 0
    while number < count:
        kind = rng.randrange(10)
        if kind == 0 and batches:
            size = rng.randint(1, 5)
            values = [new_value(rng, log.thread, number + i) for i in range(size)]
            log.put_many(values, timeout=rng.choice([0.001, HANG]))
            number += size
            continue
        value = new_value(rng, log.thread, number)
        number += 1
        if kind < 3:
            log.put(value, False)
        elif kind < 5:
            log.put(value, True, 0.0001)
        elif kind < 7:
            log.put(value, True, HANG)
        else:
            log.put(value)


def consume(log: Log, rng: random.Random, finished: threading.Event, batches: bool) -> None:
    while True:
        last = finished.is_set()
        kind = rng.randrange(10)
        if kind == 0 and batches:
            outcome, _ = log.get_many(rng.randint(1, 6), timeout=0.001)
        elif kind < 4:
            outcome, _ = log.get(False)
        else:
            outcome, _ = log.get(True, rng.choice([0.0001, 0.002]))
        if outcome == CLOSED or (last and outcome == EMPTY):
            return


def history_of(
    queue: Any,
    seed: int,
    producers: int,
    consumers: int,
    count: int,
    batches: bool = True,
    shutdown: bool | None = None,
    bounds: tuple[int, ...] = (),
    alone: bool = False,
) -> list[Op]:
    """What threads did: each producer tries `count` values, consumers go on until nothing is left.

    Parameters
    ----------
    shutdown : bool or None
        Shut the queue down when about half is through, and whether at once; None: not.
    bounds : tuple of int
        Values that `maxsize` is set to, over and over; what the bound says can not be judged then.
    alone : bool
        Only the one consumer may get: it takes out the rest as well, and immediate shutdowns leave
        nothing to it.
    """
    recorder = Recorder(queue)
    logs = [recorder.log() for _ in range(producers + consumers + 1)]
    rngs = [random.Random(f"{seed} {log.thread}") for log in logs]
    finished = threading.Event()
    left = threading.Semaphore(0)

    def producer(log: Log) -> None:
        try:
            produce(log, rngs[log.thread], count, batches)
        finally:
            left.release()

    def consumer(log: Log) -> None:
        consume(log, rngs[log.thread], finished, batches)
        if alone:
            finished.wait(HANG)
            drain(log)

    def overseer() -> None:
        if shutdown is not None:
            while len(logs[0].done) < count // 2:
                finished.wait(0.0005)
            logs[-1].shutdown(shutdown)
        for _ in range(producers):
            deadline = time.monotonic() + HANG
            while not left.acquire(timeout=0 if bounds else HANG):
                assert time.monotonic() < deadline, "a producer hangs"
                queue.maxsize = rngs[-1].choice(bounds)
        finished.set()

    targets = [lambda log=log: producer(log) for log in logs[:producers]]
    targets += [lambda log=log: consumer(log) for log in logs[producers:-1]]
    run_threads(*targets, overseer)
    if not alone:
        drain(logs[-1])
    return recorder.history()


def drain(log: Log) -> None:
    """Take out everything, and be told that it was everything."""
    while log.get(False)[0] not in (EMPTY, CLOSED):
        pass
