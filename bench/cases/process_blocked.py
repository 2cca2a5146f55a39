"""Processes that wait for something that does not come: what they cost meanwhile."""

import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Callable
from typing import Any

from bench.cases.blocked_threads import (
    ALLOWED,
    SETTLE_S,
    SHARE,
    Blocking,
    barrier_wait,
    condition_wait,
    event_wait,
    queue_get,
    queue_put,
    semaphore_acquire,
)
from bench.harness.bars import Bar
from bench.harness.comparison import Outcome, Settings, Standing
from bench.harness.contender import NotAvailable, Sample, WrongAnswer
from bench.harness.process_crew import HANG_S
from bench.ours import ours

QUESTION = "how much processor time do processes take that are blocked?"
PROCESSES = 2


def lock_acquire(lock: Any, processes: int) -> Blocking:
    """Wait for a lock, one after the other."""
    one = lock()
    one.acquire()

    def acquire() -> None:
        with one:
            pass

    return acquire, one.release


def queue_poll(queue: Any, processes: int) -> Blocking:
    """Wait for an item in `multiprocessing.connection.wait`."""
    channel = queue()

    def poll() -> None:
        multiprocessing.connection.wait([channel._reader])

    return poll, lambda: channel.put(None)


def processor_seconds(pid: int) -> float:
    """Return the processor time of another process, from the kernel's clock of it."""
    return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) gives


def watch(name: str, blocking: Blocking, rounds: int, seconds: float, settle_s: float) -> list[Sample]:
    """Block processes once, look at their clocks `rounds` times, and let them go.

    A unit is one process for one second, and its time is processor time on both clocks.
    """
    if not hasattr(time, "clock_gettime"):
        raise NotAvailable("this system has no clock of another process's time")
    block, let_go = blocking
    fork = multiprocessing.get_context("fork")
    crew = [fork.Process(target=block, daemon=True) for _ in range(PROCESSES)]
    for process in crew:
        process.start()
    samples = []
    try:
        time.sleep(settle_s)
        pids = [process.pid for process in crew if process.is_alive() and process.pid is not None]
        awake = PROCESSES - len(pids)
        for _ in range(rounds if not awake else 0):
            start, cpu = time.monotonic(), sum(map(processor_seconds, pids))
            time.sleep(seconds / rounds)
            cpu = sum(map(processor_seconds, pids)) - cpu
            each = max(cpu, 1e-9) / (PROCESSES * (time.monotonic() - start))
            samples.append(Sample(each, each, 1, "all were blocked and let go"))
        awake = sum(not process.is_alive() for process in crew)
        let_go()
        for process in crew:
            process.join(HANG_S)
        if awake or any(process.exitcode != 0 for process in crew):
            raise WrongAnswer(f"{name}: {awake} did not block, or somebody was not let go")
    finally:
        for process in crew:
            process.kill()
            process.join()
    return samples


def outcomes(settings: Settings, progress: Callable[[str], None]) -> list[Outcome]:
    """Block ours and then the standard ones, one kind of waiting after the other."""
    seconds, settle = settings.pick((0.05, 0.05), (1.0, SETTLE_S), (10.0, SETTLE_S))
    return [_of_kind(kind, settings.rounds, seconds, settle, progress) for kind in KINDS]


def _of_kind(
    kind: str, rounds: int, seconds: float, settle_s: float, progress: Callable[[str], None]
) -> Outcome:
    name, make = MAKERS[kind]
    try:
        blocking = {f"allcores {kind}": make(ours("multiprocessing", name), PROCESSES)}
    except NotAvailable as error:
        return Outcome(kind, problem=str(error))
    blocking[f"standard {kind}"] = make(getattr(multiprocessing, name), PROCESSES)
    standings = []
    for who, pair in blocking.items():
        progress(f"{who} for {seconds:g} s")
        standings.append(Standing.of(who, watch(who, pair, rounds, seconds, settle_s)))
    allowed = [Sample(SHARE, SHARE, 1, "") for _ in range(rounds)]
    standings.insert(1, Standing.of(ALLOWED, allowed))
    detail = f"{PROCESSES} processes, {seconds:g} s; the times are processor time"
    return Outcome(kind, "blocked process and second", detail, standings)


MAKERS: dict[str, tuple[str, Callable[[Any, int], Blocking]]] = {
    "Queue.get": ("Queue", queue_get),
    "Queue.put": ("Queue", queue_put),
    "Queue._reader": ("Queue", queue_poll),
    "Lock.acquire": ("Lock", lock_acquire),
    "Semaphore.acquire": ("Semaphore", semaphore_acquire),
    "Event.wait": ("Event", event_wait),
    "Condition.wait": ("Condition", condition_wait),
    "Barrier.wait": ("Barrier", barrier_wait),
}
KINDS = tuple(MAKERS)
BARS = [
    Bar(f"processes, blocked: {kind}", kind, f"allcores {kind}", ALLOWED, 1.0, issue=5)
    for kind in KINDS
]
