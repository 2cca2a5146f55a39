"""Ctrl-C while the command is still being imported: the process ends with code 130 and no traceback.

``python -m allcores`` and the script ``allcores`` import for some ten milliseconds before `main` can
catch a KeyboardInterrupt. The package calls `begin` before it imports anything else, in a process that
looks like the command's; the command calls `run` when it can catch, and `end` when it is through.
What only looks like it, a program of that name that imports the library, gets its KeyboardInterrupt.
"""

import os
import sys
from _signal import SIG_IGN, SIGINT, default_int_handler, getsignal, signal  # type: ignore[import-not-found]
from types import FrameType

__all__ = ["begin", "end", "run"]

#: The code of a process that Ctrl-C ended, as shells have it.
_CODE = 130

_ENTRY = "allcores.cli.main"

_begun = False  # written by the main thread only


def begin() -> None:
    """Install the handler, if nobody has another one; for the main thread of the command's process."""
    global _begun
    if sys.argv[0] == "-m" and not _is_run_as_module():
        return
    try:
        if getsignal(SIGINT) is default_int_handler:
            signal(SIGINT, _interrupted)
            _begun = True
    except ValueError:
        pass  # not the main thread: this is not the command


def run() -> None:
    """From here on Ctrl-C raises KeyboardInterrupt."""
    if _begun:
        signal(SIGINT, default_int_handler)


def end() -> None:
    """From here on Ctrl-C does nothing: the command is through, and the interpreter tidies up."""
    if _begun:
        signal(SIGINT, SIG_IGN)


def _is_run_as_module() -> bool:
    given = sys.orig_argv
    if "-m" in given:
        return given[given.index("-m") + 1 : given.index("-m") + 2] == ["allcores"]
    return any(word.startswith("-") and word.endswith("mallcores") for word in given)


def _interrupted(number: int, frame: FrameType | None) -> None:
    if _ENTRY in sys.modules or _starts(frame):
        os._exit(_CODE)  # nothing has been begun: there is nothing to flush or to undo
    default_int_handler(number, frame)


def _starts(frame: FrameType | None) -> bool:
    """Whether somebody is importing the command, or the interpreter is about to run it."""
    while frame is not None:
        seen = frame.f_locals
        frozen = frame.f_code.co_filename.startswith("<frozen ")
        if frozen and (seen.get("name") == _ENTRY or seen.get("mod_name") == "allcores"):
            return True
        frame = frame.f_back
    return False
