"""The compiled modules: the only door to csrc.

Importing this package looks whether every module is there for the running interpreter, so that an
unbuilt tree says what to type instead of naming a missing file; and whether this is the main
interpreter: a sub-interpreter that shares the GIL would else get the modules, and the main one be
refused them later.
"""

import os
import sys
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES

from allcores._common.version import missing_compiled
from allcores.errors import NativeImportError

MODULES: tuple[str, ...] = ("runtime", "sched", "queues", "sync", "kernels")
MODULES += ("shm",) if sys.platform == "linux" else ()


def in_main_interpreter() -> bool:
    """Return whether this is the main interpreter, as far as this version of Python can tell."""
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            module = import_module(name)
            return bool(module.get_current() == module.get_main())
        except (ImportError, AttributeError):
            pass
    return True


if not in_main_interpreter():
    raise NativeImportError(
        "allcores does not support loading in subinterpreters: its compiled modules belong to the main "
        "interpreter of the process. Import it there, and use its threads or processes"
    )

_here = os.path.dirname(__file__)
_files = frozenset(os.listdir(_here))
for _name in MODULES:
    if not any(_name + suffix in _files for suffix in EXTENSION_SUFFIXES):
        raise missing_compiled(f"{__name__}.{_name}")
