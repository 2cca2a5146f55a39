"""Finding and reading the input: the interpreter's own standard library, a file, or a folder."""

import os
import platform
import stat
import sysconfig
import zlib
from collections.abc import Iterator

from allcores.cli.exits import UsageError
from allcores.cli.jobs.sample import Input, Source

__all__ = ["read_input"]

#: What is read at most unless all is wanted: several times what any job does in two seconds.
_ENOUGH = 256_000_000

#: Not part of the standard library, although they lie in its folder.
_FOREIGN = {"site-packages", "dist-packages", "__pycache__"}


def read_input(path: str | None, full: bool) -> Input:
    """Read the input into memory.

    Parameters
    ----------
    path : str or None
        A file or a folder; None for the standard library's Python files.
    full : bool
        Read everything; otherwise no more than samples can need.

    Returns
    -------
    Input

    Raises
    ------
    UsageError
        There is nothing there that can be read.
    """
    limit = None if full else _ENOUGH
    if path is None:
        return _read_standard_library(limit)
    try:
        kind = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise UsageError(f"--input {path}: {_reason(error)}") from None
    if stat.S_ISDIR(kind):
        return _read_folder(path, limit)
    if not stat.S_ISREG(kind):
        raise UsageError(f"--input {path}: is neither a file nor a folder")
    try:
        with open(path, "rb") as file:
            data = file.read(-1 if limit is None else limit)
            complete = not file.read(1)
    except OSError as error:
        raise UsageError(f"--input {path}: {_reason(error)}") from None
    if not data:
        raise UsageError(f"--input {path}: the file is empty")
    return Input(path, (Source(path, data),), complete)


def _read_standard_library(limit: int | None) -> Input:
    root = sysconfig.get_path("stdlib")
    names = [
        (name, size)
        for name, size in _walk(root, _FOREIGN)
        if name.endswith(".py")
    ]
    if not names:
        raise UsageError(
            f"{root} holds no Python files: this interpreter came without the sources of its "
            "standard library; name something else with --input"
        )
    title = f"Python {platform.python_version()}'s standard library"
    if not os.path.isdir(os.path.join(root, "test")):
        title += ", which lacks its tests here"  # some distributions package them apart
    return _read_files(root, names, title, limit)


def _read_folder(path: str, limit: int | None) -> Input:
    try:
        os.listdir(path)
    except OSError as error:
        raise UsageError(f"--input {path}: {_reason(error)}") from None
    names = list(_walk(path, set()))
    if not names:
        raise UsageError(f"--input {path}: the folder holds no file that is not empty")
    return _read_files(path, names, path, limit)


def _walk(root: str, without: set[str]) -> Iterator[tuple[str, int]]:
    """Yield the regular, non-empty files below a folder: path and size. Links to folders are left."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in without]
        for name in files:
            path = os.path.join(folder, name)
            try:
                found = os.stat(path)
            except OSError:
                continue  # a link to nothing, or gone meanwhile
            if stat.S_ISREG(found.st_mode) and found.st_size > 0:
                yield path, found.st_size


def _read_files(
    root: str, names: list[tuple[str, int]], title: str, limit: int | None
) -> Input:
    # In the order of a checksum of their names: the beginning of the list is then a fair sample,
    # and the same in every run.
    names.sort(key=lambda pair: (zlib.crc32(os.fsencode(os.path.relpath(pair[0], root))), pair[0]))
    sources: list[Source] = []
    unreadable = 0
    room = limit
    for name, _ in names:
        if room == 0:
            break
        try:
            with open(name, "rb") as file:
                data = file.read() if room is None else file.read(room)
        except OSError:
            unreadable += 1
            continue
        sources.append(Source(name, data))
        if room is not None:
            room -= len(data)
    if not sources:
        raise UsageError(f"--input {root}: none of its {len(names)} files can be read")
    notes = (f"{unreadable:,} files could not be read and are left out",) if unreadable else ()
    complete = room != 0
    return Input(title, tuple(sources), complete, notes)


def _reason(error: OSError | ValueError) -> str:
    """Return why, as a few words: without the path, which the message names already."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]
