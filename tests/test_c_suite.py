"""The C tests of csrc: built without Python and run, plain and under the sanitizers.

One test program a source, ``tests/c/test_<source>.c``; it is linked with the C files of its own
room and those below. The sanitizers are --heavy. TEST_SCALE makes stress tests smaller and leaves
out most of the large cases, others with each seed: for the sanitizers, and without --heavy. Kills
after every instruction run under make prove (PROVE=1), after one in a few always (``kill_step.h``).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "c"))

import c_builds
from c_builds import BUILDS, PROGRAMS, build_archive, build_program

KILLS = [path for path in PROGRAMS if path.stem.startswith("test_kill_")]


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
            made[kind] = build_archive(kind, tmp_path_factory.mktemp(f"csrc-{kind}"))
        return made[kind]

    return build


@pytest.mark.parametrize("kind", build_kinds())
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_c_program(
    program: Path, kind: str, objects, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Every check of one C test program holds."""
    quick = kind == "plain" and not request.config.getoption("--heavy")
    kind = "quick" if quick else kind
    built = c_builds.ahead.built(kind, program.stem) if c_builds.ahead is not None else None
    check(program, kind, objects, tmp_path, {}, built=built)


@pytest.mark.skipif(os.environ.get("PROVE") != "1", reason="minutes: make prove runs it")
@pytest.mark.parametrize("program", KILLS, ids=lambda path: path.stem)
def test_killed_after_every_instruction(program: Path, objects, tmp_path: Path) -> None:
    """What kill_step.h does for some k holds for each."""
    check(program, "plain", objects, tmp_path, {"KILL_STEP_EVERY": "1"}, limit=600)


def check(
    program: Path,
    kind: str,
    objects,
    tmp_path: Path,
    more: dict[str, str],
    limit: float = 300,
    built: Path | None = None,
) -> None:
    environment = BUILDS[kind][1]
    target = built or tmp_path / program.stem
    if built is None:
        build_program(program, kind, objects(kind), target)
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
