"""Threads that wait for something that does not come: what they cost meanwhile."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Contender, NotAvailable, Sample, WrongAnswer
from bench.harness.thread_crew import HANG_S
from bench.ours import ours

QUESTION = "how much processor time do threads take that are blocked?"
THREADS = 4
ALLOWED, SHARE = "0.1 % of a processor for each", 0.001
SETTLE_S = 0.3  # until the last thread has gone to sleep; nothing depends on it but the figure
KINDS = ("Queue.get", "Queue.put", "Event.wait", "Condition.wait", "Semaphore.acquire", "Barrier.wait")
KINDS += ("RWLock, for reading",)
BARS = [
    Bar(f"blocked: {kind}", kind, f"allcores {kind}", ALLOWED, 1.0, issue=3, later=True)
    for kind in KINDS
]

# What a blocked thread calls, and what lets all of them go.
Blocking = tuple[Callable[[], Any], Callable[[], Any]]


def queue_get(queue: Any, threads: int) -> Blocking:
    """Wait for an item."""
    channel = queue()
    return channel.get, lambda: [channel.put(None) for _ in range(threads)]


def queue_put(queue: Any, threads: int) -> Blocking:
    """Wait for room."""
    channel = queue(1)
    channel.put(None)
    return partial(channel.put, None), lambda: [channel.get() for _ in range(threads)]


def event_wait(event: Any, threads: int) -> Blocking:
    """Wait for an event."""
    one = event()
    return one.wait, one.set


def condition_wait(condition: Any, threads: int) -> Blocking:
    """Wait for a notification."""
    one = condition()

    def wait() -> None:
        with one:
            one.wait()

    def let_go() -> None:
        with one:
            one.notify_all()

    return wait, let_go


def semaphore_acquire(semaphore: Any, threads: int) -> Blocking:
    """Wait for a semaphore."""
    one = semaphore(0)
    return one.acquire, lambda: [one.release() for _ in range(threads)]


def barrier_wait(barrier: Any, threads: int) -> Blocking:
    """Wait for the last one."""
    one = barrier(threads + 1)
    return one.wait, one.wait


def lock_read(lock: Any, threads: int) -> Blocking:
    """Wait for a writer to end."""
    one = lock()
    named = ("acquire_read", "release_read", "acquire_write", "release_write")
    if not all(hasattr(one, name) for name in named):
        raise NotAvailable(f"RWLock has not all of {', '.join(named)}")

    def read() -> None:
        one.acquire_read()
        one.release_read()

    one.acquire_write()
    return read, one.release_write


class Blocked:
    """Threads that block; a unit is one of them for one second, a time is processor time."""

    def __init__(self, name: str, make: Callable[[int], Blocking], seconds: float) -> None:
        self.name = name
        self.make = make
        self.seconds = seconds

    def measure(self, reps: int) -> Sample:
        """Block them, look at the process's clock for a while, let them go."""
        block, let_go = self.make(THREADS)
        crew = [threading.Thread(target=block, daemon=True) for _ in range(THREADS)]
        for thread in crew:
            thread.start()
        time.sleep(SETTLE_S)
        start, cpu = time.monotonic(), time.process_time()
        time.sleep(self.seconds)
        cpu = time.process_time() - cpu
        passed = time.monotonic() - start
        awake = sum(not thread.is_alive() for thread in crew)
        let_go()
        for thread in crew:
            thread.join(HANG_S)
        if awake or any(thread.is_alive() for thread in crew):
            raise WrongAnswer(f"{self.name}: {awake} did not block, or somebody was not let go")
        each = max(cpu, 1e-9) / (THREADS * passed)
        return Sample(each, each, 1, "all were blocked and let go")

    def close(self) -> None:
        """Nothing to give back."""


class Allowed:
    """What the bar allows, in the place of a rival."""

    name = ALLOWED

    def measure(self, reps: int) -> Sample:
        """Return the share of a second."""
        return Sample(SHARE, SHARE, 1, "all were blocked and let go")

    def close(self) -> None:
        """Nothing to give back."""


def comparisons(settings: Settings) -> Builders:
    """Return one comparison for each kind of waiting."""
    # Ten seconds in all: nine rounds and the two of the warm-up share them.
    seconds = settings.pick(0.05, 0.5, 1.0)

    def build(kind: str, name: str, module: str, make: Callable[[Any, int], Blocking]) -> Comparison:
        mine = ours(module, name)
        standard: Any = None
        if module == "queue":
            import queue

            standard = getattr(queue, name)
        else:
            standard = getattr(threading, name, None)
        contenders: list[Contender] = [Blocked(f"allcores {kind}", partial(make, mine), seconds)]
        contenders.append(Allowed())
        if standard is not None:
            contenders.append(Blocked(f"standard {kind}", partial(make, standard), seconds))
        detail = f"{THREADS} threads, {seconds:g} s a round; the times are processor time"
        return Comparison("blocked thread and second", contenders, detail)

    makers: list[tuple[str, str, Callable[[Any, int], Blocking]]] = [
        ("Queue", "queue", queue_get),
        ("Queue", "queue", queue_put),
        ("Event", "threading", event_wait),
        ("Condition", "threading", condition_wait),
        ("Semaphore", "threading", semaphore_acquire),
        ("Barrier", "threading", barrier_wait),
        ("RWLock", "threading", lock_read),
    ]
    return {
        kind: partial(build, kind, name, module, make)
        for kind, (name, module, make) in zip(KINDS, makers, strict=True)
    }
