"""cpu: a mandelbrot image, and counting primes. Almost no memory, nothing but arithmetic.

The plain Python is the kernels' algorithm: the same order of operations, so that every count is the
same, the two areas that need no steps left out, the sieve in segments of bytes. (The kernel also
notices when a point runs in a cycle, and sieves with the multiples of 2, 3 and 5 left out.)
"""

import math
import zlib
from array import array
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from allcores import kernels
from allcores.cli.jobs.job import Job, Size
from allcores.cli.jobs.pools import map_in_processes, standard_pool
from allcores.cli.jobs.sample import Input, fitting_size
from allcores.cli.jobs.stopwatch import Stopwatch

__all__ = ["JOB"]

#: The image covers 2.5 x 2.5 around the set; its sides are 2.5 times a power of two, so that a band
#: of its rows has exactly the coordinates that the rows have in the whole.
_SCALE = 256
_QUICK_SCALE = 32
_FULL_SCALE = 512
_FULL_STEPS = 1000
_FULL_STOP = 400_000_000

#: The primes' part of the serial time. One kernel counts all of them, so over processes they are one
#: task; with this part it is about a third of what all kernels take together.
_PRIMES_PART = 1 / 8

_BAND = 8  # rows that a worker takes at once: small enough to balance, arbitrary
_SEGMENT = 1 << 20  # bytes of the sieve at once: they fit in a processor's cache

Counts: TypeAlias = "array[int]"
Result: TypeAlias = "tuple[Counts, int]"

#: ("rows", first, last + 1) or ("primes", from, to): what a worker process is given.
Task: TypeAlias = tuple[str, int, int]

_scale = _SCALE
_steps = 0
_stop = 0


def _side() -> int:
    return _scale * 5 // 2


def _rows(first: int, last: int) -> Counts:
    """Return the counts of the rows of a band, in plain Python."""
    side = _side()
    counts = array("I", bytes(4 * side * (last - first)))
    at = 0
    for row in range(first, last):
        cy = -1.25 + row * (2.5 / side)
        for column in range(side):
            cx = -2.0 + column * (2.5 / side)
            counts[at] = _escape(cx, cy, _steps)
            at += 1
    return counts


def _escape(cx: float, cy: float, most: int) -> int:
    s, t, y2 = cx - 0.25, cx + 1.0, cy * cy
    q = s * s + y2
    if q * (q + s) <= 0.25 * y2 or t * t + y2 <= 0.0625:
        return most  # in the cardioid, or in the circle left of it
    zx = zy = 0.0
    for step in range(most):
        x2 = zx * zx
        y2 = zy * zy
        if not x2 + y2 <= 4.0:
            return step
        zy = (zx + zx) * zy + cy
        zx = (x2 - y2) + cx
    return most


def _primes_between(first: int, last: int) -> int:
    """Return how many primes p there are with first <= p < last, in plain Python."""
    base = _small_primes(math.isqrt(max(last - 1, 0)) + 1)
    count = 0
    for start in range(first, last, _SEGMENT):
        end = min(start + _SEGMENT, last)
        sieve = bytearray(b"\1") * (end - start)
        for number in range(start, min(end, 2)):
            sieve[number - start] = 0
        for prime in base:
            if prime * prime >= end:
                break
            begin = max(prime * prime, -(-start // prime) * prime) - start
            sieve[begin::prime] = bytes(len(range(begin, end - start, prime)))
        count += sieve.count(1)
    return count


def _small_primes(stop: int) -> list[int]:
    sieve = bytearray(b"\1") * stop
    sieve[:2] = bytes(min(2, stop))
    for number in range(2, math.isqrt(max(stop - 1, 0)) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, stop, number)))
    return [number for number, is_prime in enumerate(sieve) if is_prime]


def _python_task(task: Task) -> "Counts | int":
    kind, first, last = task
    return _rows(first, last) if kind == "rows" else _primes_between(first, last)


def _kernel_image(first: int, last: int, threads: int) -> Counts:
    side = _side()
    step = 2.5 / side
    return kernels.mandelbrot(
        side,
        last - first,
        xmin=-2.0,
        xmax=0.5,
        ymin=-1.25 + first * step,
        ymax=-1.25 + last * step,
        max_iter=_steps,
        threads=threads,
    )


def _kernel_task(task: Task) -> "Counts | int":
    kind, first, last = task
    if kind == "rows":
        return _kernel_image(first, last, 1)
    return kernels.primes(last, count=True, threads=1)


def _band_tasks(height: int) -> list[Task]:
    side = _side()
    return [("rows", first, min(first + height, side)) for first in range(0, side, height)]


def _prime_tasks() -> list[Task]:
    # Large enough that finding the primes that one sieves with does not count.
    step = max(4 * _SEGMENT, -(-_stop // 64))
    return [("primes", first, min(first + step, _stop)) for first in range(0, _stop, step)]


def _assemble(results: "Iterable[Counts | int]") -> Result:
    counts = array("I")
    primes = 0
    for part in results:
        if isinstance(part, int):
            primes += part
        else:
            counts += part
    return counts, primes


class Cpu(Job):
    """The sample is two sizes; a result is the counts of all pixels, and the number of primes."""

    name = "cpu"
    title = "a mandelbrot image, and counting primes"
    kernel = True
    ceiling_copies = True
    notes = (
        "ceiling: each process does all of the work, as one kernel counts all primes below a number",
    )

    def __init__(self, given: Input, size: Size) -> None:
        global _scale, _steps, _stop
        if size.full:
            _scale, _steps, _stop = _FULL_SCALE, _FULL_STEPS, _FULL_STOP
        else:
            primes = size.seconds * _PRIMES_PART
            _scale = _QUICK_SCALE if size.quick else _SCALE
            # Not fewer at first: with few steps, what else a pixel costs would be most of it.
            _steps = fitting_size(_image_with, 256, 1 << 20, size.seconds - primes)
            _stop = fitting_size(lambda stop: _primes_between(0, stop), 1 << 16, 1 << 34, primes)
        side = _side()
        self.items = side * side + _stop
        self.sample = (
            f"{side} x {side} pixels of at most {_steps:,} steps, and the primes below {_stop:,}"
        )

    def serial(self, clock: Stopwatch) -> Any:
        with clock:
            return _rows(0, _side()), _primes_between(0, _stop)

    def standard_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock, ThreadPoolExecutor(workers) as pool:
            return _assemble(pool.map(_python_task, _prime_tasks() + _band_tasks(_BAND)))

    def allcores_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock:
            return (
                _kernel_image(0, _side(), workers),
                kernels.primes(_stop, count=True, threads=workers),
            )

    def standard_processes(self, workers: int, clock: Stopwatch) -> Any:
        with standard_pool(workers) as pool, clock:
            return _assemble(pool.map(_python_task, _prime_tasks() + _band_tasks(_BAND)))

    def allcores_processes(self, workers: int, clock: Stopwatch) -> Any:
        # One process sieves, since one kernel counts all primes; the others begin with the image.
        tasks: list[Task] = [("primes", 0, _stop), *_band_tasks(_BAND)]
        with map_in_processes(_kernel_task, tasks, workers, clock) as results:
            result = _assemble(results)
            clock.stop()
            return result

    def share(self, index: int, workers: int) -> Callable[[], int]:
        def work() -> int:
            pixels = len(_kernel_image(0, _side(), 1))
            kernels.primes(_stop, count=True, threads=1)
            return pixels + _stop

        return work

    def answer(self, result: Any) -> dict[str, int]:
        counts, primes = result
        return {"steps": sum(counts), "primes": primes, "checksum": zlib.crc32(counts)}

    def describe(self, answer: dict[str, int]) -> str:
        return f"{answer['steps']:,} steps, {answer['primes']:,} primes"


def _image_with(steps: int) -> None:
    global _steps
    _steps = steps
    _rows(0, _side())


JOB = Cpu
