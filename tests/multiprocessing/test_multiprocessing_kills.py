"""What is left when processes are killed: the survivors go on, and lose at most what was held.

The kills are real (SIGKILL) and fall at random moments under load; the seed is printed. How many of
them hit the middle of an operation is in the queue's ``deaths``.
"""

import os
import random
import signal
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mp_helpers import PATIENCE, await_true, gone, run_script

from allcores import multiprocessing as mp
from allcores.errors import Empty, Full
from allcores.multiprocessing.queues import Queue

# On the boards a message is one int: a list of millions of tuples would be the collector's work.
NAME = 1 << 32


def put_or_wait(put: Callable[[Any], None], what: Any) -> None:
    """Put; where the limit of a queue without a maxsize is reached, wait for the readers."""
    while True:
        try:
            return put(what)
        except MemoryError as error:
            if getattr(error, "count", 0):
                raise  # a batch of this size goes in as one
            time.sleep(0.0005)


def produce(queue: Queue, name: int, board: Queue, size: int) -> None:
    """Put numbered messages until killed; tell on the board what is surely in."""
    number = 0
    while True:
        number += 1
        put_or_wait(queue.put, (name, number, bytes(number % size)))
        board.put(name * NAME + number)


def produce_batches(queue: Queue, name: int, board: Queue, size: int) -> None:
    number = 0
    while True:
        batch = [(name, number + i + 1, bytes(i % size)) for i in range(20)]
        number += 20
        put_or_wait(queue.put_many, batch)
        board.put(name * NAME + number)


def consume(queue: Queue, board: Queue) -> None:
    while True:
        name, number, _ = queue.get()
        board.put(name * NAME + number)


def consume_batches(queue: Queue, board: Queue) -> None:
    while True:
        board.put_many([name * NAME + number for name, number, _ in queue.get_many(50)])


class Tally:
    """Starts, kills and counts the parties of one queue."""

    def __init__(self, seed: int, queue: Queue, batches: bool) -> None:
        self.random = random.Random(seed)
        self.queue = queue
        self.batches = batches
        self.ctx = mp.get_context("fork")
        self.names = 0
        self.sent: dict[int, int] = {}  # name: the last number that was surely put
        self.got: dict[int, array[int]] = {}  # 8 bytes a message: there are many millions
        self.killed_consumers = 0
        # Each party has boards of its own: what a killed one held there concerns nobody else.
        self.parties: list[tuple[Any, bool, Queue]] = []

    def start(self, producer: bool) -> None:
        board = Queue()
        if producer:
            self.names += 1
            self.sent[self.names] = 0
            target = produce_batches if self.batches else produce
            args: tuple[object, ...] = (self.queue, self.names, board, 20_000)
        else:
            target = consume_batches if self.batches else consume
            args = (self.queue, board)
        process = self.ctx.Process(target=target, args=args, daemon=True)
        process.start()
        self.parties.append((process, producer, board))

    def kill_one(self) -> None:
        self.kill(self.parties.pop(self.random.randrange(len(self.parties))))

    def kill(self, party: tuple[Any, bool, Queue]) -> None:
        process, producer, board = party
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, "it has crashed by itself"
        self.killed_consumers += not producer
        # The others wait meanwhile: they fill their boards faster than this loop empties one, and with
        # every kill there would be more to read.
        for other, *_ in self.parties:
            os.kill(other.pid, signal.SIGSTOP)
        for message in drain(board):
            name, number = divmod(message, NAME)
            if producer:
                self.sent[name] = number
            else:
                self.got.setdefault(name, array("q")).append(number)
        for other, *_ in self.parties:
            os.kill(other.pid, signal.SIGCONT)

    def finish(self, lost_per_kill: int) -> None:
        while self.parties:
            self.kill_one()
        for name, number, _ in drain(self.queue):
            self.got.setdefault(name, array("q")).append(number)
        missing = 0
        assert self.queue.stats()["lost"] <= self.killed_consumers * lost_per_kill
        for name, last in self.sent.items():
            numbers = sorted(self.got.get(name, []))
            assert len(numbers) == len(set(numbers)), "a message came twice"
            # What was put and not told: one message or batch, since the producer was killed.
            assert not numbers or numbers[-1] <= last + (20 if self.batches else 1)
            missing += len(set(range(1, last + 1)) - set(numbers))
        assert missing <= self.killed_consumers * lost_per_kill
        assert self.queue.qsize() == 0
        self.queue.put("alive")
        assert self.queue.get() == "alive"
        print(self.queue.stats(), f"{missing} missing of {sum(self.sent.values())}")


def drain(queue: Queue) -> Iterator[Any]:
    try:
        while True:
            yield from queue.get_many(1000, block=False)
    except Empty:
        return


def kill_for(tally: Tally, kills: int) -> None:
    for producer in (True, True, False, False):
        tally.start(producer)
    for _ in range(kills):
        time.sleep(tally.random.random() * 0.01)  # the moment of the kill
        tally.kill_one()
        # Whoever remains must be able to go on alone; two of each are there again after it.
        producers = sum(party[1] for party in tally.parties)
        tally.start(producer=producers < 2)


@pytest.mark.parametrize("maxsize", [0, 1, 10, 200])
@pytest.mark.parametrize("batches", [False, True])
def test_kills_at_random_moments(seed: int, maxsize: int, batches: bool) -> None:
    tally = Tally(seed, Queue(maxsize, _limit=4 << 20), batches)
    kill_for(tally, 25)
    # A consumer holds what it took until its board has it: a batch of 50 at most.
    tally.finish(lost_per_kill=50 if batches else 1)


@pytest.mark.heavy
@pytest.mark.parametrize("maxsize", [0, 1, 10, 200])
@pytest.mark.parametrize("batches", [False, True])
def test_kills_at_random_moments_for_long(seed: int, maxsize: int, batches: bool) -> None:
    tally = Tally(seed, Queue(maxsize, _limit=4 << 20), batches)
    kill_for(tally, 75 if maxsize else 30)  # without a bound many more messages go through
    tally.finish(lost_per_kill=50 if batches else 1)


def sleep_in_get(queue: Queue, board: Queue) -> None:
    board.put("here")
    queue.get()
    board.put("item")
    time.sleep(PATIENCE)


def test_a_killed_waiter_takes_no_wake_with_it(fork) -> None:
    q, board = Queue(), Queue()
    waiters = [fork.Process(target=sleep_in_get, args=(q, board), daemon=True) for _ in range(4)]
    for process in waiters:
        process.start()
    for _ in waiters:
        assert board.get(timeout=PATIENCE) == "here"
    for process in waiters[:3]:
        process.kill()
        process.join()
    q.put(1)
    assert board.get(timeout=PATIENCE) == "item"
    waiters[3].kill()
    waiters[3].join()


def create_and_pass_on(board: Queue) -> None:
    ctx = mp.get_context("fork")
    q = ctx.Queue()
    q.put("of the creator")
    ctx.Process(target=go_on_without_creator, args=(q, board), outlive_parent=True).start()
    board.get()
    os.kill(os.getpid(), signal.SIGKILL)


def go_on_without_creator(q: Queue, board: Queue) -> None:
    parent = os.getppid()
    board.put("go")
    await_true(lambda: os.getppid() != parent, "the creator is dead")
    board.put([q.get(timeout=PATIENCE), q.put("mine"), q.get(timeout=PATIENCE), os.getpid()])


def test_a_queue_outlives_its_creator(fork) -> None:
    board = Queue()
    creator = fork.Process(target=create_and_pass_on, args=(board,))
    creator.start()
    creator.join(PATIENCE)
    first, _, second, pid = board.get(timeout=PATIENCE)
    assert (first, second) == ("of the creator", "mine")
    await_true(lambda: gone(pid), "the heir has ended")


def go_round(queue: Queue, board: Queue) -> None:
    while True:
        queue.put(bytes(30_000))
        board.put(len(queue.get()))


@pytest.mark.parametrize("ordered", [False, True])
def test_a_stopped_process_corrupts_nothing_and_goes_on(fork, seed: int, ordered: bool) -> None:
    rng = random.Random(seed)
    q, boards = Queue(ordered=ordered), [Queue(), Queue()]
    parties = [fork.Process(target=go_round, args=(q, b), daemon=True) for b in boards]
    for process in parties:
        process.start()
    for _ in range(20):
        os.kill(parties[0].pid, signal.SIGSTOP)
        # Stopped in the middle of a put, it makes this wait end by its deadline.
        try:
            q.put(bytes(30_000), timeout=0.01)
            q.get(timeout=0.01)
        except (Full, Empty):
            pass
        os.kill(parties[0].pid, signal.SIGCONT)
        time.sleep(rng.random() * 0.01)
    for process in parties:
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    for item in drain(q):
        assert set(item) <= {0}
    for board in boards:
        assert set(drain(board)) <= {30_000}


def test_everyone_at_once_leaves_nothing(tmp_path: Path) -> None:
    code = """
        import os, signal, sys, time
        from allcores import multiprocessing as mp
        from mp_helpers import count_up, await_true, gone, names_in_shm, no_new_name_stays

        shm = names_in_shm()
        group = os.fork()
        if group == 0:
            os.setpgid(0, 0)
            ctx = mp.get_context("fork")
            q = ctx.Queue(100)
            for name in range(4):
                ctx.Process(target=count_up, args=(q, name, 10**9)).start()
            for _ in range(1000):
                q.get()
            os.kill(0, signal.SIGKILL)
        os.waitpid(group, 0)

        def group_is_gone():
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                return True
            return all(gone(int(pid)) for pid in os.listdir("/proc") if pid.isdigit()
                       and in_group(pid))

        def in_group(pid):
            try:
                return os.getpgid(int(pid)) == group
            except ProcessLookupError:
                return False

        await_true(group_is_gone, "the whole group has ended", 5)
        no_new_name_stays(shm)
    """
    run_script(tmp_path, code)


CROWD = 200


def test_a_crowd_comes_and_goes(fork) -> None:
    q = Queue()
    crowd = []
    for name in range(CROWD):
        process = fork.Process(target=q.put, args=(name,))
        process.start()
        crowd.append(process)
        if name % 3 == 0:
            process.kill()  # before, in the middle or after
    for process in crowd:
        process.join(PATIENCE)
    names = list(drain(q))
    assert len(set(names)) == len(names)
    assert {name for name in range(CROWD) if name % 3} <= set(names)
