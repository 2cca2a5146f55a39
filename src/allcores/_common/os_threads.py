"""How many threads the system counts in this process, and a wait until those that ended are gone.

CPython warns of a fork beside threads, and asks the system for their number. A thread that has been
joined is still one of them for some microseconds, longer on a busy machine: join() tells when the
thread is through with what it shares, not when the system has forgotten it. Whoever ends its threads
before a fork waits for that, too.
"""

import os
import time

__all__ = ["count", "wait_for_at_most"]

#: Seconds that a fork waits at most: another thread may have started in between.
_LONGEST_S = 0.2

_TASKS = "/proc/self/task"


def count() -> int:
    """Return the number of this process's threads, 0 where the system does not tell."""
    try:
        return len(os.listdir(_TASKS))
    except OSError:
        return 0


def wait_for_at_most(threads: int) -> bool:
    """Wait until the system counts no more than so many threads, a fifth of a second at most.

    Parameters
    ----------
    threads : int
        The number to wait for.

    Returns
    -------
    bool
        False if there were still more.
    """
    until = time.monotonic() + _LONGEST_S
    while count() > threads:
        if time.monotonic() > until:
            return False
        time.sleep(0.0001)
    return True
