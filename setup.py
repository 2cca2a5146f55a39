"""The extension list, and nothing else: everything that can be said in pyproject.toml is there."""

import sys
import sysconfig
from glob import glob
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_py import build_py

NATIVE = "src/allcores/_native"
HEADERS = sorted(glob("csrc/**/*.h", recursive=True) + glob(f"{NATIVE}/*.h"))
CFLAGS = ["-std=c11", "-D_GNU_SOURCE=1", "-O3", "-ffp-contract=off", "-fno-strict-aliasing", "-pthread"]
# What a module exports is its PyInit alone: no calls by way of a table, and functions can be inlined.
CFLAGS.append("-fvisibility=hidden")
# Cython 3.3's way from tp_new to a vectorcall frees what it has not set when memory fails in between.
CFLAGS.append("-DCYTHON_VECTORCALL_TPNEW=0")
DIRECTIVES = {
    "language_level": 3,
    "binding": False,  # methods stay PyMethodDescr, which the interpreter specialises
    "freethreading_compatible": True,  # importing us must not turn the GIL back on
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "embedsignature": True,
    "embedsignature.format": "clinic",
}

# One body a system. Those for macOS and Windows are compiled by tests/test_other_machines.py, and have
# not run anywhere yet.
SYSTEM = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
WAIT = [f"csrc/wait/ac_wait_{SYSTEM}.c"]

# Queues of Python objects run attached to the interpreter: where it has a GIL, the GIL serialises
# them, and csrc/base/ac_guarded.h turns their atomics into plain accesses.
HAS_GIL = not sysconfig.get_config_var("Py_GIL_DISABLED")
GUARD = [("AC_GUARDED_BY_LOCK", "1")] if HAS_GIL else []


def module(
    name: str, sources: list[str], macros: list[tuple[str, str | None]] | None = None
) -> Extension:
    """Describe allcores._native.<name>: its .pyx and the C sources that are linked into it."""
    return Extension(
        f"allcores._native.{name}",
        [f"{NATIVE}/{name}.pyx", *sources],
        include_dirs=["csrc", NATIVE],
        define_macros=macros or [],
        depends=HEADERS,
        extra_compile_args=CFLAGS,
        extra_link_args=["-pthread"],
    )


MODULES = [
    # ac_process.c holds the process's one pool: it is linked into this module and no other.
    module("runtime", [*WAIT, "csrc/sched/ac_pool.c", "csrc/sched/ac_process.c"]),
    module("sched", []),
    module("queues", WAIT, GUARD),
    module("sync", WAIT, GUARD),
    module("kernels", sorted(glob("csrc/kernels/*.c"))),
]
if sys.platform == "linux":  # robust locks and sealed memory files, so far written for Linux alone
    MODULES.append(module("shm", [*WAIT, *sorted(glob("csrc/shm/*.c"))]))
    region = ["csrc/shm/ac_shm_region_linux.c", "csrc/shm/ac_shared_id_linux.c"]
    MODULES.append(module("shm_sync", [*WAIT, *region]))



class BuildWithHeaders(build_py):
    """Puts the headers of csrc into allcores/include, where get_include() looks first."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # get_include() finds csrc itself
            return
        for header in sorted(Path("csrc").rglob("*.h")):
            target = Path(self.build_lib, "allcores", "include", header.relative_to("csrc"))
            self.mkpath(str(target.parent))
            self.copy_file(str(header), str(target))


setup(
    ext_modules=cythonize(MODULES, compiler_directives=DIRECTIVES, nthreads=2),
    cmdclass={"build_py": BuildWithHeaders},
)
