"""parse: `ast.parse` every Python file and count the kinds of nodes. Pure Python in every mode."""

import ast
import heapq
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from allcores.cli.jobs.job import Job, Size, Skip
from allcores.cli.jobs.pools import map_in_processes, map_in_threads, standard_pool
from allcores.cli.jobs.sample import Input, Source, fitting_size, megabytes, take, total_size
from allcores.cli.jobs.stopwatch import Stopwatch

__all__ = ["JOB"]

#: Stands for a file that is no Python, among the names of nodes.
_REJECTED = "(no Python)"

#: Those with most nodes first, so that no worker begins a long one when the others are done. Of the
#: module, so that a forked worker finds them and a task is one number.
_files: list[bytes] = []


def count_nodes(data: bytes) -> Counter[str]:
    """Return how often each kind of node occurs in a file's tree."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Counter([_REJECTED])  # the parser says MemoryError when brackets nest too deep
    return Counter([type(node).__name__ for node in ast.walk(tree)])


def _count_file(number: int) -> Counter[str]:
    return count_nodes(_files[number])


def _merge(results: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counts in results:
        total.update(counts)
    return total


class Parse(Job):
    """The sample is a list of files in memory; a result is one `Counter` for all."""

    name = "parse"
    title = "ast.parse every Python file, count the kinds of nodes"

    def __init__(self, given: Input, size: Size) -> None:
        global _files
        # What the parser has to say about other people's escape sequences is not our subject.
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        sources = [source for source in given.sources if source.name.endswith((".py", ".pyw"))]
        if not sources and len(given.sources) == 1:
            sources = list(given.sources)  # the user named it
        everything = total_size(sources)
        wanted = everything
        if sources and not size.full:
            wanted = fitting_size(
                lambda n: _merge(map(count_nodes, _data_of(sources, n))),
                1 << 15,
                everything,
                size.seconds,
            )
        chosen = [(count_nodes(data), data) for data in _data_of(sources, wanted)]
        chosen.sort(key=lambda pair: pair[0].total(), reverse=True)
        _files = [data for _, data in chosen]
        self._nodes = [counts.total() for counts, _ in chosen]
        counts = _merge(counts for counts, _ in chosen)
        if counts.total() == counts[_REJECTED]:
            raise Skip("no file that ast.parse takes")
        self.items = counts.total()
        share = "all" if len(_files) == len(sources) and given.complete else "a part"
        self.sample = (
            f"{len(_files):,} Python files, {megabytes(sum(map(len, _files)))} ({share} of them)"
        )

    def serial(self, clock: Stopwatch) -> Any:
        with clock:
            return _merge(map(count_nodes, _files))

    def standard_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock, ThreadPoolExecutor(workers) as pool:
            return _merge(pool.map(count_nodes, _files))

    def allcores_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock:
            return _merge(map_in_threads(count_nodes, _files, workers))

    def standard_processes(self, workers: int, clock: Stopwatch) -> Any:
        with standard_pool(workers) as pool, clock:
            return _merge(pool.map(_count_file, range(len(_files))))

    def allcores_processes(self, workers: int, clock: Stopwatch) -> Any:
        with map_in_processes(_count_file, range(len(_files)), workers, clock) as results:
            total = _merge(results)
            clock.stop()
            return total

    def share(self, index: int, workers: int) -> Callable[[], int]:
        hand = _deal(self._nodes, workers)[index]
        mine = [bytes(memoryview(_files[number])) for number in hand]

        def work() -> int:
            return _merge(map(count_nodes, mine)).total()

        return work

    def answer(self, result: Any) -> dict[str, int]:
        text = repr(sorted(result.items())).encode()
        return {
            "nodes": result.total() - result[_REJECTED],
            "kinds": len(result) - (_REJECTED in result),
            "rejected_files": result[_REJECTED],
            "checksum": zlib.crc32(text),
        }

    def describe(self, answer: dict[str, int]) -> str:
        text = f"{answer['nodes']:,} nodes of {answer['kinds']} kinds"
        if answer["rejected_files"]:
            text += f"; {answer['rejected_files']:,} files are not Python of this version"
        return text


def _data_of(sources: list[Source], size: int) -> list[bytes]:
    return [source.data for source in take(sources, size, whole=True)]


def _deal(sizes: list[int], workers: int) -> list[list[int]]:
    """Deal out what has these sizes, largest first, each to whoever has least; give the numbers."""
    heap = [(0, hand) for hand in range(workers)]
    hands: list[list[int]] = [[] for _ in range(workers)]
    for number, size in enumerate(sizes):
        total, hand = heap[0]
        hands[hand].append(number)
        heapq.heapreplace(heap, (total + size, hand))
    return hands


JOB = Parse
