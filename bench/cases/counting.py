"""Counts, histograms and look-ups, against NumPy and bytes.count."""

from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Work
from bench.inputs import SEED, library_text, need_numpy, random_floats
from bench.ours import ours

QUESTION = "how fast are millions of numbers counted, put into bins, and looked up?"
BARS = [
    Bar("bincount", "bincount", "allcores bincount", "numpy.bincount", 1.6, issue=6),
    Bar(
        "histogram, 100 equal bins", "histogram", "allcores histogram", "numpy.histogram", 8.0,
        issue=6,
    ),
    Bar("isin", "isin", "allcores isin", "numpy.isin", 1.0, issue=6),
    Bar(
        "searchsorted", "searchsorted", "allcores searchsorted", "numpy.searchsorted", 2.0, issue=6,
    ),
]


def totals(result: Any) -> str:
    """Return how many counts there are, and their sum weighted by place."""
    numpy = need_numpy()
    counts = numpy.asarray(result[0] if isinstance(result, tuple) else result)
    return f"{len(counts)} counts, {int(counts @ numpy.arange(len(counts)))}"


def comparisons(settings: Settings) -> Builders:
    """Return one comparison for each kernel: ours on all threads and on one, and NumPy's."""
    numpy = need_numpy()
    count = settings.pick(5_000, 1_000_000, 10_000_000)
    threads = settings.workers

    def compare(name: str, args: tuple[Any, ...], detail: str) -> Comparison:
        mine = ours("kernels", name)
        contenders = [
            Call(f"allcores {name}", Work.calling(mine, *args, threads=threads, check=totals)),
            Call(
                f"allcores {name}, 1 thread", Work.calling(mine, *args, threads=1, check=totals)
            ),
            Call(f"numpy.{name}", Work.calling(getattr(numpy, name), *args, check=totals)),
        ]
        return Comparison("call", contenders, f"{detail}, seed {SEED}; {threads} threads")

    def bincount() -> Comparison:
        data = (random_floats(count) * 1000).astype(numpy.int64)
        return compare("bincount", (data,), f"{count:,} int64 from 0 to 999")

    def histogram() -> Comparison:
        data = random_floats(count)
        return compare("histogram", (data, 100), f"{count:,} float64, uniform in [0, 1)")

    def searchsorted() -> Comparison:
        data = random_floats(count // 10)
        table = numpy.sort(random_floats(count // 100 + count // 10)[count // 10 :])
        detail = f"{len(data):,} random float64 in {len(table):,} sorted ones"
        return compare("searchsorted", (table, data), detail)

    def isin() -> Comparison:
        data = random_floats(count // 10)
        tests = numpy.concatenate([data[: count // 200], random_floats(count // 200 + 7)[7:]])
        detail = f"{len(data):,} random float64 among {len(tests):,}"
        return compare("isin", (data, tests), detail)

    def grep() -> Comparison:
        mine, data, word = ours("kernels", "grep_count"), library_text(count), b"return"
        contenders = [
            Call("allcores grep_count", Work.calling(mine, data, word, threads=threads, check=str)),
            Call(
                "allcores grep_count, 1 thread",
                Work.calling(mine, data, word, threads=1, check=str),
            ),
            Call("bytes.count", Work.calling(data.count, word, check=str)),
        ]
        return Comparison("call", contenders, f"{word!r} in {len(data):,} bytes of Python")

    return {"grep_count": grep, "bincount": bincount, "histogram": histogram,
            "isin": isin, "searchsorted": searchsorted}
