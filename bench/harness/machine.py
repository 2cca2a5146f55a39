"""The machine's record: without it a figure is a rumour."""

import contextlib
import dataclasses
import datetime
import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.harness.contender import gil_enabled

ROOT = Path(__file__).resolve().parents[2]
VERSIONS_OF = ("numpy", "pytest-benchmark", "culsans", "aiologic", "janus", "cereggii", "ft-utils")
VERSIONS_OF += ("faster-fifo",)


def machine_record() -> dict[str, Any]:
    """Return what this machine, its interpreter and this tree are, as JSON data."""
    return {
        "cpu": cpu_model(),
        "cpus_online": os.cpu_count(),
        "cpus_affinity": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "cpus_allcores": _from_allcores("cpu_count"),
        "cpu_quota": _cpu_quota(),
        "threads_sharing_a_core": _read("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list"),
        "caches": _caches(),
        "memory_kb": _memory_kb(),
        "kernel": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "c_library": " ".join(platform.libc_ver()),
        "compiler": _first_line([os.environ.get("CC", "cc"), "--version"]),
        "interpreter": f"{platform.python_implementation()} {sys.version}",
        "interpreter_compiler": platform.python_compiler(),
        "gil": gil_enabled(),
        "start_method": _start_method(),
        "switch_interval_s": sys.getswitchinterval(),
        "environment": {k: v for k, v in sorted(os.environ.items()) if k.startswith("ALLCORES_")},
        "versions": _versions(),
        "explain": _from_allcores("explain"),
        "commit": _first_line(["git", "rev-parse", "HEAD"]) or "unknown",
        "commit_changed_files": _changed_files(),
        "load_average_before": load_average(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def load_average() -> float | None:
    """Return how many processes wanted to run, averaged over the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def results_name(record: dict[str, Any]) -> str:
    """Return ``<machine>-<interpreter>-<date>`` for a results file."""
    words = re.sub(r"\(.*?\)|@.*|\bCPU\b|\bProcessor\b", " ", record["cpu"])
    machine = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "unknown"
    return f"{machine}-{record['cpus_affinity']}cpu-{interpreter_tag()}-{record['date'][:10]}"


def interpreter_tag() -> str:
    """Return for example ``cp313`` or ``cp313t``."""
    return f"cp{sys.version_info[0]}{sys.version_info[1]}{getattr(sys, 'abiflags', '')}"


def cpu_model() -> str:
    """Return the processor's name."""
    for line in _read("/proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model", "cpu model"):
            return value.strip()
    return platform.processor() or platform.machine()


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _caches() -> list[str]:
    found = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size, shared = (
            _read(folder / name) for name in ("level", "type", "size", "shared_cpu_list")
        )
        found.append(f"L{level} {kind} {size}, shared by cpu {shared}")
    return found


def _memory_kb() -> int | None:
    match = re.search(r"MemTotal:\s*(\d+) kB", _read("/proc/meminfo"))
    return int(match[1]) if match else None


def _cpu_quota() -> str:
    """The group's own file as it stands; ``cpus_allcores`` has what follows from all of them."""
    for line in _read("/proc/self/cgroup").splitlines():
        if line.startswith("0::"):
            quota = _read(f"/sys/fs/cgroup{line[3:]}/cpu.max")
            return quota or _read("/sys/fs/cgroup/cpu.max") or "none"
    return "none"


def _first_line(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return done.stdout.partition("\n")[0].strip()


def _changed_files() -> int | None:
    if shutil.which("git") is None:
        return None
    command = ["git", "status", "--porcelain", "--", "src", "csrc", "bench", "setup.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return len(done.stdout.splitlines()) if done.returncode == 0 else None


def _start_method() -> str:
    import multiprocessing

    return multiprocessing.get_context().get_start_method() or ""


def _versions() -> dict[str, str]:
    found = {"allcores": str(_from_allcores("__version__"))}
    for name in VERSIONS_OF:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _from_allcores(name: str) -> Any:
    """What a public name of the root says: a number, the fields of a dataclass, else text."""
    try:
        value = getattr(importlib.import_module("allcores"), name)
        value = value() if callable(value) else value
    except (ImportError, AttributeError) as error:
        return f"not available: {error}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return value if isinstance(value, int | float) else str(value)
