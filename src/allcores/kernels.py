"""CPU-bound work on buffers, on all cores, with the interpreter released.

Kernels take any C-contiguous buffer (``bytes array.array memoryview mmap numpy.ndarray``), hold its
export while they run, and return the kind they were given. NumPy need not be installed. Results
are the same bits for every number of threads and every processor.
"""

import builtins
import contextlib
import mmap
import os
import stat
from collections.abc import ItemsView, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from allcores._native.kernels import (
    WordTable,
    argsort,
    bincount,
    count_words_in,
    crc32,
    cumsum,
    dot,
    grep_count,
    histogram,
    isin,
    mandelbrot,
    max,
    mean,
    min,
    minmax,
    primes,
    searchsorted,
    sort,
    sum,
    table_of_pairs,
    unique,
    value_counts,
    var,
)

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    Text: TypeAlias = ReadableBuffer | str | os.PathLike[str] | os.PathLike[bytes]

__all__ = [
    "WordCounts",
    "argsort",
    "bincount",
    "count_words",
    "crc32",
    "cumsum",
    "dot",
    "grep_count",
    "histogram",
    "isin",
    "mandelbrot",
    "max",
    "mean",
    "min",
    "minmax",
    "primes",
    "searchsorted",
    "sort",
    "sum",
    "unique",
    "value_counts",
    "var",
]

_LONGEST = (1 << 63) - 1


class WordCounts(Mapping[bytes, int]):
    """How often each word occurs: a mapping that reads like a `collections.Counter`.

    It is a view of a table outside the interpreter: no bytes object is made before it is asked for.
    A word that was not counted has the count 0, and is not ``in`` the mapping. Equal to every
    mapping with the same items. Two of them add up to a new one. It never changes, so any thread
    may read it at any time; it can be pickled.

    The order of iteration is that of the table, the same as long as it lives; with ``top=`` it
    is most frequent first. Make one with `count_words`.
    """

    __slots__ = ("_ranked", "_table")

    def __init__(self, counts: Mapping[bytes, int] | Iterable[tuple[bytes, int]] = ()) -> None:
        pairs = counts.items() if isinstance(counts, Mapping) else counts
        self._table: WordTable = table_of_pairs(pairs)
        self._ranked = False

    @classmethod
    def _of(cls, table: WordTable, ranked: bool = False) -> "WordCounts":
        made = cls.__new__(cls)
        made._table = table
        made._ranked = ranked
        return made

    @property
    def total(self) -> int:
        """How many words were counted, those that ``top=`` left out included."""
        return self._table.total

    def count_of_length(self, length: int) -> int:
        """Return how many of the words counted have a length.

        Parameters
        ----------
        length : int
            In bytes.

        Returns
        -------
        int
            The sum of the counts of the words in the mapping that have it.
        """
        return self._table.of_length(length)

    def most_common(self, n: int | None = None) -> list[tuple[bytes, int]]:
        """Return the words with the highest counts.

        Parameters
        ----------
        n : int, optional
            At most this many; None for all.

        Returns
        -------
        list of (bytes, int)
            Most frequent first; words of the same count in the order of their bytes.
        """
        return self._table.most_common(len(self._table) if n is None else builtins.max(n, 0))

    def __getitem__(self, word: bytes) -> int:
        return self._table.get(word)

    def get(self, word: bytes, default: Any = None) -> Any:
        """Return the count of a word, or default if it was not counted."""
        return self._table.get(word) or default

    def __contains__(self, word: object) -> bool:
        return self._table.get(word) > 0

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[bytes]:
        return (word for word, _ in self._pairs())

    def items(self) -> ItemsView[bytes, int]:
        """Return a view of the (word, count) pairs."""
        return _Items(self)

    def _pairs(self) -> Iterator[tuple[bytes, int]]:
        return iter(self.most_common()) if self._ranked else iter(self._table.pairs())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        if len(self) != len(other):
            return False
        if isinstance(other, WordCounts):
            table = other._table
            return all(table.get(word) == count for word, count in self._table.pairs())
        return all(other.get(word, 0) == count for word, count in self._table.pairs())

    __hash__ = None  # type: ignore[assignment]  # as every mapping that compares by its items

    def __add__(self, other: object) -> "WordCounts":
        if not isinstance(other, WordCounts):
            return NotImplemented
        both = (pair for counts in (self, other) for pair in counts._table.pairs())
        return self._of(table_of_pairs(both, self.total + other.total))

    def __radd__(self, other: object) -> "WordCounts":
        return self if other == 0 else NotImplemented  # so that the builtin sum() adds them up

    def __repr__(self) -> str:
        shown = ", ".join(f"{word!r}: {count}" for word, count in self.most_common(3))
        more = ", ..." if len(self) > 3 else ""
        return f"<WordCounts: {self.total} words, {len(self)} different: {{{shown}{more}}}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unpickle, (list(self._table.pairs()), self.total, self._ranked))


class _Items(ItemsView[bytes, int]):
    __slots__ = ()
    _mapping: WordCounts

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        return self._mapping._pairs()


def _unpickle(pairs: list[tuple[bytes, int]], total: int, ranked: bool) -> WordCounts:
    return WordCounts._of(table_of_pairs(pairs, total), ranked)


def count_words(
    data: "Text | list[Text] | tuple[Text, ...]",
    *,
    length: int | range | tuple[int, int | None] | None = None,
    top: int | None = None,
    threads: int | None = None,
) -> WordCounts:
    r"""Count every word of a text, a file, or many of them.

    A word is what ``bytes.split()`` gives: a run of bytes without ``b" \t\n\r\x0b\x0c"``. Words do
    not span texts.

    Parameters
    ----------
    data : buffer, path, or list or tuple of them
        The bytes of a C-contiguous buffer; or, for a str or os.PathLike, the file there, which is
        mapped into memory (do not truncate it meanwhile) or read where that cannot be.
    length : int, range or (int, int), optional
        Count only words of so many bytes: one length, a range of step 1, or the least and the most,
        both included (None for no most).
    top : int, optional
        Keep only this many words: the most frequent, of equal ones the first by their bytes.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    WordCounts
        A mapping from words to counts, with ``total``, ``most_common`` and ``count_of_length``.

    Raises
    ------
    TypeError, ValueError
        An argument is no such thing.
    OSError
        A file cannot be read.
    MemoryError
        No room: some 80 bytes for each different word, 35 MB a thread beside, long words' bytes.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released and the buffers' exports are held. Each
    thread counts into a table of its own; the tables are merged in parallel.

    Examples
    --------
    >>> counts = count_words(b"to be or not to be")
    >>> counts[b"be"], counts.total, counts.most_common(1)
    (2, 6, [(b'be', 2)])
    """
    shortest, longest = (1, _LONGEST) if length is None else _length_limits(length)
    if top is not None:
        top = _whole(top, "top")
    # os.PathLike asks slowly, and bytes are most of what comes
    if isinstance(data, bytes) or not isinstance(data, (list, tuple, str, os.PathLike)):
        table = count_words_in((data,), shortest, longest, threads)
    else:
        items = data if isinstance(data, (list, tuple)) else (data,)
        with contextlib.ExitStack() as opened:
            texts = tuple(_open(item, opened) for item in items)
            table = count_words_in(texts, shortest, longest, threads)
    if top is None:
        return WordCounts._of(table)
    return WordCounts._of(table_of_pairs(table.most_common(top), table.total), ranked=True)


def _whole(value: object, name: str) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    number = int(value.__index__())
    if number < 0:
        raise ValueError(f"{name} must be 0 or more, not {number}")
    return number


def _length_limits(length: object) -> tuple[int, int]:
    """Return the least and the most bytes of a word; (1, 0) stands for none at all."""
    if length is None:
        return 1, _LONGEST
    if isinstance(length, range):
        if length.step != 1:
            raise ValueError(f"length must be a range of step 1, not {length!r}")
        least, most = length.start, length.stop - 1
    elif isinstance(length, tuple):
        if len(length) != 2:
            raise ValueError(f"length must be (least, most), not a tuple of {len(length)}")
        least = _whole(length[0], "length[0]")
        most = _LONGEST if length[1] is None else _whole(length[1], "length[1]")
    else:
        least = most = _whole(length, "length")
    least, most = builtins.max(least, 1), builtins.min(most, _LONGEST)
    return (least, most) if least <= most else (1, 0)


def _open(item: Any, opened: contextlib.ExitStack) -> "ReadableBuffer":
    """Return the buffer that an item is or names; what was opened is closed with the stack."""
    if not isinstance(item, (str, os.PathLike)):
        buffer: ReadableBuffer = item
        return buffer
    with open(item, "rb") as file:
        info = os.fstat(file.fileno())
        if stat.S_ISREG(info.st_mode) and info.st_size > 0:
            try:
                return opened.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            except OSError:
                pass  # a file system that cannot map: read it
        return file.read()
