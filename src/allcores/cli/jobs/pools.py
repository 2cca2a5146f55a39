"""Worker processes that are up before the clock starts: the standard library's and ours.

All are forked, where the system can: a worker then finds the sample in its memory, and no mode pays
for sending it. The process that measures has no other thread at that moment.
"""

import functools
import itertools
import multiprocessing
import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from allcores import multiprocessing as our_multiprocessing
from allcores import parallel
from allcores.cli.exits import Failure
from allcores.cli.jobs.stopwatch import Stopwatch

__all__ = ["Readiness", "map_in_processes", "map_in_threads", "our_context", "standard_context"]
__all__ += ["standard_pool"]

R = TypeVar("R")

#: Longer than any start of processes on a busy machine; then something is wrong.
_START_SECONDS = 30.0


def standard_context() -> Any:
    """Return the standard library's way to fork."""
    return multiprocessing.get_context("fork")


def our_context() -> Any:
    """Return ours."""
    return our_multiprocessing.get_context("fork")


class Readiness:
    """Workers say that they are up, and are let go together. Used through fork."""

    def __init__(self) -> None:
        self._ready, self._say_ready = os.pipe()
        self._go, self._say_go = os.pipe()

    def report(self) -> None:
        """In a worker: say that it is up."""
        os.write(self._say_ready, b".")

    def wait_go(self) -> None:
        """In a worker: wait until it is let go."""
        os.read(self._go, 1)

    def wait(self, count: int) -> None:
        """In the parent: wait until so many workers are up."""
        deadline = time.monotonic() + _START_SECONDS
        while count > 0:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._ready], [], [], left)[0]:
                raise Failure(f"{count} worker processes did not start in {_START_SECONDS:g} s")
            count -= len(os.read(self._ready, count))

    def go(self, count: int = 1) -> None:
        """In the parent: let so many go."""
        os.write(self._say_go, b"." * count)

    def close(self) -> None:
        """In the parent, when no worker is left."""
        for fd in (self._ready, self._say_ready, self._go, self._say_go):
            os.close(fd)


@contextmanager
def standard_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a `ProcessPoolExecutor` all of whose workers are up."""
    readiness = Readiness()
    try:
        with ProcessPoolExecutor(
            workers, mp_context=standard_context(), initializer=readiness.report
        ) as pool:
            pool.submit(_nothing).result()
            readiness.wait(workers)
            yield pool
    finally:
        readiness.close()


def _nothing() -> None:
    pass


def map_in_threads(fn: Callable[..., R], items: Sequence[Any], workers: int) -> Iterator[R]:
    """Return the results of `allcores.parallel.map` over threads."""
    return parallel.map(fn, items, workers=workers, backend="threads")


@contextmanager
def map_in_processes(
    fn: Callable[[Any], R], items: Sequence[Any], workers: int, clock: Stopwatch
) -> Iterator[Iterator[R]]:
    """Yield the results of `allcores.parallel.map` over processes. The caller stops the clock.

    The map starts its processes when it hands out the first items. So the first are not work: each
    brings a process up and has it report; the clock starts when all have, right before the work
    goes out. One item a chunk, as in the standard pool: the map must not learn from the first how
    long items take.
    """
    readiness = Readiness()

    def feed() -> Iterator[tuple[bool, Any]]:
        yield from itertools.repeat((False, None), workers)
        readiness.wait(workers)
        clock.start()
        for item in items:
            yield True, item

    call = functools.partial(_work_or_report, fn, readiness)
    try:
        with parallel.map(
            call,
            feed(),
            workers=workers,
            backend="processes",
            chunksize=1,
            context=our_context(),
        ) as results:
            for _ in range(workers):
                next(results)
            yield itertools.islice(results, len(items))  # type: ignore[arg-type]
            for _ in results:
                pass  # nothing is left: the map ends its processes here, after the clock
    finally:
        readiness.close()


def _work_or_report(fn: Callable[[Any], R], readiness: Readiness, item: tuple[bool, Any]) -> R | None:
    is_work, value = item
    if is_work:
        return fn(value)
    readiness.report()
    return None
