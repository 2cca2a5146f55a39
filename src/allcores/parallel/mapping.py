"""map: a function over an iterable, on all cores, in bounded memory."""

import builtins
import operator
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import Any, Generic, Literal, Protocol, TypeVar

from allcores._common.cpus import cpu_count
from allcores._common.progress import Progress, open_progress
from allcores.parallel.choice import Backend, choose_backend
from allcores.parallel.chunks import Chunk

__all__ = ["MapIterator", "map"]

R = TypeVar("R")

#: Chunks in the hands of each worker, if the caller does not say how many items may be under way:
#: one that it runs and one that waits, so that it never idles for the consumer.
_CHUNKS_A_WORKER = 2

#: Chunks read ahead of the one whose turn it is, for each worker. Room for those that are done early:
#: with none, one long item would stop everybody, because its results must come first. Measured on
#: files that take from 0.1 to 100 ms; more did not help.
_AHEAD_A_WORKER = 32

#: No chunk is larger, however short its items: memory stays bounded.
_MAX_CHUNK = 4096


class _Crew(Protocol):
    """What mapping needs of a kind of workers; `ThreadCrew` and `ProcessCrew` are the two."""

    workers: int
    chunk_seconds: float

    def submit(self, chunk: Chunk) -> None: ...
    def refuse(self, chunk: Chunk) -> None: ...
    def next_done(self) -> Chunk: ...
    def close(self, finished: bool) -> None: ...


def map(
    fn: Callable[..., R],
    *iterables: Iterable[Any],
    workers: int | None = None,
    backend: Backend | None = None,
    chunksize: int | None = None,
    ordered: bool = True,
    buffersize: int | None = None,
    progress: bool | Callable[[int, int | None], object] = False,
    context: BaseContext | None = None,
) -> "MapIterator[R]":
    """Call a function for every item, on several workers, and yield the results as they are asked for.

    Parameters
    ----------
    fn : callable
        Called with one item of each iterable. For processes it must be importable, unless they are
        forked, or ``cloudpickle`` is installed.
    *iterables : iterable
        As for the builtin `map`: the shortest ends it. Read by the thread that asks for results, no
        further ahead than `buffersize` allows.
    workers : int, optional
        Threads or processes; by default `allcores.cpu_count()`.
    backend : {"threads", "processes"}, optional
        By default whichever is faster here: see `choose_backend` and `allcores.explain`.
    chunksize : int, optional
        Items handed over at once. By default it adapts to the time that items take.
    ordered : bool, default True
        Yield in the order of the input; False: as they are finished.
    buffersize : int, optional
        Most items read from the input and not yet yielded. By default two chunks a worker that are
        under way, and as many that are done before their turn as make 32 chunks a worker.
    progress : bool or callable, default False
        True: a bar on the terminal (standard error). A callable is called with the number of items
        yielded so far and the number of all, or None where that is not known.
    context : multiprocessing context, optional
        How processes are started; by default as `allcores.multiprocessing` does.

    Returns
    -------
    MapIterator
        An iterator; also a context manager, whose end gives up what is not done yet. Workers run
        from the first item asked for until the last, or until it is closed or dropped.

    Raises
    ------
    Exception
        Whatever `fn` raises for an item, when that item's turn comes; what is left is given up.
    WorkerDied
        A worker process ended (killed, out of memory, a crash) with that item in its hands.
    TypeError, ValueError
        A wrong argument, at once.

    Notes
    -----
    One thread at a time may iterate. Ctrl-C ends the iteration at once; a thread that is inside `fn`
    finishes that call; a process is told to end, and killed if it has not half a second later.

    Examples
    --------
    >>> from allcores import parallel
    >>> list(parallel.map(pow, [2, 3], [10, 4], backend="threads"))
    [1024, 81]
    """
    if not callable(fn):
        raise TypeError(f"fn must be callable, not {type(fn).__name__}")
    if not iterables:
        raise TypeError("map() needs at least one iterable")
    count = _positive("workers", workers)
    size = _positive("chunksize", chunksize)
    buffer = _positive("buffersize", buffersize)
    if backend not in (None, "threads", "processes"):
        raise ValueError(f"backend must be 'threads', 'processes' or None, not {backend!r}")
    if context is not None and backend == "threads":
        raise ValueError("context is about processes; the backend is 'threads'")
    if backend is None:
        backend = "processes" if context is not None else choose_backend(fn).backend
    total = _total(iterables)
    star = len(iterables) > 1
    source = zip(*iterables, strict=False) if star else iter(iterables[0])
    if count is None:
        count = cpu_count()
    crew = _open_crew(backend, fn, star, count, _chunks(total, size, buffer), context)
    return MapIterator(crew, source, total, size, ordered, buffer, open_progress(progress, total))


def _chunks(total: int | None, chunksize: int | None, buffersize: int | None) -> int | None:
    """Return how many chunks will be under way at once, as far as that is known before the start."""
    if total is None:
        return None
    chunks = -(-total // (chunksize or 1))
    return chunks if buffersize is None else min(chunks, buffersize)


def _open_crew(
    backend: Backend,
    fn: Callable[..., Any],
    star: bool,
    workers: int,
    expected: int | None,
    context: BaseContext | None,
) -> _Crew:
    # Each is imported when it is used: multiprocessing takes tens of milliseconds.
    if backend == "threads":
        from allcores.parallel.threads import ThreadCrew

        return ThreadCrew(fn, star, workers, expected)
    from allcores.parallel.processes import ProcessCrew

    return ProcessCrew(fn, star, workers, context)


def _positive(name: str, value: int | None) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be None or an int, not {type(value).__name__}")
    number = operator.index(value)
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")
    return number


def _total(iterables: tuple[Iterable[Any], ...]) -> int | None:
    try:
        return min(len(iterable) for iterable in iterables)  # type: ignore[arg-type]
    except TypeError:
        return None


def _not_stop_iteration(error: BaseException | None) -> BaseException | None:
    """As a generator does (PEP 479): a StopIteration of `fn` must not end the map in silence."""
    if not isinstance(error, StopIteration):
        return error
    raised = RuntimeError("the function that is mapped raised StopIteration")
    raised.__cause__ = error
    return raised


class MapIterator(Generic[R]):
    """What `map` returns: an iterator over the results. Used by one thread at a time."""

    def __init__(
        self,
        crew: _Crew,
        source: Iterator[Any],
        total: int | None,
        chunksize: int | None,
        ordered: bool,
        buffersize: int | None,
        progress: Progress,
    ) -> None:
        self._crew = crew
        self._source = source
        self._total = total
        self._chunksize = chunksize
        self._ordered = ordered
        self._buffersize = buffersize
        self._progress = progress
        self._ready: deque[R] = deque()  # results of the chunk that is being yielded
        self._pending_error: BaseException | None = None  # raised when `_ready` is empty
        self._early: dict[int, Chunk] = {}  # done, but not their turn yet
        self._next_index = 0  # of the chunk whose turn it is
        self._submitted = 0  # chunks
        self._taken = 0  # items read from the input
        self._yielded = 0  # items
        self._under_way = 0  # items read and not yet yielded
        self._out = 0  # chunks submitted and not yet done
        self._item_seconds = 0.0  # running mean; 0 until the first chunk is done
        self._exhausted = False
        self._source_error: Exception | None = None  # raised by the input, after all before it
        self._closed = False
        self._iterating = threading.Lock()

    def __iter__(self) -> "MapIterator[R]":
        return self

    def __next__(self) -> R:
        if not self._iterating.acquire(blocking=False):
            raise ValueError("another thread is iterating over this map: one at a time may")
        try:
            return self._next()
        finally:
            self._iterating.release()

    def _next(self) -> R:
        if not self._ready:
            if self._closed:
                raise StopIteration
            try:
                self._fetch()
            except BaseException:
                self.close()
                raise
        result = self._ready.popleft()
        self._under_way -= 1
        self._yielded += 1
        self._progress.update(self._yielded)
        return result

    def __enter__(self) -> "MapIterator[R]":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        self.close()
        return False

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self.close()

    def close(self) -> None:
        """Give up what is not done; end the workers. More calls do nothing."""
        if self._closed:
            return
        self._closed = True
        self._ready.clear()
        self._early.clear()
        self._progress.close()
        self._crew.close(finished=self._exhausted and self._out == 0)

    def _fetch(self) -> None:
        """Fill `_ready` with the chunk whose turn it is, or raise what ends the iteration."""
        while True:
            if self._pending_error is not None:
                error, self._pending_error = self._pending_error, None
                raise error
            self._feed()
            chunk = self._early.pop(self._next_index, None) if self._ordered else None
            if chunk is None:
                if self._out == 0 and not self._early:
                    self.close()
                    if self._source_error is not None:
                        raise self._source_error
                    raise StopIteration
                chunk = self._crew.next_done()
                self._out -= 1
                self._learn(chunk)
                if self._ordered and chunk.index != self._next_index:
                    self._early[chunk.index] = chunk
                    continue
            self._next_index += 1
            self._under_way -= len(chunk.args) - len(chunk.results)
            self._ready.extend(chunk.results)
            self._pending_error = _not_stop_iteration(chunk.error)
            if self._ready:
                # Before the results are yielded: the workers go on while the caller uses them.
                if self._pending_error is None:
                    self._feed()
                return

    def _feed(self) -> None:
        """Read ahead and submit, as far as the bounds allow."""
        while not self._exhausted:
            if self._buffersize is None:
                if self._out >= _CHUNKS_A_WORKER * self._crew.workers:
                    return
                if self._submitted - self._next_index >= _AHEAD_A_WORKER * self._crew.workers:
                    return
                room = _MAX_CHUNK
            else:
                room = self._buffersize - self._under_way
                if room <= 0:
                    return
            size = min(self._next_size(), room)
            args: list[Any] = []
            try:
                for arg in self._source:
                    args.append(arg)
                    if len(args) == size:
                        break
                else:
                    self._exhausted = True
            except Exception as error:
                # Its turn comes after the items that were read before it.
                self._exhausted = True
                self._source_error = error
            if not args:
                return
            self._taken += len(args)
            self._under_way += len(args)
            self._submit(args)

    def _submit(self, args: list[Any]) -> None:
        chunk = Chunk(self._submitted, args)
        try:
            self._crew.submit(chunk)
        except Exception as error:
            # An item that cannot be sent fails at its own turn, and not those beside it.
            if len(args) > 1:
                for arg in args:
                    self._submit([arg])
                return
            chunk.error = error
            self._crew.refuse(chunk)
        self._submitted += 1
        self._out += 1

    def _next_size(self) -> int:
        if self._chunksize is not None:
            return self._chunksize
        if self._item_seconds <= 0:
            return 1
        size = int(self._crew.chunk_seconds / self._item_seconds)
        if self._total is not None:
            # The end is shared out in small pieces, so that no worker waits long for the last.
            left = max(0, self._total - self._taken)
            size = min(size, left // (2 * _CHUNKS_A_WORKER * self._crew.workers))
        return builtins.max(1, min(size, _MAX_CHUNK))

    def _learn(self, chunk: Chunk) -> None:
        if chunk.results:
            seen = chunk.seconds / len(chunk.results)
            # 1 ns: "very short", as opposed to "not known"
            seen = max(seen, 1e-9)
            old = self._item_seconds
            self._item_seconds = seen if old == 0 else 0.7 * old + 0.3 * seen
