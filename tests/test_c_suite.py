"""The C tests of csrc: built without Python and run, plain and under the sanitizers.

One test program a source, ``tests/c/test_<source>.c``; it is linked with the C files of its own
room and those below. The sanitizers are --heavy. TEST_SCALE makes stress tests smaller and leaves
out most of the large cases, others with each seed: for the sanitizers, and without --heavy. Kills
after every instruction run under make prove (PROVE=1), after one in a few always (``kill_step.h``).
"""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
PROGRAMS = sorted((ROOT / "tests" / "c").glob("test_*.c"))
KILLS = [path for path in PROGRAMS if path.stem.startswith("test_kill_")]
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


def build_kinds() -> list[object]:
    return [
        pytest.param(kind, marks=[] if kind == "plain" else [pytest.mark.heavy])
        for kind in BUILDS
        if kind != "quick"
    ]


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory):
    """Compile every C file of csrc once for a kind of build; return the objects as an archive."""
    made: dict[str, Path] = {}

    def build(kind: str) -> Path:
        if kind not in made:
            folder = tmp_path_factory.mktemp(f"csrc-{kind}")
            commands = []
            for source in sorted(CSRC.glob("*/*.c")):
                target = folder / (source.stem + ".o")
                flags = [*STRICT, *BUILDS[kind][0], "-I", str(CSRC)]
                commands.append([COMPILER, *flags, "-c", str(source), "-o", str(target)])
            run_all(commands)
            archive = folder / "libac.a"
            subprocess.run(
                ["ar", "rcs", str(archive), *map(str, sorted(folder.glob("*.o")))], check=True
            )
            made[kind] = archive
        return made[kind]

    return build


def run_all(commands: list[list[str]]) -> None:
    """Run compilers side by side, as many as there are processors; fail with what they printed."""

    def one(command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    width = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    with ThreadPoolExecutor(width) as pool:
        for done in pool.map(one, commands):
            assert done.returncode == 0, f"{' '.join(done.args)}\n{done.stdout}"


@pytest.mark.parametrize("kind", build_kinds())
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_c_program(
    program: Path, kind: str, objects, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Every check of one C test program holds."""
    quick = kind == "plain" and not request.config.getoption("--heavy")
    check(program, "quick" if quick else kind, objects, tmp_path, {})


@pytest.mark.skipif(os.environ.get("PROVE") != "1", reason="minutes: make prove runs it")
@pytest.mark.parametrize("program", KILLS, ids=lambda path: path.stem)
def test_killed_after_every_instruction(program: Path, objects, tmp_path: Path) -> None:
    """What kill_step.h does for some k holds for each."""
    check(program, "plain", objects, tmp_path, {"KILL_STEP_EVERY": "1"}, limit=600)


def check(
    program: Path, kind: str, objects, tmp_path: Path, more: dict[str, str], limit: float = 300
) -> None:
    flags, environment = BUILDS[kind]
    target = tmp_path / program.stem
    command = [COMPILER, *STRICT, *flags, "-I", str(CSRC), "-I", str(program.parent)]
    command += [str(program), str(objects(kind)), "-lm", "-o", str(target)]
    run_all([command])
    done = subprocess.run(
        [str(target)],
        env={**os.environ, **environment, **more},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=limit,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stderr[-4000:]}"
