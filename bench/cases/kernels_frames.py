"""The kernels that polars and pyarrow have too, on millions of numbers."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Contender, Work
from bench.rivals.kernels import KERNELS, described, our_work

QUESTION = "how fast are polars and pyarrow where they do the same?"
BARS: list[Bar] = []
POLARS, PYARROW = "polars", "pyarrow"


def of_polars(name: str, *inputs: Any) -> Callable[[], Any]:
    """Return the operation on a Series; ImportError without polars."""
    polars = import_module("polars")
    x, *others = [polars.Series("x", one) for one in inputs]
    operations: dict[str, Callable[[], Any]] = {
        "sum": x.sum,
        "min": x.min,
        "max": x.max,
        "mean": x.mean,
        "var": lambda: x.var(ddof=0),
        "dot": lambda: x.dot(others[0]),
        "cumsum": lambda: x.cum_sum().to_numpy(),
        "sort": lambda: x.sort().to_numpy(),
        "unique": lambda: x.unique().sort().to_numpy(),
        "isin": lambda: x.is_in(others[0].implode()).to_numpy(),
        "searchsorted": lambda: x.search_sorted(others[0]).to_numpy().astype("int64"),
    }
    return operations[name]


def of_pyarrow(name: str, *inputs: Any) -> Callable[[], Any]:
    """Return the operation on an Array; ImportError without pyarrow."""
    pyarrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")
    x, *others = [pyarrow.array(one) for one in inputs]
    operations: dict[str, Callable[[], Any]] = {
        "sum": lambda: compute.sum(x).as_py(),
        "min": lambda: compute.min(x).as_py(),
        "max": lambda: compute.max(x).as_py(),
        "mean": lambda: compute.mean(x).as_py(),
        "var": lambda: compute.variance(x, ddof=0).as_py(),
        "cumsum": lambda: compute.cumulative_sum(x).to_numpy(),
        "sort": lambda: x.sort().to_numpy(),
        "unique": lambda: x.unique().sort().to_numpy(),
        "isin": lambda: compute.is_in(x, value_set=others[0]).to_numpy(zero_copy_only=False),
    }
    return operations[name]


OPERATIONS = (
    "sum", "min", "max", "mean", "var", "dot", "cumsum", "sort", "unique", "isin", "searchsorted",
)
SIZES = {"isin": 1_000_000, "searchsorted": 1_000_000}


def comparisons(settings: Settings) -> Builders:
    """Return ours, polars and pyarrow for each operation; who is not installed is named."""

    def build(name: str) -> Comparison:
        full = SIZES.get(name, 10_000_000)
        count = settings.pick(2_000, full // 10, full)
        mine = our_work(name, count, settings.workers)
        contenders: list[Contender] = [Call(f"allcores {name}", mine)]
        absent = {}
        for who, of in ((POLARS, of_polars), (PYARROW, of_pyarrow)):
            try:
                operation = of(name, *KERNELS[name].inputs(count))
            except ImportError as error:
                absent[who] = str(error)
            except KeyError:
                absent[who] = f"it has no {name}"
            else:
                contenders.append(Call(who, Work.calling(operation, check=described)))
        said = f"{count:,} float64; {settings.workers} threads, theirs as many as they take"
        return Comparison("call", contenders, said, absent)

    return {name: partial(build, name) for name in OPERATIONS}
