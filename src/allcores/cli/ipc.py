"""``allcores ipc``: the shared memory of this machine that is ours, who has it, and what the dead left.

Objects with a name lie in /dev/shm; those without are found through /proc, in the descriptors of the
processes that this user may look at. A queue is opened to be looked at, which disturbs nobody.
"""

import json
import os
import pwd
import sys
from typing import Any

from allcores.cli.exits import Failure
from allcores.cli.info import readable

__all__ = ["ipc"]

_MEMFD = "/memfd:allcores"
_MAGIC = b"acoresQ2"
_HEADINGS = ("object", "kind", "user", "memory", "inside", "processes", "dead")


def ipc(action: str, which: str | None, as_json: bool) -> int:
    """Run ``list``, ``inspect``, ``stats`` or ``repair``; return the exit code."""
    if sys.platform != "linux":
        raise Failure("ipc: the shared memory of allcores is written for Linux so far")
    found = survey()
    if which is not None:
        found = [record for record in found if which in (record["object"], record["name"])]
        if not found:
            raise Failure(f"ipc: there is no object {which!r}; 'allcores ipc list' shows what there is")
    if action == "repair":
        found = [repaired(record) for record in found]
    if as_json:
        print(json.dumps(found, indent=2))
        return 0
    print("\n".join(_LINES[action](found)))
    return 0


# -- what there is --------------------------------------------------------------------------------


def survey() -> list[dict[str, Any]]:
    """Return a record of every object, those with a name first."""
    from allcores.multiprocessing import names

    holders = _holders()
    found = []
    for name in names.names():
        path = f"{names.FOLDER}/{names.PREFIX}{name}"
        try:
            about = os.stat(path, follow_symlinks=False)
        except FileNotFoundError:
            continue
        pids, _ = holders.pop((about.st_dev, about.st_ino), ([], ""))
        found.append(_record(name, path, about, pids))
    for pids, path in holders.values():
        try:
            about = os.stat(path)
            if not os.readlink(path).startswith(_MEMFD) and not _is_queue(path):
                continue  # somebody else's file in /dev/shm
        except OSError:
            continue  # its last process has just ended
        found.append(_record(None, path, about, pids))
    return found


def _holders() -> dict[tuple[int, int], tuple[list[int], str]]:
    # For each object: the processes that have it open, and a path to open it by.
    from allcores.multiprocessing import names

    # A queue's file was made without a name: its link says so even when it has one by now.
    prefixes = (_MEMFD, f"{names.FOLDER}/")
    found: dict[tuple[int, int], tuple[list[int], str]] = {}
    for pid in sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit()):
        try:
            descriptors = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue  # another user's, or it has ended
        for descriptor in descriptors:
            path = f"/proc/{pid}/fd/{descriptor}"
            try:
                if not os.readlink(path).startswith(prefixes):
                    continue
                about = os.stat(path)
            except OSError:
                continue
            pids, _ = found.setdefault((about.st_dev, about.st_ino), ([], path))
            if pid not in pids:
                pids.append(pid)
    return found


def _record(name: str | None, path: str, about: os.stat_result, pids: list[int]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "object": name if name is not None else f"memfd:{about.st_ino}",
        "name": name,
        "kind": "other",
        "user": _user(about.st_uid),
        "memory_bytes": about.st_blocks * 512,
        "size_bytes": about.st_size,
        "processes": [{"pid": pid, "command": _command(pid)} for pid in pids],
        "participants": [],
        "dead": [],
        "stats": None,
        "problem": None,
        "path": path,
    }
    try:
        queue = _opened(name, path)
    except (OSError, RuntimeError, ValueError, MemoryError) as error:
        record["problem"] = str(error)
        return record
    if queue is None:
        record["kind"] = "locks, numbers or an array"
        return record
    record["kind"] = "queue"
    record["stats"] = queue.stats()
    for pid, dead, opened, puts, takes in queue._parties():
        roles = [role for role, has in (("open", opened), ("put", puts), ("get", takes)) if has]
        record["participants"].append({"pid": pid, "dead": dead, "roles": roles})
    record["dead"] = sorted({one["pid"] for one in record["participants"] if one["dead"]})
    record["abandoned"] = name is not None and queue._all_dead()
    return record


def _opened(name: str | None, path: str) -> Any:
    # The queue; None if it is something else of ours.
    from allcores._native.shm import ShmQueue
    from allcores.multiprocessing import names

    if name is None and not _is_queue(path):
        return None
    again = os.O_RDWR | os.O_CLOEXEC
    descriptor = os.open(path, again) if name is None else names.open_named(name)
    try:
        queue: ShmQueue[Any] = ShmQueue.__new__(ShmQueue)
        queue._attach(descriptor)
        descriptor = -1  # the queue's
        return queue
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _is_queue(path: str) -> bool:
    with open(path, "rb", buffering=0) as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return " ".join(file.read().decode(errors="backslashreplace").split("\0")).strip()
    except OSError:
        return ""


# -- repair ---------------------------------------------------------------------------------------


def repaired(record: dict[str, Any]) -> dict[str, Any]:
    """Mend what the dead left in a queue, or remove it if they were all; say what was done."""
    from allcores.multiprocessing import names

    done = "nothing to do"
    if record["kind"] == "queue":
        try:
            queue = _opened(record["name"], record["path"])
            before = queue.stats()  # also looks for the dead, and withdraws what they had claimed
            if record["name"] is not None:
                with names.locked(queue._fileno(), record["name"]):
                    if queue._all_dead():
                        os.unlink(names.path_of(record["name"]))
                        done = f"removed, with {before['depth']} objects: all its processes were killed"
            if done == "nothing to do" and before["deaths"]:  # looking at it has mended it
                done = (
                    f"nothing is left to do: so far {before['deaths']} processes died inside, "
                    f"with {before['lost']} objects at most"
                )
        except (OSError, RuntimeError, ValueError) as error:
            done = f"not repaired: {error}"
    elif record["problem"] is not None:
        done = f"not looked at: {record['problem']}"
    return {**record, "repair": done}


# -- what a person sees ---------------------------------------------------------------------------


def _row(record: dict[str, Any]) -> tuple[str, ...]:
    inside = "" if record["stats"] is None else str(record["stats"]["depth"])
    return (
        record["object"],
        record["kind"],
        record["user"],
        readable(record["memory_bytes"]),
        inside,
        " ".join(str(one["pid"]) for one in record["processes"]),
        " ".join(map(str, record["dead"])),
    )


def _table(found: list[dict[str, Any]]) -> list[str]:
    if not found:
        return ["no shared memory of allcores is in use (of processes that this user may look at)"]
    rows = [_HEADINGS, *map(_row, found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _details(found: list[dict[str, Any]]) -> list[str]:
    lines = []
    for record in found:
        size, memory = readable(record["size_bytes"]), readable(record["memory_bytes"])
        lines.append(f"{record['object']}: {record['kind']} of {record['user']}")
        lines.append(f"  memory {memory} of {size}")
        lines += [f"  open in {one['pid']} {one['command']}" for one in record["processes"]]
        for one in record["participants"]:
            state = "dead" if one["dead"] else "alive"
            lines.append(f"  participant {one['pid']} ({state}): {', '.join(one['roles'])}")
        if record["problem"] is not None:
            lines.append(f"  {record['problem']}")
        if record["stats"] is not None:
            lines += [f"  {key} {value}" for key, value in record["stats"].items()]
    return lines or _table(found)


def _numbers(found: list[dict[str, Any]]) -> list[str]:
    lines = []
    for record in found:
        if record["stats"] is not None:
            numbers = ", ".join(f"{key} {value}" for key, value in record["stats"].items())
            lines.append(f"{record['object']}: {numbers}")
    return lines or ["there is no queue"]


def _repairs(found: list[dict[str, Any]]) -> list[str]:
    return [f"{record['object']}: {record['repair']}" for record in found] or _table(found)


_LINES = {"list": _table, "inspect": _details, "stats": _numbers, "repair": _repairs}
