"""Builds the scheduler's half of ``bench/c`` and runs it; OpenMP and oneTBB where they are."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bench.harness.contender import NotAvailable
from bench.rivals.c_rings import COMMON, CSRC, HERE, OURS, _compiler, _run

TBB = Path("oneapi/tbb/task_group.h")


def measure(rounds: int, cell_s: float, threads: int) -> dict[str, Any]:
    """Build and run everything; return what the program wrote.

    Raises
    ------
    NotAvailable
        There is no C compiler.
    RuntimeError
        Something does not compile, or a result was wrong; the message is the program's.
    """
    with tempfile.TemporaryDirectory(prefix="allcores-sched-") as folder:
        program = build(Path(folder))
        command = [str(program), "--json", "--rounds", str(rounds), "--cell", str(cell_s)]
        found: dict[str, Any] = json.loads(_run([*command, "--threads", str(threads)]))
        return found


def build(folder: Path) -> Path:
    """Compile the program into a folder and return its path."""
    cc, cxx = _compiler("CC", "cc", "gcc", "clang"), _compiler("CXX", "c++", "g++", "clang++")
    if cc is None:
        raise NotAvailable("there is no C compiler (cc, gcc, clang or what CC names)")
    openmp = ["-fopenmp"] if _accepts(cc, "-fopenmp", folder) else []
    include, library = find_tbb()
    with_tbb = None not in (include, library, cxx)
    sources = [HERE / "sched_bench.c", HERE / "sched_ours.c"]
    sources += [*sorted((CSRC / "sched").glob("*.c")), CSRC / "wait" / "ac_wait_linux.c"]
    sources += [] if with_tbb else [HERE / "sched_no_tbb.c"]
    objects = []
    for source in [*sources, HERE / "sched_omp.c"]:
        objects.append(str(folder / f"{source.stem}.o"))
        extra = openmp if source.stem == "sched_omp" else []
        _run([*cc, *OURS, *COMMON, *extra, "-c", str(source), "-o", objects[-1]])
    program, linker, link = folder / "sched_bench", cc, ["-pthread", *openmp]
    if with_tbb:
        assert cxx is not None
        assert library is not None
        linker = cxx
        objects.append(str(folder / "sched_tbb.o"))
        flags = ["-std=c++17", *COMMON, "-isystem", str(include)]
        _run([*cxx, *flags, "-c", str(HERE / "sched_tbb.cpp"), "-o", objects[-1]])
        link += [str(library), f"-Wl,-rpath,{library.parent}"]
    _run([*linker, *objects, *link, "-o", str(program)])
    return program


def find_tbb() -> tuple[Path | None, Path | None]:
    """Return the include directory and the library of oneTBB below ``CXX_RIVALS``."""
    root = os.environ.get("CXX_RIVALS")
    if not root:
        return None, None
    headers = sorted(Path(root).rglob(TBB.name))
    found = [path for path in headers if path.parts[-3:] == TBB.parts]
    libraries = [path for path in sorted(Path(root).rglob("libtbb.so*")) if path.exists()]
    include = found[0].parents[2] if found else None
    return include, libraries[0].resolve() if libraries else None


def _accepts(compiler: list[str], flag: str, folder: Path) -> bool:
    source = folder / "try.c"
    source.write_text("int main(void) { return 0; }\n")
    command = [*compiler, flag, str(source), "-o", str(folder / "try")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
