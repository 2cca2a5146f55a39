"""What the tests let processes do; importable by the processes themselves."""

import os
import time
from typing import Any

from bench.harness.contender import Work


def counting(upto: int) -> Work:
    """Add numbers up."""
    return Work.calling(lambda: sum(range(upto)))


def disagreeing(upto: int) -> Work:
    """Give every process another result."""
    return Work(lambda n: os.getpid())


def dying(upto: int) -> Work:
    """End the process when it is asked to work."""
    return Work(lambda n: os._exit(7))


def sleeping(seconds: float) -> Work:
    """Take wall time and no processor time."""
    return Work.calling(time.sleep, seconds)


def double(value: int) -> int:
    """Return twice the value."""
    return 2 * value


def fail(*args: Any) -> None:
    """Raise."""
    raise ValueError("broken on purpose")


def vanish(*args: Any) -> None:
    """End the process without a word."""
    os._exit(3)
