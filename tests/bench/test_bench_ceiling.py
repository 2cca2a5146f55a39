"""bench/harness/ceiling.py: independent processes that start together."""

import os
import subprocess
from pathlib import Path
from typing import Any

import crew_targets
import pytest
from bench.harness.ceiling import Ceiling
from bench.harness.contender import WrongAnswer

HERE = str(Path(__file__).parent)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes import crew_targets."""
    paths = [HERE, os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))


def test_the_units_of_all_processes_count() -> None:
    ceiling = Ceiling("two", crew_targets.counting, {"upto": 10_000}, 2)
    try:
        sample = ceiling.measure(3)
        assert sample.units % 6 == 0
        assert sample.units >= 6
        assert sample.checksum == str(sum(range(10_000)))
        assert sample.cpu_s > 0
    finally:
        ceiling.close()


def test_processes_that_wait_side_by_side_take_the_time_of_one() -> None:
    ceiling = Ceiling("two", crew_targets.sleeping, {"seconds": 0.5}, 2)
    try:
        # One after the other they could not be that fast; side by side a busy machine makes some late.
        for _ in range(6):
            sample = ceiling.measure(1)
            if sample.wall_per_unit < 0.5:
                break
    finally:
        ceiling.close()
    assert sample.wall_s >= 0.5 * sample.units / 2
    assert sample.wall_per_unit < 0.5, "one after the other they would need more"
    assert sample.cpu_s < sample.wall_s


def test_processes_that_disagree_fail() -> None:
    ceiling = Ceiling("two", crew_targets.disagreeing, {"upto": 1}, 2)
    try:
        with pytest.raises(WrongAnswer, match="disagree"):
            ceiling.measure(1)
    finally:
        ceiling.close()


def test_a_process_that_dies_is_told_with_its_exit_code() -> None:
    ceiling = Ceiling("two", crew_targets.dying, {"upto": 1}, 2)
    try:
        with pytest.raises(RuntimeError, match="exit code 7"):
            ceiling.measure(1)
    finally:
        ceiling.close()


def test_one_that_cannot_prepare_leaves_no_process_behind(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    started: list[subprocess.Popen[str]] = []

    class Remembered(subprocess.Popen):
        def __init__(self, *args: Any, **keywords: Any) -> None:
            super().__init__(*args, **keywords)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Remembered)
    with pytest.raises(RuntimeError, match="exit code"):
        Ceiling("two", crew_targets.counting, {"no such argument": 1}, 2)
    assert "no such argument" in capfd.readouterr().err
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)
