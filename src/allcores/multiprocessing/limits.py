"""How many bytes of messages may wait in a queue: a quarter of the memory that we may use."""

import functools
import os

__all__ = ["queue_limit_bytes"]

_GROUP_FILES = (
    "/sys/fs/cgroup/memory.max",  # version 2, seen from inside a container
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",  # version 1
)


@functools.cache
def queue_limit_bytes() -> int:
    """Return a quarter of the machine's memory, or of the container's where that is less."""
    return usable_memory_bytes() // 4


def usable_memory_bytes(group_files: tuple[str, ...] = _GROUP_FILES) -> int:
    """Return the least of the machine's memory and the control group's limit.

    The argument is for tests.
    """
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in group_files:
        try:
            with open(path) as file:
                limits.append(int(file.read()))
        except (OSError, ValueError):
            pass  # no such version of control groups here, or "max"
    return min(limit for limit in limits if limit > 0)
