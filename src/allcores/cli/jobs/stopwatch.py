"""A stopwatch for seconds on the wall and on the processors, this process's and its children's."""

import multiprocessing
import resource
import time

from allcores.cli.system import cpu_seconds_of

__all__ = ["Stopwatch", "cpu_seconds"]


class Stopwatch:
    """Runs while the work is done: ``with watch: ...``, or `start` and `stop`. Used by one thread.

    Attributes
    ----------
    seconds, cpu_seconds : float
        Sums over all passes.
    passes : int
        How often it ran.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.passes = 0
        self._began: tuple[float, float] | None = None

    def start(self) -> None:
        """Begin a pass."""
        if self._began is not None:
            raise RuntimeError("the stopwatch runs already")
        cpu = cpu_seconds()
        self._began = (time.perf_counter(), cpu)

    def stop(self) -> None:
        """End the pass."""
        now = time.perf_counter()
        if self._began is None:
            raise RuntimeError("the stopwatch does not run")
        began, cpu = self._began
        self._began = None
        self.seconds += now - began
        self.cpu_seconds += cpu_seconds() - cpu
        self.passes += 1

    def __enter__(self) -> "Stopwatch":
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


def cpu_seconds() -> float:
    """Return what this process and its children, those alive and those waited for, have used."""
    alive = sum(cpu_seconds_of(child.pid or 0) for child in multiprocessing.active_children())
    past = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + past.ru_utime + past.ru_stime + alive
