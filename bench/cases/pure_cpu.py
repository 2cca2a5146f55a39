"""Kernels that only compute: mandelbrot and primes, against the ceiling."""

from typing import Any
from zlib import crc32

from bench.harness.bars import Bar
from bench.harness.ceiling import Ceiling
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Work
from bench.ours import ours
from bench.rivals.numba_loops import numba_mandelbrot, where_installed

QUESTION = "how much of the machine do kernels reach that only compute?"
CEILING, NUMBA = "ceiling: independent processes", "Numba prange"
BARS = [
    Bar("mandelbrot, share of the ceiling", "mandelbrot", "allcores mandelbrot", CEILING, 0.90),
    Bar("mandelbrot, Numba", "mandelbrot", "allcores mandelbrot", NUMBA, 2.0, issue=6),
    Bar("primes, share of the ceiling", "primes", "allcores primes", CEILING, 0.90),
]


def checksum(result: Any) -> str:
    """Return a checksum of an array."""
    view = memoryview(result).cast("B")
    return f"{len(view)} bytes, {crc32(view):08x}"


def mandelbrot(side: int, max_iter: int, threads: int) -> Work:
    """Return the work of one picture; also for other processes."""
    kernel = ours("kernels", "mandelbrot")
    return Work.calling(kernel, side, side, max_iter=max_iter, threads=threads, check=checksum)


def primes(stop: int, threads: int) -> Work:
    """Return the work of counting the primes below a number; also for other processes."""
    return Work.calling(ours("kernels", "primes"), stop, count=True, threads=threads, check=str)


def comparisons(settings: Settings) -> Builders:
    """Return each kernel on all threads, the ceiling, and on one."""

    def build(
        name: str, target: Any, args: dict[str, int], detail: str, rival: Any = None
    ) -> Comparison:
        found, absent = where_installed(NUMBA, rival) if rival is not None else ([], {})
        mine = Call(f"allcores {name}", target(**args, threads=settings.workers))
        alone = Call(f"allcores {name}, 1 thread", target(**args, threads=1))
        ceiling = Ceiling(CEILING, target, {**args, "threads": 1}, settings.workers)
        said = f"{detail}; {settings.workers} threads or processes"
        return Comparison("call", [mine, ceiling, alone, *found], said, absent)

    def picture() -> Comparison:
        side = settings.pick(60, 500, 1000)
        args = {"side": side, "max_iter": 200}
        said = f"{side} x {side} points, 200 steps"

        def numba() -> Call:
            return Call(NUMBA, Work.calling(numba_mandelbrot(), side, 200, check=checksum))

        return build("mandelbrot", mandelbrot, args, said, numba)

    def sieve() -> Comparison:
        stop = settings.pick(50_000, 100_000_000, 500_000_000)
        return build("primes", primes, {"stop": stop}, f"primes below {stop:,}, counted")

    return {"mandelbrot": picture, "primes": sieve}
