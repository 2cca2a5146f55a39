"""The main job's *order*: sort and stable argsort of word hashes, against the ceiling."""

from typing import Any
from zlib import crc32

from bench.harness.bars import Bar
from bench.harness.ceiling import Ceiling
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Contender, Work
from bench.inputs import word_hashes
from bench.ours import ours

QUESTION = "how much of the machine do sort and argsort reach on real keys?"
OURS, CEILING = "allcores sort + argsort", "ceiling: independent processes"
NUMPY = "numpy.sort + argsort(kind='stable')"
# Independent processes need no merge: the bar is lower than for jobs that split cleanly.
BARS = [Bar("sort + argsort, share of the ceiling", "order", OURS, CEILING, at_least=0.75)]


def check(result: tuple[Any, Any]) -> str:
    """Return checksums of the sorted keys and of the order."""
    keys, order = (memoryview(part).cast("B") for part in result)
    return f"{len(keys)} bytes, keys {crc32(keys):08x}, order {crc32(order):08x}"


def sorted_and_ordered(count: int, at_most: int | None, threads: int) -> Work:
    """Return the work of sorting the keys and finding their order; also for other processes."""
    sort, argsort = ours("kernels", "sort"), ours("kernels", "argsort")
    keys = word_hashes(count, at_most)

    def both() -> tuple[Any, Any]:
        return sort(keys, threads=threads), argsort(keys, threads=threads)

    return Work.calling(both, check=check)


def with_numpy(count: int, at_most: int | None) -> Work:
    """Return NumPy's work on the same keys."""
    import numpy

    keys = numpy.frombuffer(word_hashes(count, at_most), dtype=numpy.uint64)

    def both() -> tuple[Any, Any]:
        return numpy.sort(keys), numpy.argsort(keys, kind="stable")

    return Work.calling(both, check=check)


def comparisons(settings: Settings) -> Builders:
    """Return all threads, the ceiling, one thread, and NumPy where it is installed."""
    count = settings.pick(5_000, 1_000_000, 10_000_000)
    at_most = settings.pick(100_000, 4_000_000, None)

    def build() -> Comparison:
        args = {"count": count, "at_most": at_most}
        contenders: list[Contender] = [
            Call(OURS, sorted_and_ordered(**args, threads=settings.workers)),
            Call(f"{OURS}, 1 thread", sorted_and_ordered(**args, threads=1)),
        ]
        absent = {}
        try:
            contenders.append(Call(NUMPY, with_numpy(**args)))
        except ImportError as error:
            absent[NUMPY] = str(error)
        ceiling = Ceiling(CEILING, sorted_and_ordered, {**args, "threads": 1}, settings.workers)
        contenders.insert(1, ceiling)
        detail = (
            f"{count:,} 64-bit hashes of the words of the standard library's sources, repeated; "
            f"{settings.workers} threads or processes"
        )
        return Comparison("sort and argsort", contenders, detail, absent)

    return {"order": build}
