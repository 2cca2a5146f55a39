"""Every kernel with an input of any size, and who else does the same on one thread."""

import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.harness.contender import Work
from bench.inputs import SEED, library_text, need_numpy, random_bytes, random_floats, whole_floats
from bench.ours import ours


@dataclass(frozen=True)
class Kernel:
    """How one of our kernels is called, and its rival.

    Attributes
    ----------
    name : str
        In allcores.kernels.
    inputs : callable
        ``inputs(count)`` returns the arguments.
    rival : str
        What else does it, as it is written.
    theirs : callable
        ``theirs(*inputs)`` does it.
    """

    name: str
    inputs: Callable[[int], tuple[Any, ...]]
    rival: str
    theirs: Callable[..., Any]


def described(result: Any) -> str:
    """Return a checksum of numbers in a buffer, of several, or ten digits of one number."""
    if isinstance(result, tuple):
        return ", ".join(map(described, result))
    if isinstance(result, (int, float)) or getattr(result, "ndim", None) == 0:
        return format(float(result), ".10g")
    if hasattr(result, "items"):
        return f"{sum((zlib.crc32(word) | 1) * count for word, count in result.items())}"
    view = memoryview(result).cast("B")
    return f"{len(view)} bytes, {zlib.crc32(view):08x}"


def _numpy(name: str, *args: Any, **keywords: Any) -> Any:
    return getattr(need_numpy(), name)(*args, **keywords)


def _both_ends(x: Any) -> tuple[Any, Any]:
    return _numpy("min", x), _numpy("max", x)


def _count_words(data: bytes) -> Any:
    return Counter(data.split())


def _whole(count: int) -> tuple[Any, ...]:
    return (whole_floats(count),)


def _pair(count: int) -> tuple[Any, ...]:
    data = whole_floats(count)
    return data, data[::-1].copy()


def _floats(count: int) -> tuple[Any, ...]:
    return (random_floats(count),)


def _long(count: int) -> tuple[Any, ...]:
    return (need_numpy().random.default_rng(SEED).integers(-(2**63), 2**63 - 1, count),)


def _few(count: int) -> tuple[Any, ...]:
    numpy = need_numpy()
    pool = random_floats(max(count // 100, 10))
    return (numpy.random.default_rng(SEED).choice(pool, count),)


def _small(count: int) -> tuple[Any, ...]:
    return ((random_floats(count) * min(count, 1000)).astype("int64"),)


def _bins(count: int) -> tuple[Any, ...]:
    return random_floats(count), 100


def _searched(count: int) -> tuple[Any, ...]:
    data = random_floats(count + max(count // 10, 10))
    return need_numpy().sort(data[count:]), data[:count]


def _tests(count: int) -> tuple[Any, ...]:
    numbers = max(count // 20, 5)
    data = random_floats(count + numbers)
    return data[:count], data[count - numbers : count + numbers].copy()


def _text(count: int) -> tuple[Any, ...]:
    return (library_text(count),)


def _text_and_word(count: int) -> tuple[Any, ...]:
    return library_text(count), b"return"


KERNELS = {
    "sum": Kernel("sum", _whole, "numpy.sum", partial(_numpy, "sum")),
    "min": Kernel("min", _whole, "numpy.min", partial(_numpy, "min")),
    "max": Kernel("max", _whole, "numpy.max", partial(_numpy, "max")),
    "minmax": Kernel("minmax", _whole, "numpy.min and max", _both_ends),
    "mean": Kernel("mean", _whole, "numpy.mean", partial(_numpy, "mean")),
    "var": Kernel("var", _whole, "numpy.var", partial(_numpy, "var")),
    "dot": Kernel("dot", _pair, "numpy.dot", partial(_numpy, "dot")),
    "cumsum": Kernel("cumsum", _whole, "numpy.cumsum", partial(_numpy, "cumsum")),
    "sort": Kernel("sort", _floats, "numpy.sort", partial(_numpy, "sort")),
    "sort, int64": Kernel("sort", _long, "numpy.sort", partial(_numpy, "sort")),
    "argsort": Kernel(
        "argsort", _floats, "numpy.argsort(kind='stable')", partial(_numpy, "argsort", kind="stable")
    ),
    "unique": Kernel("unique", _few, "numpy.unique", partial(_numpy, "unique")),
    "value_counts": Kernel(
        "value_counts", _few, "numpy.unique, counts", partial(_numpy, "unique", return_counts=True)
    ),
    "bincount": Kernel("bincount", _small, "numpy.bincount", partial(_numpy, "bincount")),
    "histogram": Kernel("histogram", _bins, "numpy.histogram", partial(_numpy, "histogram")),
    "searchsorted": Kernel(
        "searchsorted", _searched, "numpy.searchsorted", partial(_numpy, "searchsorted")
    ),
    "isin": Kernel("isin", _tests, "numpy.isin", partial(_numpy, "isin")),
    "crc32": Kernel("crc32", lambda count: (random_bytes(count),), "zlib.crc32", zlib.crc32),
    "count_words": Kernel("count_words", _text, "Counter(data.split())", _count_words),
    "grep_count": Kernel("grep_count", _text_and_word, "bytes.count", bytes.count),
}


def our_work(name: str, count: int, threads: int | None) -> Work:
    """Return the work of one call of ours; also for other processes.

    With None the call says nothing of threads, as the rival's does: packing a keyword from a dictionary
    takes the interpreter as long as some of these calls take.
    """
    kernel = KERNELS[name]
    mine = ours("kernels", kernel.name)
    said = {} if threads is None else {"threads": threads}
    return Work.calling(mine, *kernel.inputs(count), check=described, **said)


def their_work(name: str, count: int) -> Work:
    """Return the work of one call of the rival."""
    kernel = KERNELS[name]
    return Work.calling(kernel.theirs, *kernel.inputs(count), check=described)
