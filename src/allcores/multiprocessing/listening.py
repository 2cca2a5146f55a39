"""The one thread of a process that looks after queues whose `_reader` somebody waits for.

Who waits in `get` looks every 50 to 400 ms for what a killed process left half done. Who waits in
poll or select cannot: it sleeps until its descriptor is readable, and a process that is killed between
putting an object in and saying so leaves it asleep. So while a queue of this process has a descriptor
to wait for, a thread does what a waiter of `get` does between its slices: that tells the listeners of
every process, too. `aget` needs no thread: its loop looks by itself (awaiting.py).

CPython warns of a fork beside threads, and counts them after the hooks that run after it: the thread is
ended before a fork, and starts again when somebody next waits. Who was asleep in poll while another
thread forked has no such thread until then. What CPython counts are the system's threads, and one
that has been joined is still one of them for some microseconds: a fork waits for that, too. In the
child nobody listens yet. At exit it is ended and joined.
"""

import atexit
import os
import threading
import weakref
from typing import Any

from allcores._common import os_threads
from allcores._native import shm

__all__ = ["LOOK_S"]

#: Seconds between two looks, the last and longest slice of a waiter (csrc/wait/ac_slices.h).
LOOK_S = 0.4


class _Service:
    """The thread, and what it looks after. A process has one; a forked child another."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # of what follows; a signal handler may fork inside
        self._queues: weakref.WeakSet[shm.ShmQueue[Any]] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._over = False

    def add(self, queue: "shm.ShmQueue[Any]") -> None:
        """Look after a queue from now on."""
        if self._thread is not None and queue in self._queues:
            return  # most calls; the thread ends itself only when there is no queue
        with self._lock:
            self._queues.add(queue)
            self._start()

    def _start(self) -> None:
        if self._thread is None and not self._over and len(self._queues):
            self._stop = threading.Event()
            thread = threading.Thread(
                target=self._serve, args=(self._stop,), name="allcores-listening", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # the interpreter ends, or there may be no more threads
                return
            self._thread = thread

    def _serve(self, stop: threading.Event) -> None:
        while not stop.wait(LOOK_S):
            # Not for ever: a handler that forks inside the lock joins this thread.
            while not self._lock.acquire(timeout=0.05):
                if stop.is_set():
                    return
            try:
                if stop is not self._stop or not len(self._queues):
                    if stop is self._stop:
                        self._thread = None
                    return
                queues = list(self._queues)
            finally:
                self._lock.release()
            while queues:
                queues.pop()._mend()  # and is not kept alive any longer

    @property
    def running(self) -> bool:
        """Whether there is a thread."""
        return self._thread is not None

    def stop(self, over: bool) -> bool:
        """End the thread and join it. Returns whether there was one."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._over = self._over or over
            self._stop.set()
        if thread is None or thread is threading.current_thread():
            return False
        thread.join()
        return True


_service = _Service()


def _listening(queue: "shm.ShmQueue[Any]") -> None:
    _service.add(queue)


def _before_fork() -> None:
    threads = os_threads.count() if _service.running else 0
    if _service.stop(False) and threads:
        os_threads.wait_for_at_most(threads - 1)


def _after_fork_in_child() -> None:
    global _service
    _service = _Service()


def _at_exit() -> None:
    _service.stop(True)


shm._tell_who_listens(_listening)
atexit.register(_at_exit)
os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)
