"""Threads that run the chunks of a map: one queue to them, one back."""

import threading
from collections.abc import Callable
from typing import Any

from allcores.errors import ShutDown
from allcores.parallel.chunks import Chunk
from allcores.queue import Queue

__all__ = ["ThreadCrew"]


class ThreadCrew:
    """Up to `workers` threads, started when the first chunk comes in, or as chunks come in.

    `expected` is the number of chunks if it is known, or less. Used by one consumer thread; the workers
    touch nothing but the two queues, the stop flag and the chunk in their hands.
    """

    #: How long a chunk should take. A hand-over costs a few microseconds, or a wake of 5 to 50; and the
    #: consumer that is woken takes a processor from a worker: at 2 ms a chunk that cost 5 %.
    chunk_seconds = 0.01

    def __init__(
        self, fn: Callable[..., Any], star: bool, workers: int, expected: int | None = None
    ) -> None:
        self.workers = workers
        self._fn = fn
        self._star = star
        self._wanted = 0 if expected is None else expected  # threads, as far as `workers` allows
        self._submitted = 0
        self._tasks: Queue[Chunk] = Queue()
        self._done: Queue[Chunk] = Queue()
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()  # set by close, read by the workers between two items

    def submit(self, chunk: Chunk) -> None:
        """Hand a chunk to the workers; start them while there are fewer than can be used."""
        self._submitted += 1
        # All that will be needed before the first has work: a thread that starts beside one that works
        # is often given the same processor, and waits there for milliseconds while others are idle.
        while len(self._threads) < min(self.workers, max(self._wanted, self._submitted)):
            self._start_one()
        self._tasks.put(chunk)

    def _start_one(self) -> None:
        # The thread holds no reference to this object, so that a map that is dropped ends.
        thread = threading.Thread(
            target=_work,
            args=(self._fn, self._star, self._tasks, self._done, self._stop.is_set),
            name=f"allcores-map-{len(self._threads) + 1}",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError:  # the system gives no more
            if not self._threads:
                raise
            self.workers = len(self._threads)
            return
        self._threads.append(thread)

    def refuse(self, chunk: Chunk) -> None:
        """Report a chunk as done that was not submitted: it has its error."""
        self._done.put(chunk)

    def next_done(self) -> Chunk:
        """Wait for a chunk that is finished, in any order."""
        return self._done.get()

    def close(self, finished: bool) -> None:
        """End the workers; wait for them if they have nothing more to do (`finished`)."""
        self._stop.set()
        self._tasks.shutdown(immediate=True)
        if finished:
            for thread in self._threads:
                thread.join()
        self._threads.clear()


def _work(
    fn: Callable[..., Any],
    star: bool,
    tasks: "Queue[Chunk]",
    done: "Queue[Chunk]",
    stopped: Callable[[], bool],
) -> None:
    while True:
        try:
            chunk = tasks.get()
        except ShutDown:
            return
        chunk.run(fn, star, stopped)
        done.put(chunk)
        del chunk  # its results belong to the consumer now
