"""The sum of many numbers, against NumPy and Numba."""

from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Contender, Work
from bench.inputs import SEED, need_numpy, whole_floats
from bench.ours import ours
from bench.rivals.numba_loops import numba_sum, where_installed

QUESTION = "how fast are millions of float64 added up?"
OURS, NUMPY, NUMBA = "allcores sum", "numpy.sum", "Numba prange"
BARS = [
    Bar("sum, float64", "sum", OURS, NUMPY, 2.0, issue=6),
    Bar("sum, float64, Numba", "sum", OURS, NUMBA, 0.95, issue=6),
]


def number(result: Any) -> str:
    """Return the sum as text: the numbers are whole, so every order of adding gives the same."""
    return repr(float(result))


def comparisons(settings: Settings) -> Builders:
    """Return ours on all threads and on one, NumPy's, and Numba's where it is installed."""
    count = settings.pick(5_000, 1_000_000, 10_000_000)
    threads = settings.workers

    def build() -> Comparison:
        numpy, mine, data = need_numpy(), ours("kernels", "sum"), whole_floats(count)
        contenders: list[Contender] = [
            Call(OURS, Work.calling(mine, data, threads=threads, check=number)),
            Call(f"{OURS}, 1 thread", Work.calling(mine, data, threads=1, check=number)),
            Call(NUMPY, Work.calling(numpy.sum, data, check=number)),
        ]
        found, absent = where_installed(
            NUMBA, lambda: Call(NUMBA, Work.calling(numba_sum(), data, check=number))
        )
        said = f"{count:,} float64, seed {SEED}; {threads} threads"
        return Comparison("call", [*contenders, *found], said, absent)

    return {"sum": build}
