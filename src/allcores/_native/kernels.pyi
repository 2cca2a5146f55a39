from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Literal, SupportsFloat, SupportsIndex, TypeVar, overload, type_check_only

from _typeshed import ReadableBuffer, WriteableBuffer

_Out = TypeVar("_Out", bound=WriteableBuffer)

def sum(x: ReadableBuffer, *, threads: int | None = None) -> Any: ...
def min(x: ReadableBuffer, *, threads: int | None = None) -> Any: ...
def max(x: ReadableBuffer, *, threads: int | None = None) -> Any: ...
def minmax(x: ReadableBuffer, *, threads: int | None = None) -> tuple[Any, Any]: ...
def mean(x: ReadableBuffer, *, threads: int | None = None) -> float: ...
def var(x: ReadableBuffer, *, ddof: SupportsFloat = 0, threads: int | None = None) -> float: ...
def dot(x: ReadableBuffer, y: ReadableBuffer, *, threads: int | None = None) -> Any: ...
@overload
def cumsum(x: ReadableBuffer, *, out: _Out, threads: int | None = None) -> _Out: ...
@overload
def cumsum(x: ReadableBuffer, *, out: None = None, threads: int | None = None) -> Any: ...
def bincount(
    x: ReadableBuffer, *, minlength: SupportsIndex = 0, threads: int | None = None
) -> Any: ...
def histogram(
    x: ReadableBuffer,
    bins: SupportsIndex | ReadableBuffer = 10,
    range: tuple[SupportsFloat, SupportsFloat] | None = None,
    *,
    density: bool = False,
    threads: int | None = None,
) -> tuple[Any, Any]: ...
@overload
def searchsorted(
    x: ReadableBuffer,
    v: ReadableBuffer,
    side: Literal["left", "right"] = "left",
    *,
    out: _Out,
    threads: int | None = None,
) -> _Out: ...
@overload
def searchsorted(
    x: ReadableBuffer,
    v: ReadableBuffer | float,
    side: Literal["left", "right"] = "left",
    *,
    out: None = None,
    threads: int | None = None,
) -> Any: ...
@overload
def isin(
    element: ReadableBuffer,
    test_elements: ReadableBuffer | float,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Literal["sort", "table"] | None = None,
    out: _Out,
    threads: int | None = None,
) -> _Out: ...
@overload
def isin(
    element: ReadableBuffer,
    test_elements: ReadableBuffer | float,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Literal["sort", "table"] | None = None,
    out: None = None,
    threads: int | None = None,
) -> Any: ...
@overload
def sort(x: ReadableBuffer, *, out: _Out, threads: int | None = None) -> _Out: ...
@overload
def sort(x: ReadableBuffer, *, out: None = None, threads: int | None = None) -> Any: ...
@overload
def argsort(x: ReadableBuffer, *, out: _Out, threads: int | None = None) -> _Out: ...
@overload
def argsort(x: ReadableBuffer, *, out: None = None, threads: int | None = None) -> Any: ...
@overload
def unique(
    x: ReadableBuffer,
    *,
    return_counts: Literal[False] = False,
    equal_nan: bool = True,
    threads: int | None = None,
) -> Any: ...
@overload
def unique(
    x: ReadableBuffer,
    *,
    return_counts: Literal[True],
    equal_nan: bool = True,
    threads: int | None = None,
) -> tuple[Any, Any]: ...
@overload
def unique(
    x: ReadableBuffer, *, return_counts: bool, equal_nan: bool = True, threads: int | None = None
) -> Any: ...
def value_counts(
    x: ReadableBuffer, *, equal_nan: bool = True, threads: int | None = None
) -> tuple[Any, Any]: ...
def crc32(data: ReadableBuffer, value: SupportsIndex = 0, *, threads: int | None = None) -> int: ...
def grep_count(
    data: ReadableBuffer, pattern: ReadableBuffer, *, threads: int | None = None
) -> int: ...
@overload
def mandelbrot(
    width: SupportsIndex,
    height: SupportsIndex,
    *,
    xmin: SupportsFloat = -2.0,
    xmax: SupportsFloat = 0.5,
    ymin: SupportsFloat = -1.25,
    ymax: SupportsFloat = 1.25,
    max_iter: SupportsIndex = 1000,
    out: _Out,
    threads: int | None = None,
) -> _Out: ...
@overload
def mandelbrot(
    width: SupportsIndex,
    height: SupportsIndex,
    *,
    xmin: SupportsFloat = -2.0,
    xmax: SupportsFloat = 0.5,
    ymin: SupportsFloat = -1.25,
    ymax: SupportsFloat = 1.25,
    max_iter: SupportsIndex = 1000,
    out: None = None,
    threads: int | None = None,
) -> array[int]: ...
@overload
def primes(
    start: SupportsIndex | None = None,
    stop: SupportsIndex | None = None,
    *,
    count: Literal[False] = False,
    threads: int | None = None,
) -> array[int]: ...
@overload
def primes(
    start: SupportsIndex | None = None,
    stop: SupportsIndex | None = None,
    *,
    count: Literal[True],
    threads: int | None = None,
) -> int: ...
@overload
def primes(
    start: SupportsIndex | None = None,
    stop: SupportsIndex | None = None,
    *,
    count: bool,
    threads: int | None = None,
) -> array[int] | int: ...

class WordTable:
    @property
    def total(self) -> int: ...
    def __len__(self) -> int: ...
    def get(self, word: object) -> int: ...
    def of_length(self, length: int) -> int: ...
    def pairs(self) -> WordPairs: ...
    def most_common(self, most: int) -> list[tuple[bytes, int]]: ...

@type_check_only
class WordPairs(Iterator[tuple[bytes, int]]):
    def __next__(self) -> tuple[bytes, int]: ...

def count_words_in(
    texts: tuple[ReadableBuffer, ...], shortest: int, longest: int, threads: int | None
) -> WordTable: ...
def table_of_pairs(pairs: Iterable[tuple[bytes, int]], total: int | None = None) -> WordTable: ...
