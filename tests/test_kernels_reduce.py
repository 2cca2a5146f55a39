"""min max minmax mean var dot cumsum: against NumPy where it is, and against plain Python."""

import array
import fractions
import itertools
import math
import random
import statistics
import sys
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
SIZES = [1, 2, 3, 31, 64, 100, 1000, 4097, 140_001]
CODES = "bBhHiIqQfd"


def some_array(dtype: str, n: int, rng: Any, offset: int = 0) -> Any:
    """Random numbers over the whole range of a type, `offset` bytes from an aligned address."""
    room = bytearray(n * np.dtype(dtype).itemsize + offset)
    x = np.frombuffer(room, dtype, n, offset)
    if dtype in FLOATS:
        x[:] = rng.standard_normal(n) * 10.0 ** rng.integers(-9, 9, n)
    else:
        x[:] = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, n, dtype, endpoint=True)
    return x


@needs_numpy
@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_all_of_them_are_numpys(dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for index, n in enumerate(SIZES):
        x = some_array(dtype, n, rng, index % 4)
        y = some_array(dtype, n, rng)
        threads = 1 + index % 3
        kind = float if dtype in FLOATS else int
        low, high = kernels.min(x, threads=threads), kernels.max(x, threads=threads)
        assert (type(low), type(high)) == (kind, kind)
        assert (low, high) == (x.min(), x.max()) == kernels.minmax(x, threads=threads)
        wide = x.astype("longdouble")
        near = 2e-6 if dtype == "float32" else 1e-12
        got = kernels.mean(x, threads=threads)
        assert type(got) is float
        size = float(np.abs(wide).mean())
        assert got == pytest.approx(float(wide.mean()), rel=near, abs=near * size)
        for ddof in (0, 1) if n > 1 else (0,):
            want = float(wide.var(ddof=ddof))
            assert kernels.var(x, ddof=ddof, threads=threads) == pytest.approx(want, rel=near)
        if dtype in INTEGERS:
            assert kernels.dot(x, y, threads=threads) == int(np.dot(x, y))
        else:
            size = float(np.abs(wide * y).sum())
            want = float((wide * y).sum())
            assert kernels.dot(x, y, threads=threads) == pytest.approx(want, abs=near * size)
        sums = kernels.cumsum(x, threads=threads)
        want_sums = np.cumsum(x)
        assert sums.dtype == want_sums.dtype
        if dtype in INTEGERS:
            np.testing.assert_array_equal(sums, want_sums)
        else:
            bound = near * np.cumsum(np.abs(wide))
            assert (np.abs(sums - np.cumsum(wide)) <= bound).all()


@needs_numpy
def test_nan_infinity_and_zeros_are_as_numpys() -> None:
    for dtype in FLOATS:
        for n in (1, 5, 40, 200, 3000):
            x = np.ones(n, dtype)
            for at in {0, n // 2, n - 1}:
                x[:] = 1
                x[at] = np.nan
                assert all(math.isnan(v) for v in kernels.minmax(x))
                assert math.isnan(kernels.min(x)) and math.isnan(kernels.max(x))
                assert math.isnan(kernels.mean(x)) and math.isnan(kernels.var(x))
                np.testing.assert_array_equal(kernels.cumsum(x), np.cumsum(x))
                x[at] = -np.inf
                assert kernels.min(x) == kernels.mean(x) == -np.inf
                assert math.isnan(kernels.var(x))
                np.testing.assert_array_equal(kernels.cumsum(x), np.cumsum(x))
        assert kernels.min(np.array([0.0, -0.0], dtype)) == 0
        assert str(kernels.dot(np.array([-0.0], dtype), np.array([1.0], dtype))) == "-0.0"
        assert np.signbit(kernels.cumsum(np.array([-0.0, -0.0], dtype))).all()
        assert math.isnan(kernels.dot(np.array([np.inf], dtype), np.array([0.0], dtype)))


def numbers(code: str, n: int, chance: random.Random) -> "array.array[Any]":
    if code in "fd":
        return array.array(code, [chance.gauss(0, 10.0 ** chance.randint(-5, 5)) for _ in range(n)])
    bits = 8 * array.array(code).itemsize
    low = -(1 << bits - 1) if code.islower() else 0
    return array.array(code, [low + chance.getrandbits(bits) for _ in range(n)])


def wrapped(value: int, code: str) -> int:
    bits = 8 * array.array(code).itemsize
    value %= 1 << bits
    return value - (1 << bits) if code.islower() and value >> bits - 1 else value


@pytest.mark.parametrize("code", CODES)
def test_all_of_them_against_plain_python(code: str, seed: int) -> None:
    chance = random.Random(seed)
    for n in (1, 2, 33, 300, 2500):
        x, y = numbers(code, n, chance), numbers(code, n, chance)
        values = x.tolist()
        assert kernels.minmax(x) == (min(values), max(values))
        assert (kernels.min(x), kernels.max(x)) == (min(values), max(values))
        exact = [fractions.Fraction(v) for v in values]
        near = 1e-6 if code == "f" else 1e-12
        size = sum(map(abs, exact)) / n
        assert abs(fractions.Fraction(kernels.mean(x)) - sum(exact) / n) <= near * size
        assert kernels.var(x) == pytest.approx(float(statistics.pvariance(exact)), rel=near)
        sums = kernels.cumsum(x)
        assert isinstance(sums, array.array)
        if code in "fd":
            assert sums.typecode == code
            products = [a * fractions.Fraction(b) for a, b in zip(exact, y, strict=True)]
            bound = near * sum(map(abs, products))
            assert abs(fractions.Fraction(kernels.dot(x, y)) - sum(products)) <= bound
            total, gross = fractions.Fraction(0), fractions.Fraction(0)
            for v, got in zip(exact, sums, strict=True):
                total, gross = total + v, gross + abs(v)
                assert abs(fractions.Fraction(got) - total) <= near * gross
        else:
            wide = "q" if code.islower() else "Q"
            assert sums.typecode == wide
            product = sum(a * b for a, b in zip(values, y, strict=True))
            assert kernels.dot(x, y) == wrapped(product, code)
            whole = 0
            for v, got in zip(values, sums, strict=True):
                whole += v
                assert got == wrapped(whole, wide)


@pytest.mark.parametrize("code", "fd")
def test_floats_have_the_same_bits_for_every_thread_count(code: str, seed: int) -> None:
    x = numbers(code, 70_000, random.Random(seed)) * 5
    y = x[::-1]
    for name in ("mean", "var", "minmax", "cumsum", "dot"):
        args = (x, y) if name == "dot" else (x,)
        results = [getattr(kernels, name)(*args, threads=threads) for threads in (1, 2, 3, 7)]
        assert len({bytes(r) if name == "cumsum" else repr(r) for r in results}) == 1, name


def test_empty_buffers() -> None:
    for name in ("min", "max", "minmax"):
        with pytest.raises(ValueError, match=f"{name} of an empty buffer"):
            getattr(kernels, name)(b"")
    with pytest.warns(RuntimeWarning, match="mean of an empty buffer"):
        assert math.isnan(kernels.mean(b""))
    with pytest.warns(RuntimeWarning, match="var of 0 items"):
        assert math.isnan(kernels.var(array.array("d")))
    assert kernels.dot(b"", b"") == 0
    assert repr(kernels.dot(array.array("d"), array.array("d"))) == "0.0"
    assert kernels.cumsum(b"") == array.array("Q")


def test_degrees_of_freedom() -> None:
    x = array.array("d", [1.0, 2.0, 4.0])
    assert kernels.var(x, ddof=1) == pytest.approx(statistics.variance(x))
    assert kernels.var(x, ddof=1.5) == pytest.approx(statistics.pvariance(x) * 2)
    with pytest.warns(RuntimeWarning, match="var of 3 items with ddof=3"):
        assert kernels.var(x, ddof=3) == math.inf
    with pytest.warns(RuntimeWarning, match="no degrees of freedom"):
        assert math.isnan(kernels.var(array.array("d", [1.0]), ddof=1))
    with pytest.raises(TypeError, match="ddof must be a number, not list"):
        kernels.var(x, ddof=[])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="ddof must be a number, not str"):
        kernels.var(x, ddof="1")  # type: ignore[arg-type]


def test_wrong_buffers_are_refused_with_what_came_and_what_to_do() -> None:
    x = array.array("d", [1.0, 2.0])
    for name in ("min", "max", "minmax", "mean", "var", "cumsum"):
        call = getattr(kernels, name)
        with pytest.raises(TypeError, match=r"x must be a buffer.*not list; make a buffer of it"):
            call([1.0])
        with pytest.raises(ValueError, match="contiguous; it has strides"):
            call(memoryview(x)[::-1])
        with pytest.raises(ValueError, match=r"one dimension, not 2 \(shape \(1, 2\)\)"):
            call(memoryview(x).cast("B").cast("d", (1, 2)))
        with pytest.raises(TypeError, match=r"format '\?'"):
            call(memoryview(b"ab").cast("?"))
        with pytest.raises(ValueError, match="threads must be from 1"):
            call(x, threads=0)
    with pytest.raises(TypeError, match="y must hold float64 as x does, not float32; convert one"):
        kernels.dot(x, array.array("f", [1.0, 2.0]))
    with pytest.raises(ValueError, match="y must have 2 items as x has, not 1"):
        kernels.dot(x, x[:1])
    with pytest.raises(TypeError, match="y must be a buffer"):
        kernels.dot(x, 2.0)  # type: ignore[arg-type]


def test_out_of_cumsum() -> None:
    x = array.array("q", [1, 2, 3])
    out = array.array("q", [0, 0, 0])
    assert kernels.cumsum(x, out=out) is out
    assert out.tolist() == [1, 3, 6]
    assert kernels.cumsum(x, out=x) is x
    assert x.tolist() == [1, 3, 6]
    room = bytearray(b"\x01" * 64)
    with pytest.raises(ValueError, match=r"out overlaps x; pass a buffer apart$"):
        kernels.cumsum(memoryview(room)[:8], out=memoryview(room).cast("Q"))
    words = memoryview(room).cast("q")
    with pytest.raises(ValueError, match="out=x to work in place"):
        kernels.cumsum(words[:4], out=words[1:5])
    with pytest.raises(TypeError, match="out must hold int64, not float64"):
        kernels.cumsum(x, out=array.array("d", [0, 0, 0]))
    with pytest.raises(ValueError, match="out must have 3 items, not 2"):
        kernels.cumsum(x, out=array.array("q", [0, 0]))
    with pytest.raises(ValueError, match="read-only"):
        kernels.cumsum(x, out=memoryview(out).toreadonly())


def test_sums_of_positive_numbers_never_fall(seed: int) -> None:
    chance = random.Random(seed)
    for code in "fd":
        x = array.array(code, [chance.expovariate(1.0) for _ in range(40_000)])
        sums = kernels.cumsum(x, threads=2)
        assert all(a <= b for a, b in itertools.pairwise(sums))


def test_references_are_given_back() -> None:
    x = array.array("d", [1.0] * 10)
    out = array.array("d", [0.0] * 10)
    before = sys.getrefcount(x), sys.getrefcount(out)
    for _ in range(50):
        kernels.minmax(x)
        kernels.var(x)
        kernels.dot(x, x)
        kernels.cumsum(x, out=out)
        with pytest.raises(ValueError, match="y must have"):
            kernels.dot(x, x[:1])
    assert (sys.getrefcount(x), sys.getrefcount(out)) == before
    x.append(1.0)  # no export is left
