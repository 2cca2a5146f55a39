"""Kernels on small inputs, where the call itself is what counts."""

import zlib
from typing import Any

import pytest

kernels = pytest.importorskip("allcores.kernels", exc_type=ImportError)
numpy = pytest.importorskip("numpy")

SIZES = (100, 10_000)
ARRAY_KERNELS = {
    "sum": {"allcores": kernels.sum, "numpy": numpy.sum},
    "min": {"allcores": kernels.min, "numpy": numpy.min},
    "max": {"allcores": kernels.max, "numpy": numpy.max},
    "mean": {"allcores": kernels.mean, "numpy": numpy.mean},
    "var": {"allcores": kernels.var, "numpy": numpy.var},
    "cumsum": {"allcores": kernels.cumsum, "numpy": numpy.cumsum},
    "sort": {"allcores": kernels.sort, "numpy": numpy.sort},
    "argsort": {
        "allcores": kernels.argsort,
        "numpy": lambda data: numpy.argsort(data, kind="stable"),
    },
}


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("who", ["allcores", "numpy"])
@pytest.mark.parametrize("name", ARRAY_KERNELS)
def test_array_kernel(benchmark: Any, name: str, who: str, count: int) -> None:
    benchmark.group = f"{name} of {count} float64"
    data = numpy.random.default_rng(20).integers(0, 1 << 20, count).astype(numpy.float64)
    result = benchmark(ARRAY_KERNELS[name][who], data)
    assert numpy.allclose(result, ARRAY_KERNELS[name]["numpy"](data), rtol=1e-12)


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("who", ["allcores", "numpy"])
def test_dot(benchmark: Any, who: str, count: int) -> None:
    benchmark.group = f"dot of {count} float64"
    data = numpy.random.default_rng(20).integers(0, 1 << 20, count).astype(numpy.float64)
    function = {"allcores": kernels.dot, "numpy": numpy.dot}[who]
    assert benchmark(function, data, data[::-1].copy()) == data @ data[::-1]


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("who", ["allcores", "zlib"])
def test_crc32(benchmark: Any, who: str, count: int) -> None:
    benchmark.group = f"crc32 of {count} bytes"
    data = bytes(range(256)) * (count // 256 + 1)
    function = {"allcores": kernels.crc32, "zlib": zlib.crc32}[who]
    assert benchmark(function, data[:count]) == zlib.crc32(data[:count])


COUNTING = {
    "bincount": lambda module, x: module.bincount(x),
    "histogram": lambda module, x: module.histogram(x, 100)[0],
    "searchsorted": lambda module, x: module.searchsorted(x, x),
    "isin": lambda module, x: module.isin(x, x[::5].copy()),
}


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("who", ["allcores", "numpy"])
@pytest.mark.parametrize("name", COUNTING)
def test_counting_kernel(benchmark: Any, name: str, who: str, count: int) -> None:
    benchmark.group = f"{name} of {count} int64"
    data = numpy.sort(numpy.random.default_rng(20).integers(0, 1000, count))
    module = {"allcores": kernels, "numpy": numpy}[who]
    result = benchmark(COUNTING[name], module, data)
    assert numpy.array_equal(result, COUNTING[name](numpy, data))
