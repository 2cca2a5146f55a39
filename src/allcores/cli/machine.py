"""The machine's record: what `allcores info` prints and what stands beside every measurement."""

import os
import platform
import sys
from typing import Any

from allcores.explanation import explain

__all__ = ["machine_record"]

#: Modules whose versions are recorded where they are installed. They are not imported for it.
_OPTIONAL = ("numpy", "cloudpickle", "tqdm", "pytest")


def machine_record() -> dict[str, Any]:
    """Return what describes this machine and this installation, ready for JSON.

    Returns
    -------
    dict
        The facts of `allcores.explain`, ``cpu_model architecture system kernel libc memory_bytes``,
        ``shared_memory`` (see `shared_memory_limits`) and ``versions``.
    """
    record = explain().as_dict()
    record.update(
        executable=sys.executable,
        compiler=platform.python_compiler(),
        cpu_model=cpu_model(),
        architecture=platform.machine(),
        system=platform.system(),
        kernel=platform.release(),
        libc=" ".join(platform.libc_ver()).strip(),
        memory_bytes=_memory_bytes(),
        shared_memory=shared_memory_limits(),
        versions=_versions(),
    )
    return record


def cpu_model(path: str = "/proc/cpuinfo") -> str:
    """Return the processor's name, or of what kind it is where it has none. The path is for tests."""
    try:
        with open(path, errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() in ("model name", "Model", "cpu model") and value.strip():
                    return value.strip()
    except OSError:
        pass  # no /proc
    return platform.processor() or platform.machine()


def shared_memory_limits(folder: str = "/dev/shm", kernel: str = "/proc/sys/kernel") -> dict[str, Any]:
    """Return what bounds shared memory here; a bound that is not there is None.

    Parameters
    ----------
    folder, kernel : str
        Where POSIX shared memory lies, and where System V's limits are read; for tests.

    Returns
    -------
    dict
        ``folder``, ``size_bytes`` and ``free_bytes`` of it, ``shmmax shmall shmmni``.
    """
    limits: dict[str, Any] = {"folder": folder, "size_bytes": None, "free_bytes": None}
    try:
        found = os.statvfs(folder)
        limits["size_bytes"] = found.f_frsize * found.f_blocks
        limits["free_bytes"] = found.f_frsize * found.f_bavail
    except (OSError, AttributeError):
        pass  # not mounted, or not such a system
    for name in ("shmmax", "shmall", "shmmni"):
        try:
            with open(f"{kernel}/{name}") as file:
                limits[name] = int(file.read())
        except (OSError, ValueError):
            limits[name] = None
    return limits


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    from allcores._common.version import VERSION

    found = {"allcores": VERSION, "python": platform.python_version()}
    for name in _OPTIONAL:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            pass
    return found
