"""Progress: nothing without a terminal, a bar on one, a call to the caller's function."""

import builtins
import io
import sys

import pytest

from allcores._common import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_shown_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bar = progress.open_progress(True, 10)
    bar.update(5)
    bar.close()
    assert capsys.readouterr().err == ""


def test_a_callable_is_told_both_numbers() -> None:
    calls: list[tuple[int, int | None]] = []
    bar = progress.open_progress(lambda done, total: calls.append((done, total)), 3)
    bar.update(1)
    bar.update(2)
    bar.close()
    assert calls == [(1, 3), (2, 3)]


@pytest.mark.parametrize("total", [4, None, 0])
def test_the_line_shows_how_far_it_came(monkeypatch: pytest.MonkeyPatch, total: int | None) -> None:
    without_tqdm(monkeypatch)
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    bar = progress.open_progress(True, total)
    for done in range(1, 5):
        bar.update(done)
    bar.close()
    text = screen.getvalue()
    assert ("100%" in text and "4/4" in text) if total else "4 items" in text
    assert text.endswith("\n")


def test_tqdm_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm", reason="an optional extra")
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    bar = progress.open_progress(True, 4)
    bar.update(4)
    bar.close()
    assert "4/4" in screen.getvalue()


def without_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def fake(name, *args, **kwargs):
        if name == "tqdm":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", fake)
