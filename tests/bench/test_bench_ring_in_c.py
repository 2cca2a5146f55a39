"""bench/c and its case: it builds, what it writes becomes tables, a missing rival is told."""

import shutil
from pathlib import Path

import pytest
from bench.cases import ring_in_c
from bench.harness.bars import judge
from bench.harness.contender import NotAvailable
from bench.rivals import c_rings

NEEDS_CC = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


@NEEDS_CC
def test_without_headers_our_rings_are_measured_and_rivals_are_told_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CXX_RIVALS", raising=False)
    made = ring_in_c.from_program(c_rings.measure(2, 0.001))
    assert [one.name for one in made] == [*ring_in_c.SECONDS_WHEN_SET, ring_in_c.SINGLE]
    for outcome in made[:-1]:
        assert outcome.standings[0].name == ring_in_c.MPMC
        assert len(outcome.standings[0].walls) == 2
        assert set(ring_in_c.RIVALS) <= set(outcome.absent)
    assert made[-1].standings[0].name == ring_in_c.SPSC
    for bar in ring_in_c.BARS:
        verdict = judge(bar, made)
        assert (verdict.reached is None) == (bar.rival != ring_in_c.WHEN_SET)
        assert verdict.reached is not None or verdict.reason == ring_in_c.ABSENT


def test_headers_are_found_wherever_they_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places = ["a/include/rigtorp/MPMCQueue.h", "b/c/concurrentqueue.h"]
    places += ["d/MPMCQueue.h", "a/a/a/concurrentqueue.h"]
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    monkeypatch.setenv("CXX_RIVALS", str(tmp_path))
    expected = ["-isystem", str(tmp_path / "a/include"), "-isystem", str(tmp_path / "b/c")]
    assert c_rings.include_flags() == expected


@NEEDS_CC
def test_what_the_compiler_says_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(c_rings, "OURS", ["--no-such-option-anywhere"])
    with pytest.raises(RuntimeError, match="no-such-option-anywhere"):
        c_rings.build(tmp_path)


def test_no_compiler_is_no_crash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NotAvailable, match="no C compiler"):
        c_rings.build(tmp_path)
