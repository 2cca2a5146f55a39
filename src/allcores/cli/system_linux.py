"""What only Linux can be asked; `allcores.cli.system` stands before it."""

import ctypes
import os
import time

__all__ = ["adopt_orphans", "cpu_seconds_of", "end_with_parent"]

# From linux/prctl.h.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans(adopt: bool) -> bool:
    """Make grandchildren whose parent ends this process's children, so that it can wait for them."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, int(adopt))


def end_with_parent(signal_number: int, parent: int) -> None:
    """Have this process sent a signal when the parent, whose id is given, ends; or end now."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        os._exit(1)  # it ended before we asked


def cpu_seconds_of(pid: int) -> float:
    """Return what a process has used of the processors so far; 0 once it was waited for."""
    # clock_getcpuclockid(3), which Python lacks: the clock's number is made of the process's.
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _prctl(option: int, value: int) -> bool:
    library = ctypes.CDLL(None, use_errno=True)
    ulong = ctypes.c_ulong
    result: int = library.prctl(ctypes.c_int(option), ulong(value), ulong(0), ulong(0), ulong(0))
    return result == 0
