"""for_range: a C function over a range of integers, on the process's pool, with no interpreter."""

import math
import operator
from typing import Any

from allcores._native.sched import run_range
from allcores.errors import RangeFailed
from allcores.parallel.pointers import context_pointer, function_address

__all__ = ["for_range"]

_SCHEDULES = ("guided", "dynamic", "static")
_LARGEST = (1 << 63) - 1


def for_range(
    fn: Any,
    n: int,
    ctx: Any = None,
    *,
    threads: int | None = None,
    schedule: str = "guided",
    grain: int | None = None,
    deadline: float | None = None,
) -> None:
    """Call a C function on parts of ``range(n)``, on all cores, with the GIL released.

    Parameters
    ----------
    fn : function pointer
        ``int fn(void *ctx, int64_t lo, int64_t hi, int32_t worker)``: does the indices lo to
        hi - 1 and returns 0. A ctypes function of a library, a Numba ``cfunc``, a cffi function
        pointer, or a PyCapsule whose name is the signature, as in the ``__pyx_capi__`` of a Cython
        module. Never a plain int. A callback into Python is refused: it would run on one core at a
        time.
    n : int
        How many indices; 0 calls nothing.
    ctx : optional
        What fn gets as its first argument: None (a null pointer), a contiguous buffer (its export
        is held while the loop runs), ctypes data (pointers by their value, anything else by its
        address), cffi pointers, or a PyCapsule. Never a plain int.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.
        ``worker`` is less than it, and no two calls that run at one time have the same.
    schedule : {"guided", "dynamic", "static"}
        guided: parts that get smaller, down to grain; for most loops. dynamic: parts of grain; for
        indices of very different cost (a thread takes up to 8 parts at once while they prove to
        last well below a microsecond). static: one part a thread; for indices of equal cost.
    grain : int, optional
        Least size of a guided part (default 1), size of a dynamic one (default a 32nd of a
        thread's share), largest size of the calls for a static one (default: one call).
    deadline : float, optional
        A value of ``time.monotonic()``. When it has passed, no more chunks are begun.

    Raises
    ------
    RangeFailed
        fn returned something else than 0; ``.code`` says what, ``.lo`` and ``.hi`` for which chunk.
        Of several that fail at the same time one is told.
    TimeoutError
        The deadline passed.
    KeyboardInterrupt
        In the main thread, when the calling thread is between two chunks or waits for the others.
    TypeError, ValueError
        An argument is not what it must be; nothing was called.

    Notes
    -----
    When it returns or raises, no thread is inside fn. Chunks are begun in ascending order, nothing is
    promised about the order in which they end. Any thread may call it, several at the same time.
    A forked child starts its own threads. Guided self-scheduling: Polychronopoulos and Kuck 1987.

    Examples
    --------
    >>> import ctypes
    >>> from allcores import parallel
    >>> library = ctypes.CDLL("./work.so")                                   # doctest: +SKIP
    >>> parallel.for_range(library.scale_rows, len(rows), rows)              # doctest: +SKIP
    """
    address = function_address(fn)
    count = _integer("n", n, 0)
    if schedule not in _SCHEDULES:
        raise ValueError(f"schedule must be one of {', '.join(_SCHEDULES)}, not {schedule!r}")
    least = None if grain is None else _integer("grain", grain, 1)
    if deadline is not None and (
        not isinstance(deadline, (int, float)) or isinstance(deadline, bool) or math.isnan(deadline)
    ):
        raise TypeError(f"deadline must be a value of time.monotonic() or None, not {deadline!r}")
    place, release = context_pointer(ctx)
    try:
        failed = run_range(address, place, count, threads, schedule, least, deadline)
    finally:
        release()
    if failed is not None:
        code, lo, hi = failed
        raise RangeFailed(
            f"fn returned {code} for the indices {lo} to {hi - 1}; chunks that had begun were "
            "finished, later ones not begun",
            code,
            lo,
            hi,
        )


def _integer(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    number = operator.index(value)
    if not least <= number <= _LARGEST:
        raise ValueError(f"{name} must be from {least} to {_LARGEST}, not {number}")
    return number
