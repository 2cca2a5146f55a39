"""How the C tests are built; as a program, builds all of them ahead: c_builds.py FOLDER KIND...

Compiling a hundred programs takes longer than running them, and the tests before them leave a
processor idle half of the time. So `conftest.py` starts this file beside them, of low priority. What
it has made stands in FOLDER/KIND/ under the program's name, complete from the moment it is there.
"""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"
PROGRAMS = sorted(HERE.glob("test_*.c"))
COMPILER = os.environ.get("CC") or shutil.which("cc") or "gcc"

#: The flags of the issue's contract; no Python include path.
STRICT = ["-std=c11", "-D_GNU_SOURCE=1", "-Wall", "-Wextra", "-Werror"]
STRICT += ["-g", "-ffp-contract=off", "-pthread"]

BUILDS = {
    "plain": (["-O3"], {}),
    # what stands for it without --heavy: compiles in half the time
    "quick": (["-O2"], {"TEST_SCALE": "25"}),
    "address": (
        ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
        {"TEST_SCALE": "20", "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "halt_on_error=1"},
    ),
    "thread": (
        ["-O1", "-fsanitize=thread"],
        {"TEST_SCALE": "10", "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"},
    ),
}


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


def run_all(commands: list[list[str]], width: int = 0) -> None:
    """Run compilers side by side, as many as there are processors; fail with what they printed."""

    def one(command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    with ThreadPoolExecutor(width or processors()) as pool:
        for done in pool.map(one, commands):
            assert done.returncode == 0, f"{' '.join(done.args)}\n{done.stdout}"


def build_archive(kind: str, folder: Path, width: int = 0) -> Path:
    """Compile every C file of csrc for a kind of build; return the objects as an archive."""
    commands = []
    for source in sorted(CSRC.glob("*/*.c")):
        target = folder / (source.stem + ".o")
        flags = [*STRICT, *BUILDS[kind][0], "-I", str(CSRC)]
        commands.append([COMPILER, *flags, "-c", str(source), "-o", str(target)])
    run_all(commands, width)
    archive = folder / "libac.a"
    subprocess.run(["ar", "rcs", str(archive), *map(str, sorted(folder.glob("*.o")))], check=True)
    return archive


def build_program(program: Path, kind: str, archive: Path, target: Path) -> None:
    """Compile a test program, and link it with the archive."""
    command = [COMPILER, *STRICT, *BUILDS[kind][0], "-I", str(CSRC), "-I", str(HERE)]
    run_all([[*command, str(program), str(archive), "-lm", "-o", str(target)]])


class Ahead:
    """The process that builds ahead, and what it has made so far."""

    #: Longer than a program takes to compile, unless others leave that process no time.
    PATIENCE_S = 60.0

    def __init__(self, folder: Path, kinds: list[str]) -> None:
        self._folder = folder
        # A session of its own: then its many short processes count as one beside the tests.
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(folder), *kinds],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def built(self, kind: str, name: str) -> Path | None:
        """Wait for a program or an archive. None: it could not be built, or that takes too long."""
        target = self._folder / kind / name
        if kind not in self._process.args:
            return None
        until = time.monotonic() + self.PATIENCE_S
        while not target.exists() and self._process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        return target if target.exists() else None

    def end(self) -> None:
        """End it, and the compilers it runs."""
        try:
            os.killpg(self._process.pid, 9)
        except ProcessLookupError:
            pass
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


#: The one of this run of pytest; `conftest.py` starts and ends it.
ahead: Ahead | None = None


def main(folder: Path, kinds: list[str]) -> None:
    os.nice(10)
    try:
        Path("/proc/self/autogroup").write_text("10")  # where sessions share the processors
    except OSError:
        pass
    width = max(1, processors() - 1)
    for kind in kinds:
        made = folder / kind
        scratch = folder / f"{kind}.unfinished"
        made.mkdir()
        scratch.mkdir()
        archive = build_archive(kind, scratch, width).rename(made / "libac.a")

        def one(program: Path, kind: str = kind, archive: Path = archive) -> None:
            target = folder / f"{kind}.unfinished" / program.stem
            build_program(program, kind, archive, target)
            target.rename(folder / kind / program.stem)

        with ThreadPoolExecutor(width) as pool:
            # A failure is no news here: the test builds its program itself, and says what is wrong.
            for future in [pool.submit(one, program) for program in PROGRAMS]:
                future.exception()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
