"""How many processors this process may use: affinity, container quota, environment."""

import os

from allcores._common.env import read_threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["affinity_count", "cgroup_quota", "cpu_count"]


def cpu_count() -> int:
    """Return how many processors this process can keep busy.

    The least of the scheduler's affinity mask and the control group's CPU quota (version 1 and 2,
    rounded up), or ``ALLCORES_THREADS`` where it is set. ``os.cpu_count()`` counts the machine's
    processors instead, which in a container starts many times too many workers.

    Returns
    -------
    int
        At least 1. Asked of the system on every call (tens of microseconds): both can change.
    """
    from_env = read_threads()
    if from_env is not None:
        return from_env
    count = affinity_count()
    quota = cgroup_quota()
    if quota is not None:
        count = min(count, -int(-quota // 1))
    return max(1, count)


def affinity_count() -> int:
    """Return how many processors the scheduler may place this process on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def cgroup_quota(proc: str = "/proc", sys_fs: str = "/sys/fs/cgroup") -> float | None:
    """Return the control group's CPU quota in processors, or None where there is no limit.

    Every group from the process's own up to the root may set one; the least counts. The two
    arguments are for tests.
    """
    try:
        with open(f"{proc}/self/cgroup") as file:
            lines = file.read().splitlines()
    except OSError:
        return None  # not Linux, or no /proc
    quotas: list[float] = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            quotas += _walk_up(sys_fs, path, _quota_v2)
        elif "cpu" in controllers.split(","):
            # A container may see its own group as the root of the mount, so that the path of the
            # host does not exist below it: the walk then ends at the mount, which is right.
            for mount in (controllers, "cpu"):
                quotas += _walk_up(f"{sys_fs}/{mount}", path, _quota_v1)
    return min(quotas, default=None)


def _walk_up(root: str, path: str, read: "Callable[[str], float | None]") -> list[float]:
    found: list[float] = []
    parts = [part for part in path.split("/") if part not in ("", "..")]
    for depth in range(len(parts), -1, -1):
        quota = read("/".join([root, *parts[:depth]]))
        if quota is not None:
            found.append(quota)
    return found


def _quota_v2(group: str) -> float | None:
    text = _read(f"{group}/cpu.max").split()
    if len(text) != 2 or text[0] == "max":
        return None
    return _ratio(text[0], text[1])


def _quota_v1(group: str) -> float | None:
    quota = _read(f"{group}/cpu.cfs_quota_us").strip()
    period = _read(f"{group}/cpu.cfs_period_us").strip()
    if not quota or quota.startswith("-"):
        return None
    return _ratio(quota, period)


def _ratio(quota: str, period: str) -> float | None:
    try:
        value = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None
    return value if value > 0 else None


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
