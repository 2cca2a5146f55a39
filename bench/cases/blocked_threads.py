"""Threads that wait for something that does not come: what they cost meanwhile."""

import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Outcome, Settings, Standing
from bench.harness.contender import NotAvailable, Sample, WrongAnswer
from bench.harness.thread_crew import HANG_S
from bench.ours import ours

QUESTION = "how much processor time do threads take that are blocked?"
THREADS = 4
ALLOWED, SHARE = "0.1 % of a processor for each", 0.001
SETTLE_S = 0.3  # until the last thread has gone to sleep; nothing depends on it but the figure
# What a blocked thread calls, and what lets all of them go.
Blocking = tuple[Callable[[], Any], Callable[[], Any]]


def queue_get(make: Any, threads: int) -> Blocking:
    """Wait for an item."""
    channel = make()
    return channel.get, lambda: [channel.put(None) for _ in range(threads)]


def queue_put(make: Any, threads: int) -> Blocking:
    """Wait for room."""
    channel = make(1)
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
    reading, writing = _side(one, "read"), _side(one, "write")

    def read() -> None:
        with reading():
            pass

    held = writing()
    held.__enter__()
    return read, lambda: held.__exit__(None, None, None)


def _side(lock: Any, name: str) -> Callable[[], Any]:
    """Return what gives the context of one side: a method, or a property that is one."""
    for spelled in (name, f"{name}_lock", f"{name}_locked"):
        side = getattr(lock, spelled, None)
        if side is not None:
            return partial(_itself, side) if hasattr(side, "__enter__") else side
    raise NotAvailable(f"RWLock has no {name} to be used in a with statement")


def _itself(context: Any) -> Any:
    return context


def watch(name: str, blocking: Blocking, rounds: int, seconds: float, settle_s: float) -> list[Sample]:
    """Block threads once, look at the process's clock `rounds` times, and let them go.

    A unit is one thread for one second, and its time is processor time on both clocks.
    """
    block, let_go = blocking
    crew = [threading.Thread(target=block, daemon=True) for _ in range(THREADS)]
    for thread in crew:
        thread.start()
    time.sleep(settle_s)
    samples = []
    for _ in range(rounds):
        start, cpu = time.monotonic(), time.process_time()
        time.sleep(seconds / rounds)
        cpu = time.process_time() - cpu
        each = max(cpu, 1e-9) / (THREADS * (time.monotonic() - start))
        samples.append(Sample(each, each, 1, "all were blocked and let go"))
    awake = sum(not thread.is_alive() for thread in crew)
    let_go()
    for thread in crew:
        thread.join(HANG_S)
    if awake or any(thread.is_alive() for thread in crew):
        raise WrongAnswer(f"{name}: {awake} did not block, or somebody was not let go")
    return samples


def outcomes(settings: Settings, progress: Callable[[str], None]) -> list[Outcome]:
    """Block ours and then the standard ones, one kind of waiting after the other."""
    seconds, settle = settings.pick((0.05, 0.02), (1.0, SETTLE_S), (10.0, SETTLE_S))
    return [_of_kind(kind, settings.rounds, seconds, settle, progress) for kind in KINDS]


def _of_kind(
    kind: str, rounds: int, seconds: float, settle_s: float, progress: Callable[[str], None]
) -> Outcome:
    module, name, make = MAKERS[kind]
    try:
        mine = ours(module, name)
        blocking = {f"allcores {kind}": make(mine, THREADS)}
    except NotAvailable as error:
        return Outcome(kind, problem=str(error))
    standard = getattr(queue if module == "queue" else threading, name, None)
    if standard is not None:
        blocking[f"standard {kind}"] = make(standard, THREADS)
    standings = []
    for who, pair in blocking.items():
        progress(f"{who} for {seconds:g} s")
        standings.append(Standing.of(who, watch(who, pair, rounds, seconds, settle_s)))
    allowed = [Sample(SHARE, SHARE, 1, "") for _ in range(rounds)]
    standings.insert(1, Standing.of(ALLOWED, allowed))
    detail = f"{THREADS} threads, {seconds:g} s; the times are processor time"
    return Outcome(kind, "blocked thread and second", detail, standings)


MAKERS: dict[str, tuple[str, str, Callable[[Any, int], Blocking]]] = {
    "Queue.get": ("queue", "Queue", queue_get),
    "Queue.put": ("queue", "Queue", queue_put),
    "Event.wait": ("threading", "Event", event_wait),
    "Condition.wait": ("threading", "Condition", condition_wait),
    "Semaphore.acquire": ("threading", "Semaphore", semaphore_acquire),
    "Barrier.wait": ("threading", "Barrier", barrier_wait),
    "RWLock, for reading": ("threading", "RWLock", lock_read),
}
KINDS = tuple(MAKERS)
BARS = [
    Bar(f"blocked: {kind}", kind, f"allcores {kind}", ALLOWED, 1.0, issue=3)
    for kind in KINDS
]
