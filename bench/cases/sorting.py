"""sort and argsort of random numbers, against NumPy."""

from functools import partial
from typing import Any
from zlib import crc32

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Work
from bench.inputs import SEED, need_numpy, random_floats
from bench.ours import ours

QUESTION = "how fast are millions of random float64 sorted, and their order found?"
ARGSORT, SORT = "allcores argsort (stable)", "allcores sort"
STABLE, UNSTABLE, NP_SORT = "numpy.argsort(kind='stable')", "numpy.argsort()", "numpy.sort"
BARS = [
    Bar("argsort, float64", "argsort", ARGSORT, STABLE, at_least=3.0),
    Bar("argsort, float64", "argsort", ARGSORT, STABLE, 4.0, issue=6),
    Bar("argsort, float64", "argsort, values", ARGSORT, UNSTABLE, 2.0, issue=6),
    Bar("sort, float64", "sort", SORT, NP_SORT, 1.3, issue=6),
    Bar("sort, int64", "sort, int64", SORT, NP_SORT, 1.3, issue=6),
    Bar("sort, int32", "sort, int32", SORT, NP_SORT, 1.0, issue=6),
]


def bytes_of(result: Any) -> str:
    """Return a checksum of an array's bytes."""
    return f"{len(result)} elements, {crc32(result):08x}"


def indices(result: Any) -> str:
    """Return a checksum of indices, of whatever integer type."""
    return bytes_of(need_numpy().asarray(result).astype("int64"))


def comparisons(settings: Settings) -> Builders:
    """Return argsort against the stable and the unstable one, and sort."""
    numpy = need_numpy()
    count = settings.pick(2_000, 1_000_000, 10_000_000)
    threads = settings.workers
    detail = f"{count:,} float64, uniform in [0, 1), seed {SEED}; ours on {threads} threads"

    def argsort() -> Comparison:
        data = random_floats(count)
        mine = Work.calling(ours("kernels", "argsort"), data, threads=threads, check=indices)
        theirs = Work.calling(numpy.argsort, data, kind="stable", check=indices)
        return Comparison("call", [Call(ARGSORT, mine), Call(STABLE, theirs)], detail)

    def values() -> Comparison:
        data = random_floats(count)

        def check(order: Any) -> str:  # equal keys may stand in any order
            return bytes_of(data[order])

        mine = Work.calling(ours("kernels", "argsort"), data, threads=threads, check=check)
        theirs = Work.calling(numpy.argsort, data, check=check)
        return Comparison("call", [Call(ARGSORT, mine), Call(UNSTABLE, theirs)], detail)

    def sort() -> Comparison:
        data = random_floats(count)
        mine = Work.calling(ours("kernels", "sort"), data, threads=threads, check=bytes_of)
        theirs = Work.calling(numpy.sort, data, check=bytes_of)
        return Comparison("call", [Call(SORT, mine), Call(NP_SORT, theirs)], detail)

    def sort_integers(bits: int) -> Comparison:
        most = 2 ** (bits - 1)
        data = numpy.random.default_rng(SEED).integers(-most, most - 1, count, f"int{bits}")
        mine = Work.calling(ours("kernels", "sort"), data, threads=threads, check=bytes_of)
        theirs = Work.calling(numpy.sort, data, check=bytes_of)
        said = f"{count:,} int{bits}, all equally likely, seed {SEED}; ours on {threads} threads"
        return Comparison("call", [Call(SORT, mine), Call(NP_SORT, theirs)], said)

    return {
        "argsort": argsort,
        "argsort, values": values,
        "sort": sort,
        "sort, int64": partial(sort_integers, 64),
        "sort, int32": partial(sort_integers, 32),
    }
