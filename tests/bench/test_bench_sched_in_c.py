"""The scheduler's half of bench/c and its case: it builds, runs, and becomes tables."""

import shutil
from pathlib import Path

import pytest
from bench.cases import sched_in_c
from bench.harness.bars import judge
from bench.rivals import c_sched

NEEDS_CC = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


def sample(seconds: float) -> dict[str, float]:
    return {"wall_s": seconds, "cpu_s": seconds, "units": 1}


def test_tables_and_bars_from_what_the_program_writes() -> None:
    contenders = [
        {"name": "allcores", "samples": [sample(1.0), sample(1.0)]},
        {"name": "OpenMP", "samples": [sample(2.0), sample(2.0)]},
    ]
    tables = [{"name": name, "contenders": contenders} for name in sched_in_c.UNITS]
    made = sched_in_c.from_program({"comparisons": tables, "absent": ["oneTBB"]})
    verdicts = [judge(bar, made) for bar in sched_in_c.BARS]
    assert [verdict.reached for verdict in verdicts] == [True, True, True, None]
    assert verdicts[3].reason == sched_in_c.ABSENT["oneTBB"]


@NEEDS_CC
@pytest.mark.heavy  # the case itself, which test_bench_cases.py runs, builds it too
def test_the_program_builds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CXX_RIVALS", raising=False)
    assert c_sched.build(tmp_path).is_file()


@NEEDS_CC
@pytest.mark.heavy
def test_the_program_runs_and_checks_its_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX_RIVALS", raising=False)
    made = sched_in_c.from_program(c_sched.measure(1, 0.001, 2))
    assert [one.name for one in made] == list(sched_in_c.UNITS)
    assert all("oneTBB" in one.absent for one in made)


def test_onetbb_is_found_below_the_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for place in ("a/include/oneapi/tbb/task_group.h", "a/include/tbb/task_group.h", "b/libtbb.so.12"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    monkeypatch.setenv("CXX_RIVALS", str(tmp_path))
    assert c_sched.find_tbb() == (tmp_path / "a/include", tmp_path / "b/libtbb.so.12")
    monkeypatch.delenv("CXX_RIVALS")
    assert c_sched.find_tbb() == (None, None)
