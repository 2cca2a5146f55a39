"""The same loops as somebody writes them with Numba's prange, where Numba is installed."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from bench.harness.contender import Contender

ABSENT = "Numba is not installed"


@cache
def numba_sum() -> Callable[[Any], float]:
    """Return the sum of float64 over all threads; ImportError without Numba."""
    numba = import_module("numba")

    @numba.njit(parallel=True, fastmath=True)
    def total(x):  # type: ignore[no-untyped-def]
        result = 0.0
        for i in numba.prange(x.size):
            result += x[i]
        return result

    return total  # type: ignore[no-any-return]


@cache
def numba_mandelbrot() -> Callable[[int, int], Any]:
    """Return the picture of kernels.mandelbrot(side, side, max_iter=...) over all threads."""
    numba, numpy = import_module("numba"), import_module("numpy")

    @numba.njit(parallel=True)
    def picture(side, most):  # type: ignore[no-untyped-def]
        counts = numpy.empty((side, side), numpy.uint32)
        for row in numba.prange(side):
            ci = -1.25 + row * (2.5 / side)
            for column in range(side):
                cr = -2.0 + column * (2.5 / side)
                zr = zi = 0.0
                steps = 0
                while steps < most and zr * zr + zi * zi <= 4.0:
                    zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
                    steps += 1
                counts[row, column] = steps
        return counts

    return picture  # type: ignore[no-any-return]


def where_installed(
    name: str, make: Callable[[], Contender]
) -> tuple[list[Contender], dict[str, str]]:
    """Return a contender and nothing absent, or none and why."""
    try:
        return [make()], {}
    except ImportError:
        return [], {name: ABSENT}
