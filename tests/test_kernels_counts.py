"""bincount, histogram, searchsorted, isin, grep_count: against NumPy, and against plain Python."""

import array
import bisect
import collections
import itertools
import math
import random
from typing import Any

import pytest

from allcores import kernels

try:
    import numpy as np
except ImportError:
    np = None  # type: ignore[assignment]

needs_numpy = pytest.mark.skipif(np is None, reason="results are compared with NumPy's")

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float32", "float64"]
SIZES = [1, 2, 31, 100, 1000, 4097, 300_001]


def placed(values: Any, dtype: str, offset: int) -> Any:
    """The values as an array that begins `offset` bytes from an aligned address."""
    room = bytearray(len(values) * np.dtype(dtype).itemsize + offset)
    x = np.frombuffer(room, dtype, len(values), offset)
    x[:] = values
    return x


# -- bincount --------------------------------------------------------------------------------------


@needs_numpy
@pytest.mark.parametrize("dtype", INTEGERS)
def test_bincount_is_numpys(dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for index, n in enumerate(SIZES):
        for top in (1, 5, 100, 127) if dtype.endswith("int8") else (1, 100, 2046, 2050, 30_000):
            x = placed(rng.integers(0, top, n), dtype, index % 4)
            got = kernels.bincount(x, threads=1 + index % 3)
            assert got.dtype == np.dtype("int64")
            np.testing.assert_array_equal(got, np.bincount(x.astype("int64")))
            got = kernels.bincount(x, minlength=77, threads=2)
            np.testing.assert_array_equal(got, np.bincount(x.astype("int64"), minlength=77))


def test_bincount_against_plain_python(seed: int) -> None:
    chance = random.Random(seed)
    for code in "bBhHiIlLqQ":
        for n, top in ((0, 1), (5, 100), (3000, 120), (20_000, 3)):
            x = array.array(code, [chance.randrange(top) for _ in range(n)])
            found = collections.Counter(x)
            got = kernels.bincount(x)
            assert isinstance(got, array.array)
            assert got.typecode == "q"
            assert got.tolist() == [found[k] for k in range(max(x, default=-1) + 1)]
    assert kernels.bincount(b"", minlength=3).tolist() == [0, 0, 0]


def test_bincount_refuses() -> None:
    with pytest.raises(ValueError, match="x holds -3; numbers must be 0 or more"):
        kernels.bincount(array.array("q", [1, -3]))
    with pytest.raises(TypeError, match="must hold integers, not float64"):
        kernels.bincount(array.array("d", [1.0]))
    with pytest.raises(ValueError, match="minlength must be from 0"):
        kernels.bincount(b"a", minlength=-1)
    with pytest.raises(TypeError, match="minlength must be an int, not str"):
        kernels.bincount(b"a", minlength="1")  # type: ignore[arg-type]
    with pytest.raises(MemoryError):
        kernels.bincount(array.array("Q", [2**64 - 1]))
    with pytest.raises(TypeError, match="make a buffer of it"):
        kernels.bincount([1, 2])  # type: ignore[arg-type]


# -- histogram -------------------------------------------------------------------------------------


def same_as_numpys(x: Any, *args: Any, **kwargs: Any) -> None:
    want, want_edges = np.histogram(x, *args, **kwargs)
    for threads in (1, 3):
        got, edges = kernels.histogram(x, *args, **kwargs, threads=threads)
        assert edges.dtype == want_edges.dtype
        np.testing.assert_array_equal(edges, want_edges)
        if kwargs.get("density"):
            np.testing.assert_allclose(got, want, rtol=1e-12)
        else:
            assert got.dtype == np.dtype("int64")
            np.testing.assert_array_equal(got, want)


@needs_numpy
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_histogram_is_numpys(dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for index, n in enumerate(SIZES):
        values = rng.normal(60, 15, n) if dtype in FLOATS else rng.integers(0, 120, n)
        x = placed(values, dtype, index % 4)
        same_as_numpys(x)
        same_as_numpys(x, 100)
        same_as_numpys(x, 7, (30, 90))
        same_as_numpys(x, 12, (10.1, 70.7))
        same_as_numpys(x, 10, density=True)
        same_as_numpys(x, np.array([0.0, 10, 10, 50, 51.5, 100]))
        if dtype in FLOATS:
            same_as_numpys(np.round(x), 30, (0, 60))  # on the edges
            same_as_numpys(np.round(x), 3000)


@needs_numpy
def test_histogram_of_special_numbers_is_numpys() -> None:
    for dtype in FLOATS:
        x = np.array([np.nan, 0.0, -0.0, 1.0, np.inf, -np.inf, 0.5, np.nan] * 200, dtype)
        same_as_numpys(x, 10, (0, 1))
        same_as_numpys(x, np.array([0.0, 0.5, 1.0]))
        same_as_numpys(np.full(9, 3.0, dtype), 4)
        same_as_numpys(np.array([], dtype), 4)
        same_as_numpys(np.array([1e-300, 2e-300, 5e-300]).astype(dtype), 3)


def test_histogram_against_plain_python(seed: int) -> None:
    chance = random.Random(seed)
    for code in "bBhHiIqQfd":
        for n in (1, 100, 5000):
            x = array.array(code, [chance.randrange(100) for _ in range(n)])
            for bins in (10, array.array("d", [5.0, 7.5, 20.0, 60.0])):
                got, edges = kernels.histogram(x, bins)
                counts = [0] * (len(edges) - 1)
                for v in x:
                    k = bisect.bisect_right(edges, v) - 1
                    if v == edges[-1]:
                        k = len(counts) - 1
                    if 0 <= k < len(counts):
                        counts[k] += 1
                assert got.tolist() == counts
                assert isinstance(got, array.array)
                if bins == 10:
                    assert sum(got) == n
                    assert edges.typecode == ("f" if code == "f" else "d")
                else:
                    assert edges is bins


def test_density_adds_up_to_one(seed: int) -> None:
    chance = random.Random(seed)
    x = array.array("d", [chance.gauss(0, 1) for _ in range(1000)])
    shares, edges = kernels.histogram(x, 20, density=True)
    assert isinstance(shares, array.array)
    assert shares.typecode == "d"
    widths = [b - a for a, b in itertools.pairwise(edges)]
    assert sum(s * w for s, w in zip(shares, widths, strict=True)) == pytest.approx(1)


def test_histogram_refuses() -> None:
    x = array.array("d", [1.0, 2.0])
    for bad, error, what in [
        (0, ValueError, "bins must be from 1"),
        (2.5, TypeError, "bins must be an int or a buffer of edges, not float"),
        ("auto", TypeError, "bins must be an int or a buffer of edges, not str"),
        (array.array("d", [1.0]), ValueError, "at least 2 edges, not 1"),
        (array.array("d", [1.0, 0.5]), ValueError, "edges that rise; 0.5 comes after 1.0"),
        (array.array("d", [1.0, math.nan]), ValueError, "edges that rise"),
    ]:
        with pytest.raises(error, match=what):
            kernels.histogram(x, bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="range must rise"):
        kernels.histogram(x, 3, (2, 1))
    with pytest.raises(TypeError, match=r"range must be None or \(first, last\), not 5"):
        kernels.histogram(x, 3, 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no meaning when bins are edges"):
        kernels.histogram(x, x, (0, 1))
    with pytest.raises(ValueError, match=r"which no bins can cover; pass range="):
        kernels.histogram(array.array("d", [1.0, math.inf]))
    with pytest.raises(ValueError, match="are too many"):
        kernels.histogram(array.array("d", [1.0, 1.0 + 2**-51]), 1000)


# -- searchsorted ----------------------------------------------------------------------------------


@needs_numpy
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_searchsorted_is_numpys(dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for index, n in enumerate([0, *SIZES]):
        for m in (0, 1, 17, 20_000):
            if dtype in FLOATS:
                special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324])
                values = rng.choice(np.append(rng.normal(0, 50, n + 9).round(), special), n + m)
            else:
                low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
                values = rng.integers(max(low, -500), min(high, 500), n + m)
            x = placed(np.sort(values[:n].astype(dtype)), dtype, index % 4)
            v = placed(values[n:], dtype, (index + 1) % 4)
            for side in ("left", "right"):
                got = kernels.searchsorted(x, v, side, threads=1 + index % 3)
                assert got.dtype == np.dtype("int64")
                np.testing.assert_array_equal(got, np.searchsorted(x, v, side))


def test_searchsorted_against_bisect(seed: int) -> None:
    chance = random.Random(seed)
    for code in "bBhHiIqQfd":
        for n in (0, 1, 2, 3, 50, 1000):
            x = array.array(code, sorted(chance.randrange(100) for _ in range(n)))
            v = array.array(code, [chance.randrange(100) for _ in range(40)])
            left = kernels.searchsorted(x, v)
            assert isinstance(left, array.array)
            assert left.typecode == "q"
            assert left.tolist() == [bisect.bisect_left(x, k) for k in v]
            right = kernels.searchsorted(x, v, side="right")
            assert right.tolist() == [bisect.bisect_right(x, k) for k in v]
            assert kernels.searchsorted(x, 50) == bisect.bisect_left(x, 50)


def test_searchsorted_out_and_refusals() -> None:
    x = array.array("q", [1, 2, 3])
    out = array.array("q", [9, 9, 9])
    assert kernels.searchsorted(x, x, out=out) is out
    assert out.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="side must be 'left' or 'right', not 'middle'"):
        kernels.searchsorted(x, x, "middle")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="v must hold int64 as x does, not float64"):
        kernels.searchsorted(x, array.array("d", [1.0]))
    with pytest.raises(TypeError, match=r"one such number, not 1\.5"):
        kernels.searchsorted(x, 1.5)
    with pytest.raises(OverflowError, match="one such number"):
        kernels.searchsorted(x, 2**70)
    with pytest.raises(ValueError, match="out overlaps x or v"):
        kernels.searchsorted(x, out, out=out)
    with pytest.raises(TypeError, match="out must hold int64"):
        kernels.searchsorted(x, x, out=array.array("d", [0.0] * 3))
    with pytest.raises(TypeError, match="v must be a buffer"):
        kernels.searchsorted(x, [1])  # type: ignore[call-overload]


# -- isin ------------------------------------------------------------------------------------------


@needs_numpy
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_isin_is_numpys(dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    special = [0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, 5e-324, 1.0]
    for index, n in enumerate([0, *SIZES]):
        for m in (0, 1, 15, 17, 300, 20_000):
            if dtype in FLOATS:
                pool = np.append(rng.normal(size=2 * m + 3), rng.choice(special, 20))
            else:
                info = np.iinfo(dtype)
                wide = rng.integers(info.min, info.max, 2 * m + 3, dtype, endpoint=True)
                pool = wide if index % 2 else wide % min(info.max, 500)  # far apart, or close
            x = placed(rng.choice(pool, n), dtype, index % 4)
            tests = placed(rng.choice(pool, m), dtype, (index + 1) % 4)
            want = np.isin(x, tests)
            got = kernels.isin(x, tests, threads=1 + index % 3)
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want)
            np.testing.assert_array_equal(
                kernels.isin(x, tests, invert=True), np.isin(x, tests, invert=True)
            )


def test_isin_against_plain_python(seed: int) -> None:
    chance = random.Random(seed)
    for code in "bBhHiIlLqQfd":
        for n, m in ((0, 3), (5, 0), (100, 3), (2000, 60)):
            x = array.array(code, [chance.randrange(100) for _ in range(n)])
            tests = array.array(code, [chance.randrange(100) for _ in range(m)])
            got = kernels.isin(x, tests)
            assert isinstance(got, array.array)
            assert got.typecode == "B"
            assert got.tolist() == [v in set(tests) for v in x]
            opposite = kernels.isin(x, tests, False, True, kind="sort")
            assert opposite.tolist() == [v not in set(tests) for v in x]
    assert kernels.isin(b"abcb", 98).tolist() == [0, 1, 0, 1]
    assert kernels.isin(array.array("d", [1.5, math.nan]), math.nan).tolist() == [0, 0]


@needs_numpy
def test_isin_out(seed: int) -> None:
    x = np.random.default_rng(seed).integers(0, 10, 1000)
    for dtype in ("bool", "uint8"):
        out = np.empty(1000, dtype)
        assert kernels.isin(x, np.int64(3), out=out) is out
        np.testing.assert_array_equal(out, x == 3)


def test_isin_refuses() -> None:
    x = array.array("q", [1, 2, 3])
    with pytest.raises(TypeError, match="test_elements must hold int64 as element does, not float"):
        kernels.isin(x, array.array("d", [1.0]))
    with pytest.raises(TypeError, match=r"test_elements must be .* one such number, not 1\.5"):
        kernels.isin(x, 1.5)
    with pytest.raises(OverflowError, match="one such number"):
        kernels.isin(x, 2**70)
    with pytest.raises(TypeError, match=r"test_elements must be a buffer.*make a buffer"):
        kernels.isin(x, [1])  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="element must be a buffer"):
        kernels.isin(5, x)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="kind must be None, 'sort' or 'table', not 'hash'"):
        kernels.isin(x, x, kind="hash")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="out is read-only"):
        kernels.isin(x, x, out=bytes(3))  # type: ignore[type-var]
    with pytest.raises(ValueError, match=r"out must have the shape \(3,\), not \(4,\)"):
        kernels.isin(x, x, out=bytearray(4))
    with pytest.raises(TypeError, match="out must hold bool or uint8, not int64"):
        kernels.isin(x, x, out=array.array("q", [0] * 3))
    room = bytearray(24)
    with pytest.raises(ValueError, match="out overlaps element or test_elements"):
        kernels.isin(memoryview(room).cast("q"), x, out=memoryview(room)[3:6])


# -- grep_count ------------------------------------------------------------------------------------


def test_grep_count_is_bytes_count(seed: int) -> None:
    chance = random.Random(seed)
    for n in (0, 1, 5, 100, 1000, 600_000):
        for letters in (b"a", b"ab", b"abc d", bytes(range(256))):
            data = bytes(chance.choices(letters, k=n))
            for m in (1, 2, 3, 5, 40, 300):
                pattern = bytes(chance.choices(letters, k=m))
                if m < n and chance.random() < 0.5:
                    at = chance.randrange(n - m)
                    pattern = data[at : at + m]
                for threads in (1, 3):
                    assert kernels.grep_count(data, pattern, threads=threads) == data.count(pattern)
    assert kernels.grep_count(array.array("H", [0x6161] * 5), b"aa") == 5
    assert kernels.grep_count(memoryview(b"xaax")[1:3], bytearray(b"a")) == 2


def test_grep_count_refuses() -> None:
    with pytest.raises(ValueError, match="pattern must have one byte at least"):
        kernels.grep_count(b"abc", b"")
    with pytest.raises(TypeError, match=r"pattern must be a buffer.*not str; encode it first"):
        kernels.grep_count(b"abc", "a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="data must be a buffer"):
        kernels.grep_count(None, b"a")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="contiguous"):
        kernels.grep_count(memoryview(b"abcd")[::2], b"a")
    with pytest.raises(ValueError, match="threads must be from 1"):
        kernels.grep_count(b"abc", b"a", threads=0)
