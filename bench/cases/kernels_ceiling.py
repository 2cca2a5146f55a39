"""Every kernel on all threads, against independent processes that run it on one."""

from functools import partial

from bench.harness.bars import Bar
from bench.harness.ceiling import Ceiling
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call
from bench.rivals.kernels import KERNELS, our_work

QUESTION = "how much of the machine does each kernel reach?"
CEILING = "ceiling: independent processes"
#: What does not split into parts that know nothing of each other.
COMBINED = ("sort", "sort, int64", "argsort", "unique", "value_counts", "cumsum")
#: mandelbrot and primes are in pure_cpu, the whole text in words.
SIZES = {"searchsorted": 1_000_000, "isin": 1_000_000, "crc32": 80_000_000, "grep_count": 20_000_000}
BARS = [
    Bar(
        f"{name}, share of the ceiling", name, f"allcores {name}", CEILING,
        0.75 if name in COMBINED else 0.90, issue=6,
    )
    for name in KERNELS
]


def comparisons(settings: Settings) -> Builders:
    """Return for each kernel all threads, the ceiling, and one thread; a few of them if it is tiny."""

    def build(name: str) -> Comparison:
        full = SIZES.get(name, 10_000_000)
        count = settings.pick(2_000, full // 10, full)
        args = {"name": name, "count": count}
        contenders = [
            Call(f"allcores {name}", our_work(name, count, settings.workers)),
            Ceiling(CEILING, our_work, {**args, "threads": 1}, settings.workers),
            Call(f"allcores {name}, 1 thread", our_work(name, count, 1)),
        ]
        said = f"{count:,} numbers or bytes; {settings.workers} threads or processes"
        return Comparison("call", contenders, said)

    names = settings.pick(["sum", "count_words"], list(KERNELS), list(KERNELS))
    return {name: partial(build, name) for name in names}
