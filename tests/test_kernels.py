"""The kernels through their public door: results against NumPy and the standard library."""

import array
import doctest
import inspect
import itertools
import mmap
import os
import random
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import allcores._native.kernels as native
from allcores import kernels

np = pytest.importorskip("numpy", reason="results are compared with NumPy's")

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float32", "float64"]
DTYPES = INTEGERS + FLOATS
SIZES = [0, 1, 2, 3, 17, 100, 1000, 4097, 70_000, 200_003]
PATTERNS = [
    "random",
    "up",
    "down",
    "equal",
    "few",
    "organ",
    "special",
    "denormal",
    "last",
    "crowd",
]


def pattern(name: str, dtype: str, n: int, rng: Any) -> Any:
    """An array in one of the shapes that sorts are known to stumble over."""
    is_float = dtype in FLOATS
    if name == "random":
        return (
            rng.random(n).astype(dtype)
            if is_float
            else rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, n, dtype, endpoint=True)
        )
    if name == "special" and is_float:
        values = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1.0, -1.0]
        return rng.choice(np.array(values, dtype), n)
    if name == "denormal" and is_float:
        return (rng.integers(-50, 50, n) * np.finfo(dtype).smallest_subnormal).astype(dtype)
    up = np.arange(n) % (127 if dtype.endswith("int8") else 30_000)
    if name == "up":
        return np.sort(up).astype(dtype)
    if name == "down":
        return np.sort(up)[::-1].astype(dtype)
    if name == "equal":
        return np.full(n, 7, dtype)
    if name == "organ":
        return np.concatenate([np.sort(up[: n // 2]), np.sort(up[n // 2 :])[::-1]]).astype(dtype)
    if name == "last":
        return np.append(np.sort(up)[1:], up[:1] * 0).astype(dtype)
    if name == "crowd":
        return np.where(rng.random(n) < 0.9, 5, rng.integers(0, 100, n)).astype(dtype)
    return rng.integers(0, 5, n).astype(dtype)


def cases(seed: int) -> Iterator[tuple[str, str, Any]]:
    rng = np.random.default_rng(seed)
    for dtype in DTYPES:
        for name in PATTERNS:
            for n in SIZES[:8] if name not in ("random", "crowd", "special") else SIZES:
                yield dtype, name, pattern(name, dtype, n, rng)


def bits(x: Any) -> bytes:
    return np.asarray(x).tobytes()


# -- sum -------------------------------------------------------------------------------------------


def test_sum_is_numpys(seed: int) -> None:
    for dtype, name, x in cases(seed):
        if dtype in FLOATS and name == "special":
            continue
        got = kernels.sum(x, threads=2)
        if dtype in INTEGERS:
            assert type(got) is int
            assert got == int(np.sum(x))
        else:
            assert type(got) is float
            assert got == pytest.approx(float(np.sum(x.astype("float64"))), rel=1e-6, abs=1e-30)


def test_sum_of_integers_wraps_as_numpys() -> None:
    for dtype in ("int64", "uint64"):
        x = np.full(1000, np.iinfo(dtype).max, dtype)
        assert kernels.sum(x) == int(np.sum(x))


def test_sum_of_floats_has_the_same_bits_for_every_thread_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for n in (1000, 131_072, 1_000_003):
        for dtype in FLOATS:
            x = (rng.standard_normal(n) * 10.0 ** rng.integers(-20, 20, n)).astype(dtype)
            sums = {kernels.sum(x, threads=threads).hex() for threads in (1, 2, 3, 7)}
            assert len(sums) == 1


def test_sum_of_special_floats() -> None:
    for dtype in FLOATS:
        assert str(kernels.sum(np.array([-0.0, -0.0], dtype))) == "-0.0"
        assert np.isnan(kernels.sum(np.array([np.inf, -np.inf], dtype)))
        assert kernels.sum(np.array([np.inf, 1], dtype)) == np.inf
    assert kernels.sum(np.array([3e38, 3e38], "float32")) == np.inf
    assert kernels.sum(np.array([0.1] * 3, "float32")) == float(np.float32(0.3))
    assert kernels.sum(b"\x01\xff") == 256
    assert kernels.sum(array.array("d")) == 0.0
    assert type(kernels.sum(b"")) is int


# -- sort, argsort ---------------------------------------------------------------------------------


def test_sort_is_numpys(seed: int) -> None:
    for index, (dtype, name, x) in enumerate(cases(seed)):
        before = x.copy()
        got = kernels.sort(x, threads=1 + index % 3)
        assert type(got) is np.ndarray
        assert got.dtype == x.dtype
        np.testing.assert_array_equal(got, np.sort(x, kind="stable"), err_msg=f"{dtype} {name}")
        assert bits(x) == bits(before)
        assert kernels.sort(x, out=x, threads=2) is x
        assert bits(x) == bits(got)


def test_sort_keeps_every_bit_pattern_and_puts_negative_zero_first() -> None:
    x = np.array([0.0, -0.0, np.nan, 0.0, -np.inf, -0.0, -np.nan, 5e-324, -5e-324])
    got = kernels.sort(x)
    assert sorted(v.hex() for v in x[~np.isnan(x)].tolist()) == sorted(
        v.hex() for v in got[:7].tolist()
    )
    assert np.signbit(got).tolist()[:6] == [True, True, True, True, False, False]
    assert sorted(x.view("uint64").tolist()) == sorted(got.view("uint64").tolist())


def test_argsort_is_numpys_stable(seed: int) -> None:
    for index, (dtype, name, x) in enumerate(cases(seed)):
        got = kernels.argsort(x, threads=1 + index % 3)
        assert got.dtype == np.dtype("int64")
        np.testing.assert_array_equal(
            got, np.argsort(x, kind="stable"), err_msg=f"{dtype} {name} {len(x)}"
        )


def test_argsort_of_hashes_that_repeat(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 2**64, 5000, "uint64")
    x = words[(5000 * rng.random(400_000) ** 4).astype(int)]
    want = np.argsort(x, kind="stable")
    for threads in (1, 2):
        np.testing.assert_array_equal(kernels.argsort(x, threads=threads), want)
        np.testing.assert_array_equal(kernels.sort(x, threads=threads), x[want])


def test_the_kind_given_is_the_kind_returned() -> None:
    for code in "bBhHiIlLqQfd":
        x = array.array(code, [3, 1, 2])
        assert kernels.sort(x) == array.array(code, [1, 2, 3])
        assert kernels.sort(x).typecode == code
        assert kernels.argsort(x) == array.array("q", [1, 2, 0])
        assert kernels.sort(memoryview(x)) == array.array(code, [1, 2, 3])
    assert kernels.sort(b"cab") == array.array("B", b"abc")
    assert kernels.sort(bytearray(b"cab")) == array.array("B", b"abc")
    assert kernels.argsort(b"") == array.array("q")


def test_out_is_written_and_returned() -> None:
    x = np.array([3, 1, 2], "int32")
    out = array.array("i", [0, 0, 0])
    assert kernels.sort(x, out=out) is out
    assert out.tolist() == [1, 2, 3]
    order = np.zeros(3, "int64")
    assert kernels.argsort(x, out=order) is order
    assert order.tolist() == [1, 2, 0]
    room = bytearray(b"cab")
    assert kernels.sort(room, out=room) is room
    assert room == b"abc"


def test_unaligned_views(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for dtype in DTYPES:
        size = np.dtype(dtype).itemsize
        for n in (5, 1000, 200_000):
            x = pattern("random", dtype, n, rng)
            for offset in (1, 3):
                room = bytearray(n * size + offset)
                view = np.frombuffer(room, dtype, n, offset)
                view[:] = x
                assert kernels.sum(view) == kernels.sum(x)
                assert bits(kernels.sort(view)) == bits(kernels.sort(x))
                assert bits(kernels.argsort(view)) == bits(kernels.argsort(x))
                kernels.sort(view, out=view)
                assert bits(view) == bits(kernels.sort(x))


# -- crc32, mandelbrot, primes ---------------------------------------------------------------------


def test_crc32_is_zlibs(seed: int) -> None:
    rng = random.Random(seed)
    data = rng.randbytes(3_000_000)
    for n in [*range(300), 1 << 20, (1 << 20) + 1, 3_000_000]:
        for value in (0, 12345, 2**40 + 7, -1):
            assert kernels.crc32(data[:n], value, threads=2) == zlib.crc32(data[:n], value)
    assert kernels.crc32(memoryview(data)[1:]) == zlib.crc32(data[1:])
    assert kernels.crc32(np.arange(12.0).reshape(3, 4)) == zlib.crc32(np.arange(12.0))


def test_mandelbrot_counts(seed: int) -> None:
    def plain(x: float, y: float, most: int) -> int:
        z, c = 0j, complex(x, y)
        for n in range(most):
            if z.real * z.real + z.imag * z.imag > 4.0:
                return n
            z = complex(
                (z.real * z.real - z.imag * z.imag) + c.real, (z.real + z.real) * z.imag + c.imag
            )
        return most

    got = kernels.mandelbrot(31, 17, max_iter=50)
    assert isinstance(got, array.array)
    assert got.typecode == "I"
    dx, dy = 2.5 / 31, 2.5 / 17
    assert got.tolist() == [
        plain(-2.0 + c * dx, -1.25 + r * dy, 50) for r in range(17) for c in range(31)
    ]
    image = np.empty((17, 31), "uint32")
    assert kernels.mandelbrot(31, 17, max_iter=50, out=image, threads=3) is image
    assert image.ravel().tolist() == got.tolist()
    assert kernels.mandelbrot(31, 17, max_iter=50, out=np.empty(31 * 17, "uint32")).shape == (527,)
    assert len(kernels.mandelbrot(0, 5)) == len(kernels.mandelbrot(5, 0)) == 0


def test_primes() -> None:
    sieve = np.ones(100_000, bool)
    sieve[:2] = False
    for p in range(2, 317):
        if sieve[p]:
            sieve[p * p :: p] = False
    want = np.flatnonzero(sieve)
    for stop in [-5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 29, 30, 31, 32, 961, 962, 99_991, 99_992, 100_000]:
        got = kernels.primes(stop, threads=2)
        assert got.typecode == "Q"
        assert got.tolist() == want[want < stop].tolist()
        assert kernels.primes(stop, count=True) == len(got)
        for start in (-1, 0, 2, 3, 90, stop - 1, stop, stop + 5):
            some = kernels.primes(start, stop).tolist()
            assert some == want[(want >= start) & (want < stop)].tolist()
    assert kernels.primes(10**7, count=True) == 664_579
    assert kernels.primes(stop=10) == kernels.primes(0, 10) == kernels.primes(10)
    pieces = [0, 10**6, 10**6, 4_567_890, 10**7]
    found = [kernels.primes(a, b, count=True) for a, b in itertools.pairwise(pieces)]
    assert sum(found) == 664_579


# -- what all have in common -----------------------------------------------------------------------

CALLS: list[Callable[[Any], Any]] = [
    lambda threads: kernels.sum(b"abc", threads=threads),
    lambda threads: kernels.sort(b"abc", threads=threads),
    lambda threads: kernels.argsort(b"abc", threads=threads),
    lambda threads: kernels.minmax(b"abc", threads=threads),
    lambda threads: kernels.var(b"abc", threads=threads),
    lambda threads: kernels.dot(b"abc", b"abc", threads=threads),
    lambda threads: kernels.cumsum(b"abc", threads=threads),
    lambda threads: kernels.bincount(b"abc", threads=threads),
    lambda threads: kernels.histogram(b"abc", threads=threads),
    lambda threads: kernels.searchsorted(b"abc", b"abc", threads=threads),
    lambda threads: kernels.isin(b"abc", b"abc", threads=threads),
    lambda threads: kernels.crc32(b"abc", threads=threads),
    lambda threads: kernels.count_words(b"abc", threads=threads),
    lambda threads: kernels.mandelbrot(2, 2, threads=threads),
    lambda threads: kernels.primes(9, threads=threads),
]


@pytest.mark.parametrize("call", CALLS)
def test_bad_threads_are_refused(call: Callable[[Any], Any]) -> None:
    for bad in (True, 1.0, "2"):
        with pytest.raises(TypeError, match="threads must be"):
            call(bad)
    for wrong in (0, -1, 10**6):
        with pytest.raises(ValueError, match="threads must be"):
            call(wrong)
    assert call(None) == call(1) == call(np.int64(2))


def test_wrong_buffers_are_refused_with_what_came_and_what_to_do() -> None:
    for call in (kernels.sum, kernels.sort, kernels.argsort):
        with pytest.raises(TypeError, match=r"not list; make a buffer of it: array\.array"):
            call([1, 2])  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"not str; encode it first"):
            call("abc")  # type: ignore[arg-type]
        for x, what in [
            (np.zeros(3, bool), r"format '\?'.*uint8"),
            (np.zeros(3, complex), "format 'Zd'"),
            (np.zeros(3, "float16"), "format 'e'"),
            (np.zeros(3, "S4"), "format '4s'"),
        ]:
            with pytest.raises(TypeError, match=what):
                call(x)
        swapped = np.zeros(3, np.dtype("int32").newbyteorder())
        with pytest.raises(TypeError, match="not this machine's byte order"):
            call(swapped)
        with pytest.raises(ValueError, match=r"one dimension, not 2 \(shape \(2, 3\)\)"):
            call(np.zeros((2, 3)))
        with pytest.raises(ValueError, match="one dimension, not 0"):
            call(np.array(1.0))
        with pytest.raises(ValueError, match=r"contiguous; it has strides of \(16,\) bytes"):
            call(np.zeros(8)[::2])
        with pytest.raises(ValueError, match=r"strides of \(-8,\)"):
            call(np.zeros(8)[::-1])
    with pytest.raises(TypeError, match="not str; encode it first"):
        kernels.crc32("abc")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="value must be an int, not float"):
        kernels.crc32(b"abc", 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="contiguous"):
        kernels.crc32(np.zeros(8)[::2])


def test_wrong_outs_are_refused() -> None:
    x = np.zeros(6)
    fixed = np.zeros(6)
    fixed.flags.writeable = False
    for bad, error, what in [
        (np.zeros(5), ValueError, "6 items, not 5"),
        (np.zeros(6, "float32"), TypeError, "hold float64, not float32"),
        (fixed, ValueError, "read-only"),
        (bytes(48), ValueError, "read-only|int8"),
        (np.zeros((2, 3)), ValueError, "one dimension"),
        (np.zeros(12)[::2], ValueError, "contiguous"),
        ([0] * 6, TypeError, "out must be a buffer"),
    ]:
        with pytest.raises(error, match=what):
            kernels.sort(x, out=bad)  # type: ignore[type-var]
    room = np.zeros(8)
    with pytest.raises(ValueError, match="overlaps x in part"):
        kernels.sort(room[:6], out=room[2:])
    with pytest.raises(TypeError, match="hold int64, not float64"):
        kernels.argsort(x, out=np.zeros(6))
    with pytest.raises(ValueError, match="overlaps x"):
        kernels.argsort(x, out=x.view("int64"))
    with pytest.raises(ValueError, match=r"shape \(2, 3\) or \(6,\), not \(3, 2\)"):
        kernels.mandelbrot(3, 2, out=np.zeros((3, 2), "uint32"))
    with pytest.raises(TypeError, match="hold uint32, not int32"):
        kernels.mandelbrot(3, 2, out=np.zeros((2, 3), "int32"))
    with pytest.raises(ValueError, match="read-only"):
        kernels.mandelbrot(1, 1, out=memoryview(array.array("I", [0])).toreadonly())


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(TypeError, match="width must be an int, not float"):
        kernels.mandelbrot(2.0, 2)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="height must be from 0"):
        kernels.mandelbrot(2, -2)
    with pytest.raises(ValueError, match="max_iter must be from 0 to 4294967295"):
        kernels.mandelbrot(2, 2, max_iter=2**32)
    with pytest.raises(ValueError, match="xmin must be finite"):
        kernels.mandelbrot(2, 2, xmin=float("nan"))
    with pytest.raises(MemoryError):
        kernels.mandelbrot(2**40, 2**40)
    with pytest.raises(TypeError, match="stop must be an int"):
        kernels.primes(10.0)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"at most 2\*\*53"):
        kernels.primes(2**53 + 1)
    with pytest.raises(TypeError, match="start must be an int, not str"):
        kernels.primes("1", 2)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"primes\(\) needs a stop"):
        kernels.primes()


def test_lengths_of_l_follow_the_item_size() -> None:
    """'<l' has 4 bytes, a native 'l' 8 on most machines."""
    small = np.frombuffer(b"\x02\0\0\0\xff\xff\xff\xff", "<i4")
    assert kernels.sum(small) == 1
    assert kernels.sum(np.array([-5], np.int_)) == -5
    assert kernels.sum(memoryview(np.array([1, 2], np.longlong))) == 3


def test_the_export_is_held_while_a_kernel_runs() -> None:
    x = bytearray(os.urandom(8_000_000))
    errors: list[BaseException | None] = []
    running = threading.Event()
    done = threading.Event()

    def work() -> None:
        running.set()
        while not done.is_set():
            kernels.sort(x)

    thread = threading.Thread(target=work)
    thread.start()
    running.wait()
    for _ in range(100_000):
        try:
            x.append(1)
        except BufferError as error:
            errors.append(error)
            break
    done.set()
    thread.join()
    assert errors, "the buffer could be resized each time"


def test_a_mapped_file_is_a_buffer(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(np.arange(10_000, dtype="int64")[::-1].tobytes())
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert kernels.crc32(mapped) == zlib.crc32(mapped)
        numbers = memoryview(mapped).cast("q")
        assert kernels.sum(numbers) == 49_995_000
        assert kernels.sort(numbers)[:3].tolist() == [0, 1, 2]
        numbers.release()


def test_examples_and_signatures() -> None:
    finder = doctest.DocTestFinder()
    runner = doctest.DocTestRunner()
    for name in kernels.__all__:
        thing = getattr(kernels, name)
        assert thing.__doc__, name
        assert inspect.signature(thing)
        text = thing.__doc__
        test = doctest.DocTestParser().get_doctest(text, vars(kernels).copy(), name, None, None)
        runner.run(test)
    assert runner.failures == 0
    assert runner.tries > 5
    assert list(inspect.signature(kernels.sort).parameters) == ["x", "out", "threads"]
    assert finder.find(native)


def run_python(code: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_numpy_is_not_imported_and_not_needed() -> None:
    code = """
import sys
sys.modules["numpy"] = None
import array
from allcores import kernels
x = array.array("d", [2.0, 1.0])
print(kernels.sum(x), kernels.sort(x).tolist(), kernels.argsort(x).tolist())
"""
    assert run_python(code) == "3.0 [1.0, 2.0] [1, 0]\n"
    assert run_python("import sys, allcores.kernels; print('numpy' in sys.modules)") == "False\n"


def test_every_instruction_set_gives_the_same_bits(seed: int) -> None:
    code = f"""
import random, array, zlib
from allcores import kernels as k
r = random.Random({seed})
h = 0
for n in (0, 1, 100, 5000, 300001):
    x = array.array("d", [r.gauss(0, 10.0 ** r.randint(-9, 9)) for _ in range(n)])
    y = array.array("Q", [r.getrandbits(64) % (1 + n // 9) for _ in range(n)])
    text = bytes(r.choices(b"ab c\\n\\x00\\xff", k=n))
    words = sorted(k.count_words(text).items())
    for part in (k.sort(x), k.argsort(x), k.sort(y), k.argsort(y), repr(words).encode(),
                 k.isin(y, y[:99]), k.isin(x, x[::2]),
                 k.sum(x).hex().encode(), str(k.sum(y)).encode(), str(k.crc32(text)).encode()):
        h = zlib.crc32(part, h)
    h = zlib.crc32(k.bincount(y), h)
    for z in (x, array.array("f", x), y) if n else ():
        floats = [k.dot(z, z[::-1]), k.mean(z), k.var(z), *k.minmax(z)]
        h = zlib.crc32(repr([float(f).hex() for f in floats]).encode(), h)
        numbers, counts = k.value_counts(z)
        for part in (k.cumsum(z), k.unique(z), numbers, counts, k.histogram(z, 7, (-9.0, 9.0))[0],
                     k.searchsorted(numbers, z)):
            h = zlib.crc32(part, h)
h = zlib.crc32(k.mandelbrot(123, 45, max_iter=100), h)
print(h)
"""
    results = {run_python(code, ALLCORES_SIMD="portable")}
    best = native_simd()
    for name in {"avx2": ["avx2"], "avx512": ["avx2", "avx512"], "neon": ["neon"]}.get(best, []):
        results.add(run_python(code, ALLCORES_SIMD=name))
    results.add(run_python(code, ALLCORES_THREADS="1"))
    assert len(results) == 1


def native_simd() -> str:
    from allcores._native.runtime import simd_path

    return simd_path()


def test_ctrl_c_stops_a_kernel_within_a_tenth_of_a_second() -> None:
    """The signal is sent from a thread of the process itself once the kernel has begun."""
    code = """
import os, signal, threading, time, array
from allcores import kernels
x = array.array("Q", os.urandom(8)) * 8_000_000
x[::3] = array.array("Q", os.urandom(8 * len(x[::3])))
sent = [0.0]
def send():
    while kernels.sum(b"x") != 120: pass
    sent[0] = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
worst = 0.0
for call in (lambda: kernels.primes(10**11, count=True),
             lambda: [kernels.isin(x, x) for _ in range(99)],
             lambda: [kernels.sort(x) for _ in range(99)],
             lambda: [kernels.argsort(x) for _ in range(99)],
             lambda: kernels.mandelbrot(5000, 5000, xmin=-0.76, xmax=-0.74, ymin=0.05, ymax=0.15,
                                        max_iter=10**5)):
    for threads in (1, 2):
        late = []
        while len(late) < 5 and min(late, default=1) >= 0.1:  # a busy machine may make one late
            timer = threading.Timer(0.1, send)
            timer.start()
            try:
                call()
            except KeyboardInterrupt:
                late.append(time.monotonic() - sent[0])
            else:
                raise SystemExit("it was not interrupted")
            timer.join()
        worst = max(worst, min(late))
print(worst)
"""
    assert float(run_python(code)) < 1.0  # 0.1 on an idle machine; a loaded one is given ten times
