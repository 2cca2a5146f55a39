"""Which kind of worker runs a function faster here, and why."""

import functools
import sys
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

__all__ = ["Backend", "Choice", "choose_backend"]

Backend = Literal["threads", "processes"]


class Choice(NamedTuple):
    """A backend, and the reason in one sentence."""

    backend: Backend
    reason: str


def gil_enabled() -> bool:
    """Return whether threads of this interpreter take turns."""
    check: Callable[[], bool] | None = getattr(sys, "_is_gil_enabled", None)
    return True if check is None else check()


def choose_backend(fn: Callable[..., Any]) -> Choice:
    """Choose between threads and processes for calls of a function.

    Parameters
    ----------
    fn : callable
        What the workers will call. It is looked at, not called.

    Returns
    -------
    Choice
        ``backend``, ``"threads"`` or ``"processes"``, and ``reason``, a sentence.

    Notes
    -----
    Without a GIL threads always win: nothing is copied. With one, Python code runs in one thread at
    a time, so that it needs processes; a function written in C is given threads, because it may
    let go of the GIL (our kernels do), and because its arguments are usually large buffers.
    """
    if not gil_enabled():
        return Choice("threads", "this interpreter has no GIL: threads run in parallel")
    inner: Any = fn
    while isinstance(inner, functools.partial):
        inner = inner.func
    if not _is_python(inner):
        return Choice("threads", "the function is compiled: it can let go of the GIL")
    if _in_daemon():
        return Choice("threads", "a daemonic process may not start processes")
    return Choice("processes", "with a GIL, Python code runs in one thread at a time")


def _is_python(fn: Any) -> bool:
    """Tell whether calling `fn` runs Python code, as far as can be seen from outside."""
    if isinstance(fn, type):
        return any(hasattr(getattr(fn, name, None), "__code__") for name in ("__init__", "__new__"))
    if getattr(fn, "__module__", None) == "allcores.kernels":
        return False  # thin Python around compiled code
    fn = getattr(fn, "__func__", fn)
    fn = getattr(fn, "__wrapped__", fn)
    return hasattr(fn, "__code__") or hasattr(_call_of(fn), "__code__")


def _call_of(fn: Any) -> Any:
    return vars(type(fn)).get("__call__") or getattr(type(fn), "__call__", None)  # noqa: B004


def _in_daemon() -> bool:
    process = sys.modules.get("multiprocessing.process")
    return process is not None and bool(process.current_process().daemon)
