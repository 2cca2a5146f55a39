"""The compiled modules: the only door to csrc.

Importing this package looks whether every module is there for the running interpreter, so that an
unbuilt tree says what to type instead of naming a missing file.
"""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES

from allcores._common.version import missing_compiled

MODULES: tuple[str, ...] = ("runtime", "sched", "queues", "sync", "kernels")
MODULES += ("shm",) if sys.platform == "linux" else ()

_here = os.path.dirname(__file__)
_files = frozenset(os.listdir(_here))
for _name in MODULES:
    if not any(_name + suffix in _files for suffix in EXTENSION_SUFFIXES):
        raise missing_compiled(f"{__name__}.{_name}")
