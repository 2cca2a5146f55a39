"""The progress bar: one line of standard error, where that is a terminal."""

import os
import shutil
import sys
import time
from typing import TextIO

__all__ = ["Progress"]

_BAR = 24  # characters


class Progress:
    """How far the command has come: drawn, and taken away when something is printed.

    Parameters
    ----------
    jobs : int
        How many there are; each counts the same.
    stream : file, optional
        By default standard error. Nothing is ever drawn on what is no terminal.
    """

    def __init__(self, jobs: int, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = (
            self._stream is not None
            and self._stream.isatty()
            and os.environ.get("TERM", "") != "dumb"
        )
        self._jobs = max(1, jobs)
        self._job = -1
        self._done = 0.0
        self._text = ""
        self._begin = time.monotonic()

    def begin_job(self) -> None:
        """The next job begins."""
        self._job += 1
        self._done = self._job / self._jobs

    def update(self, text: str, part: float) -> None:
        """Say what is done now, and which part of the job is behind."""
        self._text = text
        self._done = (self._job + part) / self._jobs
        self.redraw()

    def redraw(self) -> None:
        """Draw again: time has passed."""
        if not self._shown:
            return
        filled = round(_BAR * self._done)
        minutes, seconds = divmod(int(time.monotonic() - self._begin), 60)
        line = (
            f"[{'#' * filled}{'.' * (_BAR - filled)}] {self._done:4.0%} "
            f"{minutes}:{seconds:02}  {self._text}"
        )
        self._write("\r" + line[: shutil.get_terminal_size().columns - 1] + "\x1b[K")

    def clear(self) -> None:
        """Take the line away, before something is printed and at the end."""
        if self._shown:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._shown = False  # the terminal has gone
