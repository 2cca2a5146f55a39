"""The JSON file of `allcores speedup --json`: whole or not there."""

import contextlib
import json
import os
import tempfile
from typing import Any

from allcores.cli.exits import Failure
from allcores.cli.machine import machine_record
from allcores.cli.speedup.options import Options
from allcores.cli.speedup.records import JobRecord

__all__ = ["FORMAT", "report", "write_json"]

#: Counts up when a reader of the file must change.
FORMAT = 1


def report(options: Options, title: str, jobs: list[JobRecord], conclusion: str) -> dict[str, Any]:
    """Return everything that was measured, and where, as plain data."""
    return {
        "format": FORMAT,
        "command": "allcores speedup",
        "machine": machine_record(),
        "options": {
            "jobs": list(options.jobs),
            "workers": list(options.workers),
            "rounds": options.rounds,
            "quick": options.size.quick,
            "full": options.size.full,
            "input": title,
        },
        "jobs": [job.as_dict() for job in jobs],
        "conclusion": conclusion,
    }


def write_json(path: str, content: dict[str, Any]) -> None:
    """Write a file in one step: a reader, or a Ctrl-C, never sees a part of it.

    Raises
    ------
    Failure
        It cannot be written.
    """
    text = json.dumps(content, indent=2) + "\n"
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "w") as file:  # a pipe or a device, which nothing must replace
                file.write(text)
            return
        _replace(os.path.realpath(path), text)
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror or error}") from None


def _replace(path: str, text: str) -> None:
    fd, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".allcores-", suffix=".json")
    try:
        with os.fdopen(fd, "w") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # as open() would have made it
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
