"""allcores: use every core. See ``allcores.explain()`` for what was chosen on this machine."""

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
