"""Files in /dev/shm that give queues a name: made whole, opened by their owner alone, removed once.

A queue appears under its name in one step, when it is complete: it is made in a file without a name
(O_TMPFILE), which a killed maker leaves nothing of, and then linked. Opening, and removing what only
dead processes had open, hold the file's lock (flock, which the kernel lets go of with its holder), and
look whether the name still means the same file: so nobody opens what another is about to remove.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["FOLDER", "PREFIX", "locked", "named_file", "names", "open_named", "publish", "remove"]

FOLDER = "/dev/shm"
PREFIX = "allcores."
_LONGEST = 200
_LOCK_S = 10.0  # who has the lock makes a few system calls; a stopped process may have it for ever


def path_of(name: str) -> str:
    """Return where a queue of this name lies."""
    if not isinstance(name, str):
        raise TypeError(f"a queue's name must be a str, not {type(name).__name__}")
    if not name or "/" in name or "\0" in name or len(os.fsencode(name)) > _LONGEST:
        raise ValueError(
            f"{name!r} cannot be a queue's name: give 1 to {_LONGEST} bytes without '/' and NUL"
        )
    return f"{FOLDER}/{PREFIX}{name}"


def names() -> list[str]:
    """Return the names in use, of whatever owner."""
    try:
        found = os.listdir(FOLDER)
    except FileNotFoundError:
        return []
    return sorted(entry[len(PREFIX) :] for entry in found if entry.startswith(PREFIX))


def named_file(name: str) -> int:
    """Return the descriptor of a new file, which `publish` gives the name."""
    if os.path.lexists(path_of(name)):
        raise _exists(name)
    fd = os.open(FOLDER, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    os.fchmod(fd, 0o600)  # whatever the umask is
    return fd


def publish(fd: int, name: str) -> None:
    """Let others find the file."""
    folder = os.open("/proc/self/fd", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.link(str(fd), path_of(name), src_dir_fd=folder, follow_symlinks=True)
    except FileExistsError:
        raise _exists(name) from None
    finally:
        os.close(folder)


def _exists(name: str) -> FileExistsError:
    return FileExistsError(
        errno.EEXIST,
        "a queue of this name is there already: attach to it, or unlink it; "
        "'allcores ipc repair' removes those of which all processes were killed",
        name,
    )


def _missing(name: str, why: str = "there is no queue of this name") -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, why, name)


def open_named(name: str) -> int:
    """Return a descriptor of a queue's file that is ours alone."""
    path = path_of(name)
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        fd = os.open(path, flags)
    except FileNotFoundError:
        raise _missing(name) from None
    about = os.fstat(fd)
    if about.st_uid != os.geteuid() or not stat.S_ISREG(about.st_mode) or about.st_mode & 0o177:
        os.close(fd)
        raise PermissionError(
            errno.EPERM,
            f"a queue's file must be its user's alone; this one is of user {about.st_uid} with mode "
            f"{stat.S_IMODE(about.st_mode):o}",
            path,
        )
    return fd


@contextmanager
def locked(fd: int, name: str) -> Iterator[None]:
    """Hold the file's lock; the name still means this file."""
    end = time.monotonic() + _LOCK_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > end:
                raise TimeoutError(
                    f"another process has held the lock of queue {name!r} for {_LOCK_S:g} s: "
                    "it is stopped; let it go on or end it"
                ) from None
            time.sleep(0.001)
    try:
        try:
            there = os.stat(path_of(name), follow_symlinks=False)
        except FileNotFoundError:
            raise _missing(name) from None
        if not os.path.samestat(there, os.fstat(fd)):
            raise _missing(name, "the queue of this name was replaced by another one: attach again")
        yield
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)


def remove(fd: int, name: str) -> None:
    """Take the name away from this file; who has it open goes on with it."""
    with locked(fd, name):
        os.unlink(path_of(name))
