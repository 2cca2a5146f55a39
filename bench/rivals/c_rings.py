"""Builds ``bench/c`` with the system's compilers and runs it: rings in C, and in C++ where given.

The C++ rings are no part of this repository. ``CXX_RIVALS`` names a directory that holds their
sources, one after the other and anywhere below it; `bench/c/README.md` says where they come from.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.harness.contender import NotAvailable

HERE = Path(__file__).resolve().parents[1] / "c"
CSRC = HERE.parents[1] / "csrc"
HEADERS = ("rigtorp/MPMCQueue.h", "rigtorp/SPSCQueue.h")
HEADERS += ("atomic_queue/atomic_queue.h", "concurrentqueue.h")
COMMON = ["-O3", "-Wall", "-Wextra", "-DNDEBUG", "-pthread", f"-I{HERE}"]
OURS = ["-std=c11", "-D_GNU_SOURCE=1", "-ffp-contract=off", "-fno-strict-aliasing", f"-I{CSRC}"]


def measure(rounds: int, cell_s: float) -> dict[str, Any]:
    """Build and run everything; return what the program wrote.

    Raises
    ------
    NotAvailable
        There is no C compiler.
    RuntimeError
        Something does not compile, or a ring lost an item; the message is the program's.
    """
    with tempfile.TemporaryDirectory(prefix="allcores-rings-") as folder:
        program = build(Path(folder))
        command = [str(program), "--json", "--rounds", str(rounds), "--cell", str(cell_s)]
        found: dict[str, Any] = json.loads(_run(command))
        return found


def build(folder: Path) -> Path:
    """Compile the program into a folder and return its path."""
    cc, cxx = _compiler("CC", "cc", "gcc", "clang"), _compiler("CXX", "c++", "g++", "clang++")
    if cc is None:
        raise NotAvailable("there is no C compiler (cc, gcc, clang or what CC names)")
    include = include_flags()
    with_rivals = bool(include) and cxx is not None
    objects = []
    for source in ("ring_bench.c", "ring_ours.c", *(() if with_rivals else ("ring_no_rivals.c",))):
        objects.append(str(folder / f"{source}.o"))
        _run([*cc, *OURS, *COMMON, "-c", str(HERE / source), "-o", objects[-1]])
    if with_rivals:
        assert cxx is not None
        objects.append(str(folder / "ring_rivals.o"))
        flags = ["-std=c++17", *COMMON, *include]
        _run([*cxx, *flags, "-c", str(HERE / "ring_rivals.cpp"), "-o", objects[-1]])
    program = folder / "ring_bench"
    linker = cxx if with_rivals and cxx is not None else cc
    _run([*linker, *objects, "-pthread", "-o", str(program)])
    return program


def include_flags() -> list[str]:
    """Return the compiler's options for the headers found below ``CXX_RIVALS``."""
    root = os.environ.get("CXX_RIVALS")
    if not root:
        return []
    flags = []
    for header in HEADERS:
        name = Path(header)
        # The one nearest to the top: a project may keep another file of that name further down.
        for found in sorted(Path(root).rglob(name.name), key=lambda path: (len(path.parts), path)):
            if found.parts[-len(name.parts) :] == name.parts:
                flags += ["-isystem", str(Path(*found.parts[: -len(name.parts)]))]
                break
    return flags


def _compiler(variable: str, *names: str) -> list[str] | None:
    chosen = os.environ.get(variable, "").split()
    if chosen:
        return chosen
    return next(([name] for name in names if shutil.which(name)), None)


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise RuntimeError(f"{command[0]} ended with exit code {done.returncode}: {said}")
    return done.stdout
