"""One line on the terminal that says what is measured now; nothing where stderr is no terminal."""

import shutil
import sys


class Progress:
    """A line that is written over.

    Parameters
    ----------
    head : str
        What every text begins with, such as ``[3/9] words``.
    """

    def __init__(self, head: str = "") -> None:
        self.head = head
        self._shown = sys.stderr.isatty()

    def __call__(self, text: str) -> None:
        """Show this text instead of the last one."""
        if self._shown:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{f'{self.head}: {text}'[:width]}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave an empty line behind."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
