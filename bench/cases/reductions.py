"""Extremes, moments, products and running sums of many numbers, against NumPy."""

from collections.abc import Callable
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Work
from bench.inputs import SEED, need_numpy, whole_floats
from bench.ours import ours

QUESTION = "how fast are millions of float64 reduced to a number, and summed up as they run?"
BARS = [
    Bar("min, float64", "min", "allcores min", "numpy.min", 1.3, issue=6),
    Bar("max, float64", "max", "allcores max", "numpy.max", 1.3, issue=6),
    Bar("dot, float64", "dot", "allcores dot", "numpy.dot", 1.0, issue=6),
    Bar("cumsum, float64", "cumsum", "allcores cumsum", "numpy.cumsum", 2.5, issue=6),
]


def number(result: Any) -> str:
    """Return a result as text, to ten digits: sums are rounded in another order."""
    return format(float(result), ".10g")


def last(result: Any) -> str:
    """Return the last of running sums: the numbers are whole, so every order gives the same."""
    return f"{len(result)} sums, the last {float(result[-1])!r}"


def comparisons(settings: Settings) -> Builders:
    """Return one comparison for each kernel: ours on all threads and on one, and NumPy's."""
    count = settings.pick(5_000, 1_000_000, 10_000_000)
    threads = settings.workers
    detail = f"{count:,} float64, seed {SEED}; {threads} threads"

    def builder(name: str, buffers: int, check: Callable[[Any], str]) -> Callable[[], Comparison]:
        def build() -> Comparison:
            numpy, mine = need_numpy(), ours("kernels", name)
            data = whole_floats(count)
            args = [data, data[::-1].copy()][:buffers]
            contenders = [
                Call(f"allcores {name}", Work.calling(mine, *args, threads=threads, check=check)),
                Call(
                    f"allcores {name}, 1 thread",
                    Work.calling(mine, *args, threads=1, check=check),
                ),
                Call(f"numpy.{name}", Work.calling(getattr(numpy, name), *args, check=check)),
            ]
            return Comparison("call", contenders, detail)

        return build

    checks = {"min": number, "max": number, "mean": number, "var": number, "cumsum": last}
    builders = {name: builder(name, 1, check) for name, check in checks.items()}
    return {**builders, "dot": builder("dot", 2, number)}
