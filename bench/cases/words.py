"""Counting the words of the interpreter's own standard library."""

from collections import Counter
from functools import partial
from typing import Any
from zlib import crc32

from bench.harness.bars import Bar
from bench.harness.ceiling import Ceiling
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, Work
from bench.inputs import library_text
from bench.ours import ours

QUESTION = "how fast are the words of a text counted, on one thread and on all?"
OURS, COUNTER = "allcores count_words", "Counter(data.split())"
ONE, CEILING = f"{OURS}, 1 thread", "ceiling: independent processes"
BARS = [
    Bar("count_words, one thread", "one thread", ONE, COUNTER, at_least=4.0),
    Bar("count_words, share of the ceiling", "all threads", OURS, CEILING, at_least=0.90),
    Bar("count_words, small text, all threads", "small", OURS, COUNTER, 15.0, issue=6),
]


def checksum(counts: Any) -> str:
    """Return how many different words there are, and a sum over all words and their counts."""
    total = sum((crc32(word) | 1) * count for word, count in counts.items())
    return f"{len(counts)} different words, {total & (1 << 64) - 1:016x}"


def counted(at_most: int | None, threads: int) -> Work:
    """Return the work of counting the words of the library; also for other processes."""
    count_words = ours("kernels", "count_words")
    return Work.calling(count_words, library_text(at_most), threads=threads, check=checksum)


def with_counter(at_most: int | None) -> Work:
    """Return the same work as it is written without allcores."""
    data = library_text(at_most)
    return Work.calling(lambda: Counter(data.split()), check=checksum)


def as_dict(at_most: int | None) -> Work:
    """Return our work and its result made a dict: every word a bytes object of Python's."""
    count_words, data = ours("kernels", "count_words"), library_text(at_most)
    return Work.calling(lambda: dict(count_words(data, threads=1)), check=checksum)


def comparisons(settings: Settings) -> Builders:
    """Return one thread against `Counter`, all threads against the ceiling."""
    at_most = settings.pick(100_000, 4_000_000, None)

    def detail(limit: int | None) -> str:
        size = len(library_text(limit))
        return f"{size:,} bytes of the standard library's sources; words as bytes.split() has them"

    def one() -> Comparison:
        contenders = [
            Call(ONE, counted(at_most, 1)),
            Call(f"dict({ONE})", as_dict(at_most)),
            Call(COUNTER, with_counter(at_most)),
        ]
        return Comparison("text", contenders, detail(at_most))

    def every() -> Comparison:
        ours_ = Call(OURS, counted(at_most, settings.workers))
        alone = Call(ONE, counted(at_most, 1))
        args = {"at_most": at_most, "threads": 1}
        ceiling = Ceiling(CEILING, counted, args, settings.workers)
        said = f"{detail(at_most)}; {settings.workers} threads or processes"
        return Comparison("text", [ours_, ceiling, alone], said)

    def small(limit: int) -> Comparison:
        contenders = [
            Call(OURS, counted(limit, settings.workers)),
            Call(COUNTER, with_counter(limit)),
        ]
        return Comparison("text", contenders, f"{detail(limit)}; {settings.workers} threads")

    return {
        "one thread": one,
        "all threads": every,
        "small": partial(small, settings.pick(100_000, 6_000_000, 6_000_000)),
    }
