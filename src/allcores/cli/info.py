"""`allcores info`: what allcores sees of this machine."""

import json
from typing import Any

from allcores.cli.machine import machine_record
from allcores.explanation import explain

__all__ = ["info"]

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def info(as_json: bool = False) -> int:
    """Print the machine's record.

    Parameters
    ----------
    as_json : bool, default False
        Print it as one JSON object instead of text.

    Returns
    -------
    int
        The exit code, 0.
    """
    record = machine_record()
    if as_json:
        print(json.dumps(record, indent=2))
        return 0
    lines = [*explain().lines(), *_more(record)]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        print(f"{name:{width}}  {text}")
    return 0


def _more(record: dict[str, Any]) -> list[tuple[str, str]]:
    memory = record["shared_memory"]
    if memory["size_bytes"] is None:
        shared = f"{memory['folder']} is not there"
    else:
        size, free = readable(memory["size_bytes"]), readable(memory["free_bytes"])
        shared = f"{memory['folder']} {size}, {free} free"
    if memory["shmmax"] is not None:
        shared += f"; System V: {memory['shmmni']} segments of at most {readable(memory['shmmax'])}"
    total = record["memory_bytes"]
    return [
        ("processor", f"{record['cpu_model']} ({record['architecture']})"),
        ("memory", "unknown" if total is None else readable(total)),
        ("shared memory", shared),
        ("system", f"{record['system']} {record['kernel']}, {record['libc'] or 'unknown libc'}"),
        ("executable", record["executable"]),
        ("versions", ", ".join(f"{name} {text}" for name, text in record["versions"].items())),
    ]


def readable(size: int) -> str:
    """Return a number of bytes as people write it: ``31.5 MB``; a kernel's "no limit" as that."""
    if size >= 1 << 62:
        return "no limit"
    value = float(size)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable: the last unit returns")
