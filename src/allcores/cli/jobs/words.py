"""words: count every word, and how many have seven letters. The course's program; ours is a kernel."""

import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from allcores import kernels
from allcores.cli.jobs.job import Job, Size
from allcores.cli.jobs.pools import map_in_processes, standard_pool
from allcores.cli.jobs.sample import Input, fitting_size, megabytes, parts, take, total_size
from allcores.cli.jobs.stopwatch import Stopwatch

__all__ = ["JOB"]

_LETTERS = 7

#: The text. Of the module, so that a forked worker finds it and tasks are two numbers each.
_data = b""


def _count(start: int, stop: int) -> Counter[bytes]:
    return Counter(_data[start:stop].split())


def _count_by_kernel(span: tuple[int, int]) -> dict[bytes, int]:
    with memoryview(_data)[span[0] : span[1]] as text:
        # A dict travels faster than the kernel's own mapping, which makes its words one by one.
        return dict(kernels.count_words(text, threads=1).items())


def _with_length(counts: Mapping[bytes, int]) -> int:
    return sum(count for word, count in counts.items() if len(word) == _LETTERS)


class Words(Job):
    """The sample is one text in memory; a result is the counts and the number of seven letters."""

    name = "words"
    title = "count every word, and how many have seven letters"
    kernel = True

    def __init__(self, given: Input, size: Size) -> None:
        global _data
        everything = total_size(given.sources)
        wanted = everything
        if not size.full:
            wanted = fitting_size(
                lambda n: Counter(_join(given, n).split()), 1 << 18, everything, size.seconds
            )
        _data = _join(given, wanted)
        share = "all" if wanted >= everything and given.complete else "a part"
        self.sample = f"{megabytes(len(_data))} of text ({share} of the input)"
        self.items = sum(Counter(_data.split()).values())

    def serial(self, clock: Stopwatch) -> Any:
        with clock:
            counts = Counter(_data.split())
            return counts, _with_length(counts)

    def standard_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock, ThreadPoolExecutor(workers) as pool:
            counts: Counter[bytes] = Counter()
            for part in pool.map(_count, *zip(*parts(_data, workers), strict=True)):
                counts.update(part)
            return counts, _with_length(counts)

    def allcores_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock:
            counts = kernels.count_words(_data, threads=workers)
            return counts, counts.count_of_length(_LETTERS)

    def standard_processes(self, workers: int, clock: Stopwatch) -> Any:
        with standard_pool(workers) as pool, clock:
            counts: Counter[bytes] = Counter()
            for part in pool.map(_count, *zip(*parts(_data, workers), strict=True)):
                counts.update(part)
            return counts, _with_length(counts)

    def allcores_processes(self, workers: int, clock: Stopwatch) -> Any:
        with map_in_processes(
            _count_by_kernel, parts(_data, workers), workers, clock
        ) as results:
            counts: Counter[bytes] = Counter()
            for part in results:
                counts.update(part)
            seven = _with_length(counts)
            clock.stop()
            return counts, seven

    def share(self, index: int, workers: int) -> Callable[[], int]:
        start, stop = parts(_data, workers)[index]
        text = bytes(memoryview(_data)[start:stop])

        def work() -> int:
            counts = kernels.count_words(text, threads=1)
            counts.count_of_length(_LETTERS)
            return counts.total

        return work

    def answer(self, result: Any) -> dict[str, int]:
        counts, seven = result
        checksum = sum(zlib.crc32(word) * count for word, count in counts.items())
        return {
            "words": sum(counts.values()),
            "different": len(counts),
            "seven_letters": seven,
            "checksum": checksum & 0xFFFFFFFF,
        }

    def describe(self, answer: dict[str, int]) -> str:
        return (
            f"{answer['words']:,} words, {answer['different']:,} different, "
            f"{answer['seven_letters']:,} of seven letters"
        )


def _join(given: Input, size: int) -> bytes:
    return b"\n".join(source.data for source in take(given.sources, size))


JOB = Words
