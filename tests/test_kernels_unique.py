"""unique and value_counts: against plain Python, and against NumPy where it is installed."""

import array
import math
import os
import random
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from allcores import kernels

try:
    import numpy as np
except ImportError:
    np = None  # type: ignore[assignment]

needs_numpy = pytest.mark.skipif(np is None, reason="results are compared with NumPy's")

CODES = "bBhHiIlLqQfd"
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float32", "float64"]
SIZES = [0, 1, 2, 100, 5000, 70_000, 300_001]


def whole(code: str, rng: random.Random, n: int, different: int) -> "array.array[Any]":
    bits = 8 * array.array(code).itemsize
    if code in "fd":
        pool = [rng.gauss(0, 2.0 ** rng.randint(-9, 9)) for _ in range(different)]
    else:
        least = -(1 << (bits - 1)) if code.islower() else 0
        pool = [rng.randrange(least, least + (1 << bits)) for _ in range(different)]
    return array.array(code, rng.choices(pool, k=n))


def test_numbers_and_counts_are_those_of_a_counter(seed: int) -> None:
    rng = random.Random(seed)
    for index, code in enumerate(CODES):
        for n, different in [(0, 1), (1, 1), (50, 50), (50, 3), (3000, 1000), (70_000, 500)]:
            x = whole(code, rng, n, different)
            want = sorted(Counter(x).items())
            numbers, counts = kernels.unique(x, return_counts=True, threads=1 + index % 3)
            assert isinstance(numbers, array.array)
            assert numbers.typecode == code
            assert counts.typecode == "q"
            assert list(zip(numbers, counts, strict=True)) == want
            assert kernels.unique(x) == numbers
            assert kernels.value_counts(x) == (numbers, counts)


def test_the_kind_given_is_the_kind_returned() -> None:
    assert kernels.unique(b"banana") == array.array("B", b"abn")
    assert kernels.unique(memoryview(array.array("f", [2, 1, 2]))) == array.array("f", [1, 2])
    want = array.array("B", b"ab"), array.array("q", [2, 1])
    assert kernels.value_counts(bytearray(b"aab")) == want
    if np is not None:
        numbers, counts = kernels.value_counts(np.array([3, 1, 3], "uint16"))
        assert type(numbers) is type(counts) is np.ndarray
        assert (numbers.dtype, counts.dtype) == (np.dtype("uint16"), np.dtype("int64"))
        assert (numbers.tolist(), counts.tolist()) == ([1, 3], [1, 2])


def test_zeroes_are_one_number_and_nans_as_asked() -> None:
    for code, form in [("f", "I"), ("d", "Q")]:
        x = array.array(code, [0.0, math.nan, -0.0, 1.0, -math.nan, math.inf, 0.0, -math.inf])
        numbers, counts = kernels.value_counts(x)
        assert numbers[:4].tolist() == [-math.inf, 0.0, 1.0, math.inf]
        assert math.copysign(1, numbers[1]) == -1
        assert math.isnan(numbers[4])
        assert counts.tolist() == [1, 3, 1, 1, 2]
        numbers, counts = kernels.value_counts(x, equal_nan=False)
        assert len(numbers) == 6
        assert counts.tolist() == [1, 3, 1, 1, 1, 1]
        assert len(set(memoryview(numbers).cast("B").cast(form)[4:])) == 2
        alone = array.array(code, [0.0])
        assert kernels.unique(alone).tobytes() == alone.tobytes()
        odd = struct.pack(code, math.nan)[:-1] + b"\xff"
        assert kernels.unique(memoryview(odd).cast(code)).tobytes() == odd


def make(name: str, dtype: str, n: int, rng: Any) -> Any:
    if name == "special" and dtype in FLOATS:
        values = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1.0, np.finfo(dtype).smallest_subnormal]
        return rng.choice(np.array(values, dtype), n)
    up = np.arange(n)
    x = {
        "up": up,
        "down": up[::-1],
        "equal": np.full(n, 7),
        "few": rng.integers(0, 5, n),
        "organ": np.minimum(up, n - up),
        "pairs": up // 2,
        "crowd": np.where(rng.random(n) < 0.9, 5, rng.integers(0, 1 << 40, n)),
        "thousands": rng.integers(0, 3000, n) * 1_000_003,
    }.get(name, rng.integers(-(1 << 62), 1 << 62, n))
    return x.astype(dtype)


PATTERNS = ["up", "down", "equal", "few", "organ", "pairs", "crowd", "thousands", "random"]
PATTERNS += ["special"]


@needs_numpy
def test_it_is_numpys_on_every_dtype(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for index, dtype in enumerate(INTEGERS + FLOATS):
        for name in PATTERNS:
            for n in SIZES[:6] if name in ("up", "down", "organ", "few", "equal") else SIZES:
                x = make(name, dtype, n, rng)
                before = x.tobytes()
                want, want_counts = np.unique(x, return_counts=True)
                threads = 1 + (index + n) % 3
                got, counts = kernels.unique(x, return_counts=True, threads=threads)
                said = f"{dtype} {name} {n}"
                assert got.dtype == x.dtype
                np.testing.assert_array_equal(got, want, err_msg=said)
                np.testing.assert_array_equal(counts, want_counts, err_msg=said)
                np.testing.assert_array_equal(kernels.unique(x), want, err_msg=said)
                assert x.tobytes() == before


@needs_numpy
def test_nans_that_are_not_equal_are_numpys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for dtype in FLOATS:
        for n in (10, 1000, 200_000):
            x = make("special", dtype, n, rng)
            want = np.unique(x, return_counts=True, equal_nan=False)
            got = kernels.unique(x, return_counts=True, equal_nan=False)
            np.testing.assert_array_equal(got[0], want[0])
            np.testing.assert_array_equal(got[1], want[1])
            np.testing.assert_array_equal(kernels.unique(x, equal_nan=False), want[0])


@needs_numpy
def test_unaligned_views_and_every_number_of_threads(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for dtype in INTEGERS + FLOATS:
        for n in (5, 1000, 200_000):
            x = make(rng.choice(PATTERNS), dtype, n, rng)
            room = bytearray(x.nbytes + 3)
            view = np.frombuffer(room, dtype, n, 3)
            view[:] = x
            want = [part.tobytes() for part in kernels.value_counts(x, threads=1)]
            for threads in (1, 2, 3, 7):
                got = kernels.value_counts(view, threads=threads)
                assert [part.tobytes() for part in got] == want


def test_it_gives_the_same_bits_on_every_instruction_set(seed: int) -> None:
    code = f"""
import random, array, zlib
from allcores import kernels as k
r = random.Random({seed})
h = 0
for n in (0, 1, 100, 5000, 200001):
    for different in (7, 3000, 10**6):
        x = array.array("d", [r.randrange(different) / 7 * r.choice([1, -1]) for _ in range(n)])
        for y in (x, array.array("i", map(int, x)), array.array("f", x)):
            for part in k.value_counts(y):
                h = zlib.crc32(part, h)
print(h)
"""
    results = set()
    for variables in [{"ALLCORES_SIMD": "portable"}, {}, {"ALLCORES_THREADS": "1"}]:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        results.add(done.stdout)
    assert len(results) == 1


CALLS: list[Callable[..., Any]] = [kernels.unique, kernels.value_counts]


@pytest.mark.parametrize("call", CALLS)
def test_errors_say_what_came_and_what_is_accepted(call: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"x must be a buffer .* not list; make a buffer"):
        call([1, 2])
    with pytest.raises(TypeError, match="not str; encode it first"):
        call("abc")
    with pytest.raises(ValueError, match="contiguous; it has strides"):
        call(memoryview(array.array("i", range(9)))[::2])
    with pytest.raises(ValueError, match=r"one dimension, not 2 \(shape \(2, 3\)\)"):
        call(memoryview(bytes(6)).cast("B", (2, 3)))
    with pytest.raises(TypeError, match=r"format '\?'.*accepted are int8"):
        call(memoryview(bytes(6)).cast("?"))
    with pytest.raises(TypeError, match="threads must be None or an int, not float"):
        call(b"ab", threads=1.0)
    with pytest.raises(ValueError, match="threads must be from 1"):
        call(b"ab", threads=0)


def test_numpy_is_not_needed() -> None:
    code = (
        "import sys; sys.modules['numpy'] = None; from allcores import kernels as k; "
        "import array; print(k.unique(array.array('d', [2, 1, 2]), return_counts=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "(array('d', [1.0, 2.0]), array('q', [1, 2]))\n"
