"""Every kernel on 100 and on 10,000 numbers, against NumPy: what small calls cost."""

from functools import partial

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call
from bench.rivals.kernels import KERNELS, our_work, their_work

QUESTION = "is any kernel slower than NumPy's on few numbers?"
COUNTS = (100, 10_000)
#: Those whose rival is the interpreter itself, which is called in half the time: shown, no bar.
NOT_NUMPYS = ("count_words", "grep_count")


def row(name: str, count: int) -> str:
    """Return the name of a comparison."""
    return f"{name}, {count:,}"


BARS = [
    Bar(row(name, count), row(name, count), f"allcores {name}", kernel.rival, 1.0, issue=6)
    for name, kernel in KERNELS.items()
    for count in COUNTS
    if name not in NOT_NUMPYS
]


def comparisons(settings: Settings) -> Builders:
    """Return one comparison for each kernel and count, ours as it is called without `threads`."""

    def build(name: str, count: int) -> Comparison:
        contenders = [
            Call(f"allcores {name}", our_work(name, count, None)),
            Call(KERNELS[name].rival, their_work(name, count)),
        ]
        return Comparison("call", contenders, f"{count:,} numbers or bytes, in the caches")

    counts = settings.pick(COUNTS[:1], COUNTS, COUNTS)
    return {row(name, count): partial(build, name, count) for name in KERNELS for count in counts}
