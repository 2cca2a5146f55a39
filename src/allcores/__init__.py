"""allcores: use every core. See ``allcores.explain()`` for what was chosen on this machine."""

import sys as _sys

# Maybe this is the command, and not a program that uses the library: see quiet_start.
if getattr(_sys, "argv", None) and _sys.argv[0].endswith(("-m", "allcores", "allcores.exe")):
    import _signal as _s  # type: ignore[import-not-found]  # signal imports for a millisecond

    # Until the handler is there, Ctrl-C waits.
    _kept = _s.pthread_sigmask(_s.SIG_BLOCK, [_s.SIGINT]) if hasattr(_s, "SIG_BLOCK") else None
    try:
        from allcores._common import quiet_start as _quiet_start

        _quiet_start.begin()
    finally:
        if _kept is not None:
            _s.pthread_sigmask(_s.SIG_SETMASK, _kept)

from allcores._common.cpus import cpu_count
from allcores._common.version import VERSION as __version__

TYPE_CHECKING = False  # type checkers take it for true; importing typing would cost milliseconds
if TYPE_CHECKING:
    from allcores import kernels, multiprocessing, parallel, queue, threading
    from allcores._common.headers import get_include
    from allcores.explanation import explain

__all__ = ["__version__", "cpu_count", "explain", "get_include"]
__all__ += ["kernels", "multiprocessing", "parallel", "queue", "threading"]

_MODULES = frozenset({"kernels", "multiprocessing", "parallel", "queue", "threading"})


def __getattr__(name: str) -> object:
    """Import a front-end when it is first asked for."""
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"allcores.{name}")
    if name == "explain":
        from allcores.explanation import explain

        globals()["explain"] = explain
        return explain
    if name == "get_include":
        from allcores._common.headers import get_include

        globals()["get_include"] = get_include
        return get_include
    raise AttributeError(f"module 'allcores' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
