"""What runs inside a locked queue: comparisons that raise, calls from inside, signal handlers."""

import heapq
import random
import subprocess
import sys

import pytest

from allcores.errors import Empty, ShutDown
from allcores.queue import LifoQueue, PriorityQueue, Queue

HANG = 60.0
KINDS = [Queue, LifoQueue, PriorityQueue]


def child(code: str) -> None:
    """Run what may hang in a process of its own; it must print "end" and nothing else."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


# -- the heap -------------------------------------------------------------------------------------


def test_the_heap_is_that_of_heapq(seed: int) -> None:
    generator = random.Random(seed)
    q, heap = PriorityQueue(), []
    for _ in range(5000):
        if generator.random() < 0.55:
            item = generator.randrange(50)
            q.put(item)
            heapq.heappush(heap, item)
        elif heap:
            assert q.peek() == heap[0]
            assert q.get() == heapq.heappop(heap)
        assert len(q.queue) == len(heap)
    assert q.queue == heap


class Touchy:
    """Raises at the n-th comparison from now."""

    left = -1

    def __init__(self, number: int) -> None:
        self.number = number

    def __lt__(self, other: "Touchy") -> bool:
        Touchy.left -= 1
        if Touchy.left == 0:
            raise ArithmeticError("in __lt__")
        return self.number < other.number


def test_a_comparison_that_raises_changes_nothing(seed: int) -> None:
    generator = random.Random(seed)
    q, same = PriorityQueue(), Touchy(5)
    raised = 0
    for _ in range(400):
        before = list(q.queue)
        Touchy.left = generator.randrange(1, 12)
        item = same if generator.random() < 0.2 else Touchy(generator.randrange(40))
        try:
            if generator.random() < 0.6 or not before:
                q.put(item)
            else:
                q.get()
        except ArithmeticError:
            raised += 1
            assert all(a is b for a, b in zip(q.queue, before, strict=True))
        assert q.unfinished_tasks == q.stats()["puts"]
    Touchy.left = -1
    rest = [item.number for item in q.get_many(1000)]
    assert rest == sorted(rest)
    assert raised > 20
    with pytest.raises(Empty):
        q.peek()
    q.shutdown()
    with pytest.raises(ShutDown):
        q.peek()


def test_a_heap_changed_during_a_comparison_is_noticed() -> None:
    class Rude:
        def __lt__(self, other: object) -> bool:
            q.queue.clear()
            return True

    q = PriorityQueue()
    q.queue.extend([Rude(), Rude()])
    with pytest.raises(RuntimeError, match="changed"):
        q.put(Rude())
    assert q.empty()


# -- re-entrancy ----------------------------------------------------------------------------------


def test_a_put_from_a_comparison_goes_in_at_the_end() -> None:
    child("""
from allcores.queue import Empty, Full, PriorityQueue

class Item:
    def __init__(self, n): self.n = n
    def __lt__(self, other):
        global nested
        if nested:
            do, nested = nested, None
            do()
        return self.n < other.n

def put(): q.put(Item(0)); q.put_many([Item(9), Item(8)]); seen.append(q.qsize())
def fails(call, error):
    def run():
        try: call()
        except error as e: seen.append(str(e) or error.__name__)
    return run

nested, seen = None, []
q = PriorityQueue()
q.put(Item(5))
nested = put
q.put(Item(4))
assert seen == [1]                                   # not in yet
assert q.unfinished_tasks == 5
assert [i.n for i in q.get_many(9)] == [0, 4, 5, 8, 9]
q.put_many([Item(n) for n in (1, 2, 3)])
for call in (q.get, q.get_nowait, lambda: q.get_many(1), q.clear, lambda: q.shutdown(True), q.join):
    seen.clear()
    nested = fails(call, RuntimeError)
    q.put(Item(6))
    assert "inside an operation" in seen[0], seen
    nested = None
assert q.qsize() == 9
while not q.empty(): q.get()
q.maxsize = 3
q.put(Item(1))
nested = put_two = lambda: (q.put(Item(2)), fails(lambda: q.put(Item(3)), RuntimeError)(),
                            fails(lambda: q.put_nowait(Item(3)), Full)())
seen.clear()
q.put(Item(4))
assert "full queue" in seen[0] and seen[1] == "Full", seen
assert q.qsize() == 3
nested = lambda: q.task_done()
q.get()
print("end")
""")


def test_a_put_from_a_hook_and_from_del_and_from_a_signal_handler() -> None:
    child("""
import os, signal, gc
from allcores.queue import Queue, PriorityQueue

class Echo(Queue):
    def _put(self, item):
        super()._put(item)
        if isinstance(item, int) and item < 3: self.put(item + 1)
        if item == "signal": signal.raise_signal(signal.SIGUSR1)
    def _get(self):
        item = super()._get()
        if item == 3: self.put("from _get")
        return item

q = Echo()
signal.signal(signal.SIGUSR1, lambda *_: q.put("from the handler"))
q.put(0)
assert [q.get() for _ in range(4)] == [0, 1, 2, 3]
assert q.get() == "from _get"
q.put("signal")
assert [q.get(), q.get()] == ["signal", "from the handler"]

class Last:
    def __del__(self): p.put(1)
class Dropper:
    def __lt__(self, other):
        Last()
        return False
    def __gt__(self, other):  # asked by 1 < self
        return False
p = PriorityQueue()
p.put(Dropper()); p.put(Dropper())
assert p.qsize() == 3

plain = Queue()
class Leaves:
    def __del__(self): plain.put("gone")
plain.put(Leaves())
assert plain.mutex
plain.get()
assert plain.get() == "gone"
plain.put(Leaves()); plain.clear()
assert plain.get() == "gone"
print("end")
""")


def test_a_nested_put_that_fails_later_is_reported() -> None:
    class Bad:
        def __lt__(self, other: object) -> bool:
            raise ArithmeticError("late")

    class Nests:
        done = False

        def __lt__(self, other: object) -> bool:
            if not Nests.done:
                Nests.done = True
                q.put(Bad())
            return False

    q = PriorityQueue()
    reports: list[str] = []
    before, sys.unraisablehook = sys.unraisablehook, lambda args: reports.append(str(args.exc_value))
    try:
        q.put(Nests())
        q.put(Nests())
    finally:
        sys.unraisablehook = before
    assert reports == ["late"]
    assert (q.qsize(), q.unfinished_tasks) == (2, 2)


@pytest.mark.parametrize("make", KINDS)
def test_who_holds_the_mutex_is_told_so(make) -> None:
    q = make(1)
    q.put(1)
    with q.mutex:
        for call in (q.get, lambda: q.put(2), lambda: q.put_many([2]), q.clear, q.join, q.shutdown):
            with pytest.raises(RuntimeError, match="holds the mutex"):
                call()
        assert (q.qsize(), q.full(), q.unfinished_tasks) == (1, True, 1)
        q.task_done()
    assert q.get() == 1


def test_a_signal_handler_puts_while_its_thread_waits_in_get() -> None:
    child("""
import signal, threading
from allcores.queue import PriorityQueue
q = PriorityQueue()
signal.signal(signal.SIGUSR1, lambda *_: q.put("from the handler"))
main = threading.get_ident()
def send():
    while q.stats()["waits"] == 0: pass
    signal.pthread_kill(main, signal.SIGUSR1)
threading.Thread(target=send).start()
assert q.get() == "from the handler"
print("end")
""")


def test_ctrl_c_ends_waits_in_a_locked_queue() -> None:
    child("""
import _thread, threading, time
from allcores.queue import Queue, PriorityQueue
empty, full, tasks = PriorityQueue(), PriorityQueue(1), Queue()
full.put(1); tasks.put(1); tasks.mutex
held = Queue(); held.mutex
release = threading.Event()
taken = threading.Event()
def hold():
    with held.mutex:
        taken.set()
        release.wait()
threading.Thread(target=hold).start()
taken.wait()
at = []
def interrupt(ready):
    while not ready(): time.sleep(0.001)
    at.append(time.monotonic())
    _thread.interrupt_main()
def waits(q): return lambda: q.stats()["waits"] == 1
begun = []
for ready, call in ((waits(empty), empty.get), (waits(full), lambda: full.put(2)),
                    (waits(tasks), tasks.join), (lambda: begun, held.get)):
    threading.Thread(target=interrupt, args=(ready,)).start()
    try:
        if call == held.get: begun.append(1)
        call()
    except KeyboardInterrupt:
        assert time.monotonic() - at[-1] < 15  # 0.1 is promised; the machine may be busy
    else:
        raise AssertionError("not interrupted")
release.set()
empty.put(1)
assert empty.get() == full.get() == 1
print("end")
""")
