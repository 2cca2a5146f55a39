"""select: which queues can be read, without polling, without taking, for several threads at once."""

import gc
import queue as std
import random
import subprocess
import sys
import threading
import time
import weakref

import pytest

from allcores.queue import Empty, LifoQueue, Queue, ShardedQueue, ShutDown, SimpleQueue, select

KINDS = {
    "ring": lambda: Queue(8),
    "segments": Queue,
    "lifo": LifoQueue,
    "simple": SimpleQueue,
    "sharded": lambda: ShardedQueue(shards=2),
    "pair": lambda: Queue(8, spsc=True),
}
each_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())


def wait_until(fact, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.001)


def asleep(thread: threading.Thread) -> bool:
    """Whether the kernel says that a thread sleeps."""
    with open(f"/proc/self/task/{thread.native_id}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "S"


class Selector(threading.Thread):
    """A thread in select; `wait_asleep` returns when it sleeps there."""

    def __init__(self, queues, timeout=None) -> None:
        super().__init__(daemon=True)
        self.queues, self.timeout, self.result = queues, timeout, None
        self.start()

    def run(self) -> None:
        self.result = select(self.queues, self.timeout)

    def wait_asleep(self) -> None:
        wait_until(lambda: self.native_id is not None and asleep(self))

    def answer(self):
        self.join(20)
        assert not self.is_alive(), "select still sleeps"
        return self.result


def run_child(code: str, timeout: float = 60) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout
    )


@each_kind
def test_it_names_those_that_can_be_read_in_their_order(make) -> None:
    queues = [make() for _ in range(4)]
    assert select(queues, 0) == []
    queues[3].put(1)
    queues[1].put(2)
    for _ in range(2):  # asked again, the same answer: nothing was taken
        found = select(queues)
        assert [id(q) for q in found] == [id(queues[1]), id(queues[3])]
    assert [q.qsize() for q in queues] == [0, 1, 0, 1]
    assert queues[1].get() == 2
    assert select(queues) == [queues[3]]


@each_kind
def test_a_put_wakes_a_sleeping_select(make) -> None:
    queues = [make(), SimpleQueue(), make()]
    thread = Selector(queues)
    thread.wait_asleep()
    queues[2].put("x")
    assert thread.answer() == [queues[2]]
    assert queues[2].get_nowait() == "x"


def test_a_batch_and_a_clear_are_seen() -> None:
    q = Queue()
    thread = Selector([q])
    thread.wait_asleep()
    q.put_many([1, 2, 3])
    assert thread.answer() == [q]
    q.clear()
    assert select([q], 0) == []


def test_a_queue_that_is_shut_down_can_be_read() -> None:
    q, other = Queue(), Queue()
    thread = Selector([other, q])
    thread.wait_asleep()
    q.shutdown()
    assert thread.answer() == [q]
    with pytest.raises(ShutDown):
        q.get_nowait()
    assert select([other, q]) == [q]


def test_the_time_runs_out() -> None:
    start = time.monotonic()
    assert select([Queue(), SimpleQueue()], 0.05) == []
    assert 0.05 <= time.monotonic() - start < 10
    assert select([], 0.01) == []
    assert select(iter([Queue()]), 0) == []


def test_the_same_queue_twice() -> None:
    q = Queue()
    thread = Selector([q, q])
    thread.wait_asleep()
    q.put(1)
    assert thread.answer() == [q, q]


def test_all_who_select_are_woken_and_a_getter_too() -> None:
    queues = [Queue() for _ in range(3)]
    got = []
    getter = threading.Thread(target=lambda: got.append(queues[1].get()), daemon=True)
    threads = [Selector(queues) for _ in range(4)]
    getter.start()
    wait_until(lambda: getter.native_id is not None and asleep(getter))
    for thread in threads:
        thread.wait_asleep()
    queues[1].put(1)
    getter.join(20)
    assert got == [1]
    # Who looked after the getter was there saw an empty queue, and sleeps on.
    queues[1].put(2)
    for thread in threads:
        assert thread.answer() == [queues[1]]


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match=r"allcores\.queue, not queue\.Queue"):
        select([Queue(), std.Queue()])
    with pytest.raises(TypeError, match=r"not builtins\.int"):
        select([1])
    with pytest.raises(TypeError, match=r"select\(\[q\]\)"):
        select(Queue())
    with pytest.raises(ValueError, match="for ever"):
        select([])
    with pytest.raises(ValueError, match="non-negative"):
        select([Queue()], -1)

    class Without(Queue):
        def __init__(self) -> None:
            pass

    with pytest.raises(RuntimeError, match="super"):
        select([Without()], 0)


def test_it_asks_the_methods_of_a_subclass() -> None:
    class Odd(Queue):
        def qsize(self):
            return 0 if self.__dict__.get("hidden", True) else 1

    q = Odd()
    q.put(1)
    assert select([q], 0) == []
    q.hidden = False
    assert select([q]) == [q]


def test_what_a_method_raises_comes_out_and_nobody_listens_any_more() -> None:
    calls = []

    class Angry(Queue):
        def qsize(self):
            calls.append(1)
            if len(calls) > 1:
                raise LookupError
            return 0

    q, other = Angry(), Queue()
    with pytest.raises(LookupError):
        select([other, q])
    other.put(1)
    assert select([other]) == [other]


def test_the_queue_goes_when_its_users_go() -> None:
    class Sub(Queue):
        pass

    q = Sub()
    assert select([q], 0.001) == []
    gone = weakref.ref(q)
    q.note = q
    del q
    gc.collect()
    assert gone() is None


def test_every_put_is_seen_by_random_selectors(seed: int) -> None:
    """Several threads select and take; what was put comes out once, and nobody sleeps for ever."""
    rng = random.Random(seed)
    makers = [Queue, SimpleQueue, LifoQueue, lambda: Queue(5), lambda: ShardedQueue(shards=2)]
    queues = [rng.choice(makers)() for _ in range(5)]
    stop = Queue()
    total, taken, lock = 1500, [], threading.Lock()

    def take(number: int) -> None:
        own = random.Random(seed + number)
        while True:
            some = own.sample(queues, own.randint(2, 5)) if number else list(queues)
            for q in select([*some, stop], own.choice([None, None, 0.001])):
                if q is stop:
                    return
                try:
                    item = q.get_nowait()
                except Empty:
                    continue
                with lock:
                    taken.append(item)

    threads = [threading.Thread(target=take, args=(n,), daemon=True) for n in range(3)]
    for thread in threads:
        thread.start()
    for i in range(total):
        rng.choice(queues).put(i, timeout=30)
    wait_until(lambda: len(taken) == total, 60)
    stop.shutdown()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert sorted(taken) == list(range(total))


CTRL_C = """
import os, signal, threading, time
from allcores.queue import Queue, select
def interrupt():
    while state["at"] is None: time.sleep(0.001)
    time.sleep(0.2)
    state["sent"] = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
state = {"at": None}
threading.Thread(target=interrupt, daemon=True).start()
state["at"] = 1
try:
    select([Queue(), Queue()])
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - state["sent"])
"""


def test_control_c_interrupts_it() -> None:
    done = run_child(CTRL_C)
    assert done.stdout.startswith("interrupted"), done.stderr
    assert float(done.stdout.split()[1]) < 15  # 0.1 is promised; else it would never end


HANDLER = """
import os, signal, threading
from allcores.queue import Queue, select
q = Queue()
signal.signal(signal.SIGUSR1, lambda *a: q.put("from the handler"))
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
assert select([Queue(), q], 30) == [q]
print(q.get())
"""


def test_a_signal_handler_may_put() -> None:
    done = run_child(HANDLER)
    assert (done.stdout, done.returncode) == ("from the handler\n", 0), done.stderr


FORK = """
import os, sys, threading, time, warnings
warnings.simplefilter("ignore")
from allcores.queue import Queue, select
q = Queue()
t = threading.Thread(target=select, args=([q],), daemon=True)
t.start()
def asleep():
    with open(f"/proc/self/task/{t.native_id}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0] == "S"
while not t.native_id or not asleep(): time.sleep(0.001)
if (pid := os.fork()) == 0:
    for i in range(100): q.put(i)
    assert select([q]) == [q]
    assert [q.get() for _ in range(100)] == list(range(100))
    threading.Timer(0.05, q.put, (7,)).start()
    assert select([q], 30) == [q]
    sys.stdout.write("child "); sys.stdout.flush()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
q.put(1)
t.join(20)
print("parent", t.is_alive())
"""


def test_a_fork_child_has_no_selectors_of_its_parent() -> None:
    done = run_child(FORK)
    assert done.stdout == "child parent False\n", done.stderr


FORK_IN_HANDLER = """
import os, signal, sys, threading, warnings
warnings.simplefilter("ignore")
from allcores.queue import Queue, select
q, pids = Queue(), []
def fork(*args):
    pids.append(os.fork())
    if pids[0] == 0:
        threading.Timer(0.1, q.put, ("child",)).start()
signal.signal(signal.SIGUSR1, fork)
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
found = select([q], 3)
if pids[0] == 0:
    os._exit(0 if found == [q] else 1)
assert found == []
print(os.waitpid(pids[0], 0)[1])
"""


def test_a_handler_may_fork_in_the_middle_of_it() -> None:
    done = run_child(FORK_IN_HANDLER)
    assert done.stdout == "0\n", done.stderr


EXIT = """
import threading, time
from allcores.queue import Queue, select
threading.Thread(target=select, args=([Queue()],), daemon=True).start()
time.sleep(0.05)
print("end")
"""


def test_a_daemon_in_select_does_not_keep_the_interpreter() -> None:
    done = run_child(EXIT)
    assert (done.stdout, done.stderr, done.returncode) == ("end\n", "", 0)


def test_a_sleeping_select_uses_no_processor() -> None:
    thread = Selector([Queue(), Queue()], 0.5)
    before = time.process_time()
    thread.join()
    assert time.process_time() - before < 0.25
