"""An array to another process and back."""

import multiprocessing
from collections.abc import Callable
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, NotAvailable, Work
from bench.ours import ours

QUESTION = "how fast does a large array get to another process and back?"
OURS, THEIRS = "allcores.multiprocessing.Queue, two of them", "multiprocessing.Pool.apply"
VIEWS = "the same, taken there with get_view"
BARS = [
    Bar("processes, 32 MB there and back", "32 MB", OURS, THEIRS, at_least=10.0, issue=5),
]


def same(data: Any) -> Any:
    """Return what came, as a worker of a pool."""
    return data


def answer(there: Any, back: Any, viewed: bool) -> None:
    """Send back what comes, up to None."""
    take = there.get_view if viewed else there.get
    while (data := take()) is not None:
        back.put(data)
        del data


def payload(size: int) -> Any:
    """Return an array of doubles."""
    try:
        import numpy
    except ImportError:
        raise NotAvailable("NumPy is not installed") from None
    return numpy.arange(size // 8, dtype="d")


def summary(data: Any) -> str:
    """Return what both ways must agree on."""
    view = memoryview(data)
    return f"{view.nbytes} bytes, {bytes(view.cast('B')[-8:]).hex()}"


class Echo(Call):
    """A process that sends back what it gets."""

    def __init__(self, name: str, data: Any, viewed: bool) -> None:
        make, start = ours("multiprocessing", "Queue"), ours("multiprocessing", "Process")
        self.there, self.back = make(), make()
        self.process = start(target=answer, args=(self.there, self.back, viewed))
        self.process.start()
        super().__init__(name, Work.calling(self._there_and_back, data, check=summary))

    def _there_and_back(self, data: Any) -> Any:
        self.there.put(data)
        return self.back.get()

    def close(self) -> None:
        """End the process."""
        self.there.put(None)
        self.process.join()
        super().close()


class Applied(Call):
    """A pool of one worker."""

    def __init__(self, name: str, data: Any) -> None:
        self.pool = multiprocessing.Pool(1)
        super().__init__(name, Work.calling(self.pool.apply, same, (data,), check=summary))

    def close(self) -> None:
        """End the worker."""
        self.pool.terminate()
        self.pool.join()
        super().close()


def comparisons(settings: Settings) -> Builders:
    """Return 32 MB there and back; less where nothing shall be measured."""
    size = settings.pick(1 << 16, 32 << 20, 32 << 20)

    def build() -> Comparison:
        data = payload(size)
        makers: list[Callable[[], Call]] = [
            lambda: Echo(OURS, data, False),
            lambda: Applied(THEIRS, data),
            lambda: Echo(VIEWS, data, True),
        ]
        return Comparison("time", [make() for make in makers], f"{size:,} bytes of doubles")

    return {"32 MB": build}
