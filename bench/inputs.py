"""What the cases run on: the interpreter's own sources, and numbers from a stated seed."""

import hashlib
import random
import sys
import sysconfig
from array import array
from functools import cache
from pathlib import Path
from typing import Any

from bench.harness.contender import NotAvailable

SEED = 20  # any number; stated so that a stranger gets the same input


@cache
def library_files() -> list[Path]:
    """Return the Python files of the interpreter's standard library, sorted by path."""
    root = Path(sysconfig.get_path("stdlib"))
    found = [
        path
        for path in root.rglob("*.py")
        if not {"site-packages", "dist-packages", "__pycache__"}.intersection(path.parts)
    ]
    if not found:
        raise NotAvailable(f"no Python files in {root}")
    return sorted(found)


def library_text(at_most: int | None) -> bytes:
    """Return these files one after the other, cut off at a number of bytes if given."""
    parts, size = [], 0
    for path in library_files():
        parts.append(path.read_bytes())
        size += len(parts[-1]) + 1
        if at_most is not None and size >= at_most:
            break
    return b"\n".join(parts)[:at_most]


def library_sources(at_most: int | None) -> list[str]:
    """Return the files that parse without complaint, as text, up to a number of characters.

    Every tenth of the sorted list, then the others: a small sample still is a mixture.
    """
    import ast
    import warnings

    files = library_files()
    chosen, size = [], 0
    for path in [file for start in range(10) for file in files[start::10]]:
        try:
            text = path.read_text(encoding="utf-8")
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, Warning):
            continue  # the library's own test data holds broken files
        chosen.append(text)
        size += len(text)
        if at_most is not None and size >= at_most:
            break
    return chosen


def random_floats(count: int) -> Any:
    """Return float64 numbers, uniform in [0, 1), as an ndarray."""
    numpy = need_numpy()
    return numpy.random.default_rng(SEED).random(count)


def whole_floats(count: int) -> Any:
    """Return whole numbers as float64: their sum is exact in any order of adding."""
    numpy = need_numpy()
    return numpy.random.default_rng(SEED).integers(0, 1 << 20, count).astype(numpy.float64)


def word_hashes(count: int, at_most: int | None) -> Any:
    """Return 64-bit hashes of the library's words in their order, repeated up to `count`."""
    words = library_text(at_most).split()
    known = {word: _hash64(word) for word in set(words)}
    hashes = array("Q", map(known.__getitem__, words))
    whole = hashes * (count // len(hashes) + 1)
    return whole[:count]


def _hash64(word: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), sys.byteorder)


def random_bytes(count: int) -> bytes:
    """Return pseudo-random bytes."""
    return random.Random(SEED).randbytes(count)


def need_numpy() -> Any:
    """Return NumPy, or say that it is not here."""
    try:
        import numpy
    except ImportError as error:
        raise NotAvailable(f"NumPy is not installed ({error})") from None
    return numpy
