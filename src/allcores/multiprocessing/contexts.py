"""The contexts: real `multiprocessing.context.BaseContext` subclasses that make our types.

The default context follows the standard library's: which start method a program has chosen is one
fact of the process, whichever of the two modules it chose it through.
"""

import multiprocessing
import sys
from multiprocessing import context as std
from typing import Any

from allcores.multiprocessing.processes import OurProcess, Process
from allcores.multiprocessing.queues import JoinableQueue as OurJoinableQueue
from allcores.multiprocessing.queues import Queue as OurQueue

__all__ = ["DefaultContext", "default_context"]


class OurTypes(std.BaseContext):
    """What our contexts, one for each start method, have in common."""

    # Their types differ from the standard ones on purpose.

    def Queue(self, maxsize: int = 0) -> OurQueue[Any]:  # type: ignore[override]
        """Return a queue in shared memory; see `allcores.multiprocessing.queues.Queue`."""
        return OurQueue(maxsize, ctx=self.get_context())

    def JoinableQueue(self, maxsize: int = 0) -> OurJoinableQueue[Any]:  # type: ignore[override]
        """Return a queue in shared memory with `task_done` and `join`."""
        return OurJoinableQueue(maxsize, ctx=self.get_context())

    def get_context(self, method: str | None = None) -> Any:
        """Return our context for a start method; without one, this context."""
        return self if method is None else _concrete(method)


class SpawnProcess(OurProcess, std.SpawnProcess):
    """A `Process` that starts as a fresh interpreter."""


class SpawnContext(OurTypes, std.SpawnContext):
    """Our types with the start method ``spawn``."""

    Process = SpawnProcess


_contexts: dict[str, std.BaseContext] = {"spawn": SpawnContext()}

if sys.platform != "win32":

    class ForkProcess(OurProcess, std.ForkProcess):
        """A `Process` that starts as a copy of its parent."""

    class ForkContext(OurTypes, std.ForkContext):
        """Our types with the start method ``fork``."""

        Process = ForkProcess

    class ForkServerProcess(OurProcess, std.ForkServerProcess):
        """A `Process` that starts as a copy of a small server process."""

    class ForkServerContext(OurTypes, std.ForkServerContext):
        """Our types with the start method ``forkserver``."""

        Process = ForkServerProcess

    _contexts["fork"] = ForkContext()
    _contexts["forkserver"] = ForkServerContext()


def _concrete(method: str) -> std.BaseContext:
    try:
        context = _contexts[method]
    except KeyError:
        raise ValueError(
            f"cannot find context for {method!r}; this system has {' '.join(sorted(_contexts))}"
        ) from None
    context._check_available()
    return context


_standard: Any = multiprocessing.get_context.__self__  # type: ignore[attr-defined]


class DefaultContext(OurTypes, std.DefaultContext):
    """Our types with the start method that the process uses, chosen through either module."""

    Process = Process

    def __init__(self) -> None:
        super().__init__(_standard)

    def get_context(self, method: str | None = None) -> Any:
        """Return our context for a start method; without one, for the one in use."""
        return _concrete(_standard.get_start_method() if method is None else method)

    def set_start_method(self, method: str | None, force: bool = False) -> None:
        """Choose the start method of this process, for the standard library too."""
        _standard.set_start_method(method, force)

    def get_start_method(self, allow_none: bool = False) -> str:
        """Return the start method in use."""
        method: str = _standard.get_start_method(allow_none)
        return method


default_context = DefaultContext()
