"""A progress bar on the terminal, or a call to the caller's own.

The bar is tqdm's where tqdm is installed (``allcores[progress]``), else a line of our own. Only the
thread that consumes results draws; workers never touch it.
"""

import sys
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Progress", "open_progress"]

#: Seconds between two drawings: more often is not seen, and costs.
_REDRAW = 0.1


class Progress(Protocol):
    """Something that is told how far the work has come."""

    def update(self, done: int) -> None: ...
    def close(self) -> None: ...


def open_progress(
    wanted: bool | Callable[[int, int | None], object], total: int | None
) -> Progress:
    """Return the progress for a `progress=` argument.

    Parameters
    ----------
    wanted : bool or callable
        False: nothing is shown. True: a bar, if standard error is a terminal. A callable is called
        with the number done and `total`.
    total : int or None
        The number of all, where it is known.
    """
    if callable(wanted):
        return _Call(wanted, total)
    if not wanted or not sys.stderr.isatty():
        return _Nothing()
    try:
        from tqdm import tqdm  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        return _Line(total)
    return _Tqdm(tqdm(total=total))


class _Nothing:
    def update(self, done: int) -> None:
        pass

    def close(self) -> None:
        pass


class _Call:
    def __init__(self, function: Callable[[int, int | None], object], total: int | None) -> None:
        self._function = function
        self._total = total

    def update(self, done: int) -> None:
        self._function(done, self._total)

    def close(self) -> None:
        pass


class _Tqdm:
    def __init__(self, bar) -> None:  # type: ignore[no-untyped-def]
        self._bar = bar

    def update(self, done: int) -> None:
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _Line:
    """``[#########.....]  61 %  1234/2000  12.3 s`` on one line of standard error."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._begin = time.monotonic()
        self._drawn = 0.0
        self._done = 0

    def update(self, done: int) -> None:
        self._done = done
        now = time.monotonic()
        if now - self._drawn >= _REDRAW:
            self._drawn = now
            self._draw("\r")

    def close(self) -> None:
        self._draw("\r")
        sys.stderr.write("\n")
        sys.stderr.flush()

    def _draw(self, start: str) -> None:
        seconds = time.monotonic() - self._begin
        if self._total:
            share = min(1.0, self._done / self._total)
            bar = ("#" * round(30 * share)).ljust(30, ".")
            text = f"[{bar}] {share:4.0%}  {self._done}/{self._total}  {seconds:.1f} s"
        else:
            text = f"{self._done} items  {seconds:.1f} s"
        sys.stderr.write(start + text + "\x1b[K")
        sys.stderr.flush()
