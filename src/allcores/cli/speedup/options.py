"""The arguments of `allcores speedup`, checked: everything that is wrong is said before work begins."""

import argparse
import os
from dataclasses import dataclass

from allcores._common.cpus import cpu_count
from allcores.cli.exits import UsageError
from allcores.cli.jobs import JOB_NAMES
from allcores.cli.jobs.job import Size

__all__ = ["Options", "read_options"]

#: What the kernels' pool takes; more would be a typing error anyway.
_MOST_WORKERS = 256


@dataclass(frozen=True)
class Options:
    """What to measure, and how."""

    jobs: tuple[str, ...]
    workers: tuple[int, ...]  # ascending
    rounds: int
    size: Size
    least_seconds: float  # a shorter cell does its work again
    input: str | None
    json: str | None


def read_options(arguments: argparse.Namespace) -> Options:
    """Check the arguments.

    Raises
    ------
    UsageError
        The first thing that is wrong.
    """
    quick, full = bool(arguments.quick), bool(arguments.full)
    if arguments.json is not None:
        _check_writable(arguments.json)
    return Options(
        jobs=_read_jobs(arguments.jobs),
        workers=_read_workers(arguments.workers, quick),
        rounds=9 if full else 3,
        size=Size(seconds=0.1 if quick else 2.0, full=full, quick=quick),
        least_seconds=0.03 if quick else 0.5,
        input=arguments.input,
        json=arguments.json,
    )


def _read_jobs(text: str | None) -> tuple[str, ...]:
    if text is None:
        return JOB_NAMES
    wanted = [name.strip() for name in text.split(",")]
    for name in wanted:
        if name not in JOB_NAMES:
            raise UsageError(f"unknown job {name!r}; there are {', '.join(JOB_NAMES)}")
    return tuple(name for name in JOB_NAMES if name in wanted)


def _read_workers(text: str | None, quick: bool) -> tuple[int, ...]:
    if text is None:
        cores = min(cpu_count(), _MOST_WORKERS)
        if quick:
            return tuple(sorted({1, cores}))
        doublings = {1 << power for power in range(cores.bit_length())}
        return tuple(sorted(doublings | {cores}))
    numbers = set()
    for part in text.split(","):
        try:
            number = int(part)
        except ValueError:
            number = 0
        if not 1 <= number <= _MOST_WORKERS:
            raise UsageError(
                f"--workers {text}: {part.strip()!r} is not a whole number "
                f"from 1 to {_MOST_WORKERS}"
            )
        numbers.add(number)
    return tuple(sorted(numbers))


def _check_writable(path: str) -> None:
    if os.path.isdir(path):
        raise UsageError(f"--json {path}: is a folder")
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise UsageError(f"--json {path}: there is no folder {folder}")
    existing = path if os.path.exists(path) and not os.path.isfile(path) else folder
    if not os.access(existing, os.W_OK):
        raise UsageError(f"--json {path}: no permission to write there")
