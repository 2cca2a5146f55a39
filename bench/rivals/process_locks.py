"""Locks between processes of the standard library."""

import multiprocessing
from collections.abc import Callable
from typing import Any


def standard(name: str) -> dict[str, Callable[[], Any]]:
    """Return what makes the standard library's lock, semaphore or event of that name."""
    return {f"multiprocessing.{name}": getattr(multiprocessing, name)}
