"""What the compiled queues owe the interpreter: the collector sees in, the GIL stays off."""

import gc
import os
import random
import subprocess
import sys
import threading
import time

import pytest

from allcores._native.queues import LifoQueue, PriorityQueue, Queue, SimpleQueue


@pytest.mark.parametrize("make", [Queue, lambda: Queue(64), SimpleQueue])
@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 62, 64])
def test_the_collector_visits_each_item_once(make, size: int) -> None:
    q = make()
    for i in range(40):  # so that the oldest item does not stand at the start of a block
        q.put(i)
        q.get()
    items = [[i] for i in range(size)]
    for item in items:
        q.put(item)
    seen = [id(found) for found in gc.get_referents(q) if isinstance(found, list)]
    assert sorted(seen) == sorted(id(item) for item in items)


def test_a_subclass_is_visited_too() -> None:
    class Sub(Queue):
        pass

    q, item = Sub(), [1]
    q.put(item)
    q.note = [2]
    assert sum(found is item for found in gc.get_referents(q)) == 1


def test_a_queue_moved_from_its_ring_is_visited_in_both_parts() -> None:
    q = Queue(4)
    q.put_many([[i] for i in range(4)])
    q.maxsize = 100
    q.put_many([[i] for i in range(4, 50)])
    assert sorted(found[0] for found in gc.get_referents(q) if isinstance(found, list)) == list(
        range(50)
    )


ALL_MODULES = [
    "allcores",
    "allcores.queue",
    "allcores.kernels",
    "allcores.multiprocessing",
    "allcores.parallel",
    "allcores.cli.main",
    "allcores.explanation",
    "allcores._native.runtime",
    "allcores._native.shm",
]


@pytest.mark.skipif(
    not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled(), reason="this interpreter has a GIL"
)
def test_importing_everything_leaves_the_gil_off() -> None:
    code = f"import sys\nfor name in {ALL_MODULES}: __import__(name)\nprint(sys._is_gil_enabled())"
    # -W error: turning the GIL back on comes with a RuntimeWarning
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "False", done.stderr


def test_a_hostile_collector_finds_nothing_wrong(seed: int) -> None:
    """Threads put, get, drop and nest queues while one collects all the time."""
    generator = random.Random(seed)
    seeds = [generator.random() for _ in range(3)]
    stop = threading.Event()
    errors: list[BaseException] = []
    q = Queue()

    class Putter:
        def __del__(self) -> None:
            q.put(None)

    def churn(number: float) -> None:
        own = random.Random(number)
        try:
            while not stop.is_set():
                inner = Queue(own.choice([0, 3, 40]))
                cycle = [inner]
                for _ in range(own.randrange(1, 4)):
                    inner.put_nowait(own.choice([cycle, Putter(), q, b"x"]) if inner.qsize() < 3 else 1)
                q.put(inner)
                if own.random() < 0.9:
                    q.get(timeout=30)
                if own.random() < 0.2:
                    q.get_many(50, timeout=30)
        except BaseException as error:
            errors.append(error)

    def collect() -> None:
        while not stop.is_set():
            gc.collect()

    threads = [threading.Thread(target=churn, args=(number,)) for number in seeds]
    threads.append(threading.Thread(target=collect))
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + float(os.environ.get("STRESS_SECONDS", "2"))
    while time.monotonic() < deadline and not errors:
        stop.wait(0.05)
    stop.set()
    # a getter may wait for an item that its last putter did not put
    while any(thread.is_alive() for thread in threads):
        q.put(None)
        threads[0].join(0.001)
    for thread in threads:
        thread.join(30)
    assert not errors, errors


def test_leaving_with_threads_that_wait_does_not_hang_or_crash() -> None:
    code = """
import threading
from allcores.queue import Queue
empty, full = Queue(), Queue(1)
full.put(1)
for call in (empty.get, lambda: full.put(2), empty.join):
    threading.Thread(target=call, daemon=True).start()
empty.put(1)
print("end")
"""
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_the_items_and_can_use_the_queue() -> None:
    code = """
import os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is the point here
from allcores.queue import Queue
q = Queue()
waiter = threading.Thread(target=q.get, daemon=True)
other = Queue(2)
other.put(1)
waiter.start()
while q.stats()["waits"] == 0:
    pass
pid = os.fork()
if pid == 0:
    assert other.get() == 1
    q.put("mine")          # nobody waits here; the flag of the parent's waiter is harmless
    assert q.get() == "mine"
    other.put(2); other.put(3)
    assert other.full()
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
q.put("parent's")
waiter.join(30)
assert not waiter.is_alive() and other.get() == 1
print("end")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


@pytest.mark.parametrize("kind", [Queue, LifoQueue, PriorityQueue, SimpleQueue])
def test_a_timeout_that_is_no_number_is_named(kind) -> None:
    with pytest.raises(TypeError, match="timeout must be a number of seconds or None, not str"):
        kind().get(timeout="1")
