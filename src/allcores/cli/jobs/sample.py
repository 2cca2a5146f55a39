"""The input as the jobs see it, and how a sample of it is chosen."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Input", "Source", "fitting_size", "megabytes", "parts", "take", "total_size"]

# What bytes.split() takes for whitespace.
_SPACE = re.compile(rb"[ \t\n\r\x0b\f]")


@dataclass(frozen=True)
class Source:
    """One file, read."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Input:
    """All that was found and read."""

    title: str
    sources: tuple[Source, ...]  # in an order that has nothing to do with their names
    complete: bool  # False: only the beginning was read, more would not be needed
    notes: tuple[str, ...] = ()


def total_size(sources: Sequence[Source]) -> int:
    """Return how many bytes the sources hold."""
    return sum(len(source.data) for source in sources)


def take(sources: Sequence[Source], size: int, whole: bool = False) -> list[Source]:
    """Return the first sources, `size` bytes of them or a little more.

    Parameters
    ----------
    sources : sequence of Source
    size : int
        At least so many bytes, if there are.
    whole : bool, default False
        Never cut a source. Otherwise the last is cut at the first whitespace after `size`.
    """
    taken: list[Source] = []
    for source in sources:
        if size <= 0:
            break
        if not whole and len(source.data) > size:
            source = Source(source.name, source.data[: _next_space(source.data, size)])
        taken.append(source)
        size -= len(source.data)
    return taken


def parts(data: bytes, count: int) -> list[tuple[int, int]]:
    """Cut text into `count` ranges of about equal size, at whitespace, so that no word is cut."""
    cuts = [0]
    for number in range(1, count):
        cuts.append(max(cuts[-1], _next_space(data, len(data) * number // count)))
    cuts.append(len(data))
    return list(pairwise(cuts))


def _next_space(data: bytes, at: int) -> int:
    found = _SPACE.search(data, at)
    return found.start() if found else len(data)


def fitting_size(run: Callable[[int], object], first: int, most: int, seconds: float) -> int:
    """Return about how large a sample must be for its serial run to take `seconds`.

    Parameters
    ----------
    run : callable
        Does the serial work on a sample of the size it is given.
    first : int
        The size to try first.
    most : int
        All there is.
    seconds : float

    Notes
    -----
    Sizes grow until one takes an eighth of the goal, long enough to be told from noise; the rest is
    the rule of three. A line through two measurements would be better for work that is not in
    proportion to its size, but on a busy machine it has led to twenty times the goal.
    """
    size = min(first, most)
    while True:
        begin = time.perf_counter()
        run(size)
        taken = time.perf_counter() - begin
        if taken >= seconds / 8:
            return max(1, min(most, int(size * seconds / taken)))
        if size >= most:
            return most
        size = min(most, size * 3)


def megabytes(size: int) -> str:
    """Return a size as ``31.5 MB``, or in smaller units what is smaller."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e3:.1f} KB" if size < 1e6 else f"{size / 1e6:.1f} MB"
