"""unique, with counts and without, against NumPy, polars and pyarrow."""

from functools import partial
from importlib import import_module
from typing import Any
from zlib import crc32

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Contender, Work
from bench.inputs import SEED, need_numpy, random_floats
from bench.ours import ours

QUESTION = "how fast are the different numbers among millions found, and counted?"
OURS, OURS_COUNTS = "allcores unique", "allcores unique, counts"
NUMPY, NUMPY_COUNTS = "numpy.unique", "numpy.unique, counts"
POLARS, PYARROW = "polars value_counts, sorted", "pyarrow value_counts, sorted"
# The bar of 15 was set beside a NumPy that took six times as long for the numbers as for them and their
# counts: one with a hash table, which NumPy has for integers and not for float64. Both are measured.
WHY_NOT = "the bar was set beside a NumPy with a hash table; for float64 it sorts"
BARS = [
    Bar("unique with counts", "unique, counts", OURS_COUNTS, NUMPY_COUNTS, 3.0, issue=6),
    Bar("unique, float64", "unique", OURS, NUMPY, 15.0, issue=6),
    Bar("unique, int64", "unique, int64", OURS, NUMPY, 15.0, issue=6),
    Bar("unique with counts, 10,000", "small", OURS_COUNTS, NUMPY_COUNTS, 1.0, issue=6),
]


def pair(result: tuple[Any, Any]) -> str:
    """Return checksums of numbers and counts."""
    numbers, counts = result
    counts = need_numpy().asarray(counts).astype("int64")
    return f"{len(numbers)} numbers, {crc32(numbers):08x}, counts {crc32(counts):08x}"


def one(result: Any) -> str:
    """Return a checksum of numbers."""
    return f"{len(result)} numbers, {crc32(result):08x}"


def by_polars(polars: Any, series: Any) -> tuple[Any, Any]:
    """Return what value_counts of polars gives, in ascending order."""
    counted = series.value_counts().sort("x")
    return counted["x"].to_numpy(), counted["count"].to_numpy()


def by_pyarrow(compute: Any, numbers: Any) -> tuple[Any, Any]:
    """Return what value_counts of pyarrow gives, in ascending order."""
    counted = numbers.value_counts()
    order = compute.array_sort_indices(counted.field("values"))
    counted = counted.take(order)
    return counted.field("values").to_numpy(), counted.field("counts").to_numpy()


def others(data: Any) -> tuple[list[Contender], dict[str, str]]:
    """Return those of polars and pyarrow that are installed."""
    found: list[Contender] = []
    absent: dict[str, str] = {}
    try:
        polars = import_module("polars")
        series = polars.Series("x", data)
        found.append(Call(POLARS, Work.calling(partial(by_polars, polars, series), check=pair)))
    except ImportError as error:
        absent[POLARS] = str(error)
    try:
        compute, pyarrow = import_module("pyarrow.compute"), import_module("pyarrow")
        numbers = pyarrow.array(data)
        found.append(Call(PYARROW, Work.calling(partial(by_pyarrow, compute, numbers), check=pair)))
    except ImportError as error:
        absent[PYARROW] = str(error)
    return found, absent


def comparisons(settings: Settings) -> Builders:
    """Return unique with counts, without, and of few numbers."""
    numpy = need_numpy()
    count = settings.pick(2_000, 1_000_000, 10_000_000)
    different = settings.pick(200, 10_000, 100_000)
    threads = settings.workers

    def data(many: int, pool: int) -> Any:
        return numpy.random.default_rng(SEED).choice(random_floats(pool), many)

    def said(many: int, pool: int) -> str:
        return f"{many:,} float64, {pool:,} different, seed {SEED}; ours on {threads} threads"

    def counts(many: int, pool: int, rivals: bool) -> Comparison:
        x = data(many, pool)
        mine = Work.calling(ours("kernels", "value_counts"), x, threads=threads, check=pair)
        theirs = Work.calling(numpy.unique, x, return_counts=True, check=pair)
        more, absent = others(x) if rivals else ([], {})
        contenders: list[Contender] = [Call(OURS_COUNTS, mine), Call(NUMPY_COUNTS, theirs), *more]
        return Comparison("call", contenders, said(many, pool), absent)

    def long() -> Any:
        rng = numpy.random.default_rng(SEED)
        return rng.choice(rng.integers(-(2**62), 2**62, different), count)

    def plain(x: Any, detail: str) -> Comparison:
        mine = Work.calling(ours("kernels", "unique"), x, threads=threads, check=one)
        theirs = Work.calling(numpy.unique, x, check=one)
        return Comparison("call", [Call(OURS, mine), Call(NUMPY, theirs)], detail)

    return {
        "unique, counts": partial(counts, count, different, True),
        "unique": lambda: plain(data(count, different), f"{said(count, different)}; {WHY_NOT}"),
        "unique, int64": lambda: plain(long(), said(count, different).replace("float64", "int64")),
        "small": partial(counts, 10_000, 1_000, False),
    }
