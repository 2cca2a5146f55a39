"""The protocol models of tests/c/spin, searched by Spin: no lost wake-up, no deadlock.

Each model names its configurations and its mutants in its head comment. A configuration must hold; a
mutant must not, or the model would not notice what it is about. The short ones run always where
``spin`` is installed (``apt-get install spin``), all of them under ``make prove`` (PROVE=1).
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

MODELS = Path(__file__).resolve().parent / "c" / "spin"
PROVE = os.environ.get("PROVE") == "1"

#: Configurations of a second or less.
SHORT = {
    ("event_count", "raise"),
    ("pool_sleep", "idle2"),
    ("robust_lock", "two"),
    ("shm_lane", "one"),
    ("shm_claims", "two"),
    ("shared_lock", "live"),
}
SHORT_MUTANTS = {"NO_BATON", "NO_REPAIR"}

#: Their mutants fall within a second: to compile well takes longer than to search.
FALL_AT_ONCE = {"shm_lane", "shm_claims", "shared_lock"}

#: What the models share.
SHARED = {"ec", "kills"}

pytestmark = pytest.mark.skipif(
    shutil.which("spin") is None or shutil.which("cc") is None,
    reason="needs the model checker Spin and a C compiler: apt-get install spin gcc",
)


class Model(NamedTuple):
    """What the head comment of a model says."""

    configs: dict[str, list[str]]
    mutants_only: set[str]
    mutants: dict[str, str]


def read_model(text: str) -> Model:
    found = re.findall(r"^ \* (config|mutants-only) (\w+): +(.*)$", text, re.MULTILINE)
    return Model(
        {name: flags.split() for _, name, flags in found},
        {name for kind, name, _ in found if kind == "mutants-only"},
        dict(re.findall(r"^ \* mutant (\w+) (\w+):", text, re.MULTILINE)),
    )


def all_cases() -> list[object]:
    cases = []
    for path in sorted(MODELS.glob("*.pml")):
        model = read_model(path.read_text())
        for config in model.configs:
            if config in model.mutants_only:
                continue
            marks = [] if (path.stem, config) in SHORT or PROVE else [skipped]
            cases.append(pytest.param(path.stem, config, None, marks=marks, id=f"{path.stem}-{config}"))
        for mutant, config in model.mutants.items():
            name = f"{path.stem}-{config}-{mutant}"
            marks = [] if PROVE or mutant in SHORT_MUTANTS else [skipped]
            cases.append(pytest.param(path.stem, config, mutant, marks=marks, id=name))
    return cases


skipped = pytest.mark.skip(reason="the long searches and most mutants: make prove runs them")


def search(folder: Path, name: str, flags: list[str], optimise: str) -> str:
    """Compile the searcher of one model and run it; return what it says."""
    for path in MODELS.glob("*.pml"):
        shutil.copy(path, folder)
    made = subprocess.run(
        ["spin", "-a", *flags, f"{name}.pml"], cwd=folder, capture_output=True, text=True
    )
    assert made.returncode == 0 and "Error" not in made.stdout, made.stdout + made.stderr
    subprocess.run(["cc", optimise, "-w", "-DSAFETY", "-o", "pan", "pan.c"], cwd=folder, check=True)
    done = subprocess.run(
        ["./pan", "-m100000"], cwd=folder, capture_output=True, text=True, timeout=280
    )
    said = done.stdout + done.stderr
    # A search that stopped early proves nothing.
    for trouble in ("max search depth too small", "Search not completed", "out of memory"):
        assert "errors: 0" not in said or trouble not in said, said
    return said


@pytest.mark.parametrize(("name", "config", "mutant"), all_cases())
def test_model(name: str, config: str, mutant: str | None, tmp_path: Path) -> None:
    """The configuration holds in every state; the mutant does not."""
    model = read_model((MODELS / f"{name}.pml").read_text())
    flags = [*model.configs[config], *([] if mutant is None else [f"-D{mutant}"])]
    optimise = "-O1" if mutant is None or name not in FALL_AT_ONCE else "-O0"
    said = search(tmp_path, name, flags, optimise)
    errors = re.search(r"errors: (\d+)", said)
    assert errors is not None, said
    if mutant is not None:
        assert errors.group(1) != "0", f"{mutant} survives in {config}:\n{said}"
        assert "invalid end state" in said or "assertion violated" in said, said
        return
    states = re.search(r"(\d+) states, stored", said)
    print(f"{name} {config}: {states.group(1) if states else '?'} states")
    if errors.group(1) != "0":
        trail = subprocess.run(
            ["spin", "-t", "-p", *flags, f"{name}.pml"], cwd=tmp_path, capture_output=True, text=True
        )
        pytest.fail(f"{said}\n{trail.stdout[-6000:]}")


def test_every_mutant_is_read_by_its_model() -> None:
    """A mutant that its model does not mention would never differ from it."""
    shared = "".join((MODELS / f"{name}.pml").read_text() for name in SHARED)
    for path in sorted(MODELS.glob("*.pml")):
        text = path.read_text()
        model = read_model(text)
        assert path.stem in SHARED or (model.configs and model.mutants), path.name
        code = text[text.index("*/") :] + (shared if path.stem not in SHARED else "")
        for mutant, config in model.mutants.items():
            assert config in model.configs, f"{path.name}: {mutant} names no configuration"
            assert re.search(rf"\b{mutant}\b", code), f"{path.name}: {mutant} changes nothing"
