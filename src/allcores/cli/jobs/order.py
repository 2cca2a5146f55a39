"""order: sort and stable argsort of the 64-bit hashes of all words, ten million keys at least.

In plain Python: ``sorted(keys)`` and ``sorted(range(n), key=keys.__getitem__)``; ours is two kernels,
in processes one in each, with the results in shared memory.
"""

import functools
import mmap
import zlib
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from itertools import pairwise
from typing import Any, TypeAlias

from allcores import kernels
from allcores.cli.jobs.job import Job, Size, Skip
from allcores.cli.jobs.pools import map_in_processes, standard_pool
from allcores.cli.jobs.sample import Input
from allcores.cli.jobs.stopwatch import Stopwatch

__all__ = ["JOB"]

_LEAST_KEYS = 10_000_000
_QUICK_KEYS = 100_000

Keys: TypeAlias = "array[int]"

#: What a worker process is given: the names of kernels, and the number of threads for each.
Task: TypeAlias = tuple[tuple[str, ...], int]

#: Signed 64-bit numbers. Of the module, so that a forked worker finds them.
_keys: Keys = array("q")


def _sorted_part(start: int, stop: int) -> Keys:
    return array("q", sorted(_keys[start:stop]))


def _ordered_part(start: int, stop: int) -> Keys:
    return array("q", sorted(range(start, stop), key=_keys.__getitem__))


def _spans(workers: int) -> list[tuple[int, int]]:
    cuts = [len(_keys) * number // workers for number in range(workers + 1)]
    return list(pairwise(cuts))


def _merge_standard(keys: list[Keys], orders: list[Keys]) -> tuple[Any, Any]:
    """Merge sorted runs. ``sorted`` finds the runs and merges them in C, heapq would in Python."""
    if len(keys) == 1:
        return keys[0], orders[0]
    every_key = [key for run in keys for key in run]
    every_key.sort()
    every_index = [index for run in orders for index in run]
    every_index.sort(key=_keys.__getitem__)
    return every_key, every_index


def _run_kernels(places: dict[str, memoryview], task: Task) -> None:
    """In a worker: run what it was given, into the memory that the parent has, too."""
    names, threads = task
    for name in names:
        kernel: Callable[..., Any] = getattr(kernels, name)
        kernel(_keys, out=places[name], threads=threads)


def _tasks(workers: int) -> list[Task]:
    """Deal out the two kernels, which need nothing of each other: to a process each, if there are two.

    Further workers are threads of these two. Parts that processes sort must be merged, and the merge of
    indices costs more than a kernel saves by having half of the keys.
    """
    if workers == 1:
        return [(("sort", "argsort"), 1)]
    # argsort takes half as long again: it has the odd one.
    return [(("argsort",), workers - workers // 2), (("sort",), workers // 2)]


class Order(Job):
    """The sample is an array; a result is the sorted keys and the indices that sort them."""

    name = "order"
    title = "sort and stable argsort of the 64-bit hashes of all words"
    kernel = True
    costly = True

    def __init__(self, given: Input, size: Size) -> None:
        global _keys
        hashes = _hashes(given)
        if not hashes:
            raise Skip("no word")
        least = _QUICK_KEYS if size.quick else _LEAST_KEYS
        wanted = max(least, len(hashes)) if size.full else least
        _keys = array("q", hashes)
        while len(_keys) < wanted:
            _keys += hashes[: wanted - len(_keys)]
        del _keys[wanted:]
        self.items = len(_keys)
        different = len(set(hashes[:wanted]))
        which = "all words" if wanted >= len(hashes) else "the first words"
        times = f", {wanted / len(hashes):.1f} times over" if wanted > len(hashes) else ""
        self.sample = f"{wanted:,} keys ({different:,} different): the hashes of {which}{times}"

    def serial(self, clock: Stopwatch) -> Any:
        with clock:
            return sorted(_keys), sorted(range(len(_keys)), key=_keys.__getitem__)

    def standard_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock, ThreadPoolExecutor(workers) as pool:
            starts, stops = zip(*_spans(workers), strict=True)
            keys = pool.map(_sorted_part, starts, stops)
            orders = pool.map(_ordered_part, starts, stops)
            return _merge_standard(list(keys), list(orders))

    def allcores_threads(self, workers: int, clock: Stopwatch) -> Any:
        with clock:
            return kernels.sort(_keys, threads=workers), kernels.argsort(_keys, threads=workers)

    def standard_processes(self, workers: int, clock: Stopwatch) -> Any:
        with standard_pool(workers) as pool, clock:
            starts, stops = zip(*_spans(workers), strict=True)
            keys = pool.map(_sorted_part, starts, stops)
            orders = pool.map(_ordered_part, starts, stops)
            return _merge_standard(list(keys), list(orders))

    def allcores_processes(self, workers: int, clock: Stopwatch) -> Any:
        # Shared with the workers, which are forked. Memory that nobody has written to yet: getting it
        # is part of what is timed, as it is in the other modes.
        places = {
            name: memoryview(mmap.mmap(-1, 8 * len(_keys))).cast("q") for name in ("sort", "argsort")
        }
        tasks = _tasks(workers)
        work = functools.partial(_run_kernels, places)
        with map_in_processes(work, tasks, len(tasks), clock) as results:
            for _ in results:
                pass
            clock.stop()
        return places["sort"], places["argsort"]

    def share(self, index: int, workers: int) -> Callable[[], int]:
        start, stop = _spans(workers)[index]
        mine = _keys[start:stop]

        def work() -> int:
            kernels.argsort(mine, threads=1)
            return len(kernels.sort(mine, threads=1))

        return work

    def answer(self, result: Any) -> dict[str, int]:
        keys, order = (
            array("q", part) if isinstance(part, list) else part for part in result
        )
        return {
            "keys": len(keys),
            "checksum_sorted": zlib.crc32(keys),
            "checksum_order": zlib.crc32(order),
        }

    def describe(self, answer: dict[str, int]) -> str:
        return (
            f"checksums {answer['checksum_sorted']:08x} (sorted) "
            f"and {answer['checksum_order']:08x} (order)"
        )


def _hashes(given: Input) -> Keys:
    """Return a hash for every word, the same on every machine and in every run."""
    known: dict[bytes, int] = {}
    hashes = array("q")
    for source in given.sources:
        words = source.data.split()
        for word in set(words).difference(known):
            digest = blake2b(word, digest_size=8).digest()
            known[word] = int.from_bytes(digest, "little", signed=True)
        hashes.extend(map(known.__getitem__, words))
    return hashes


JOB = Order
