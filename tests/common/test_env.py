"""The environment variables: what is accepted, and what the errors say."""

import pytest

from allcores._common import env


@pytest.mark.parametrize(("text", "number"), [("", None), ("  ", None), ("1", 1), (" 12 ", 12)])
def test_threads(monkeypatch: pytest.MonkeyPatch, text: str, number: int | None) -> None:
    monkeypatch.setenv("ALLCORES_THREADS", text)
    assert env.read_threads() == number


@pytest.mark.parametrize("text", ["0", "-2", "two", "1.5"])
def test_bad_threads(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ALLCORES_THREADS", text)
    with pytest.raises(ValueError, match=r"ALLCORES_THREADS=.*whole number"):
        env.read_threads()


def test_simd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLCORES_SIMD", raising=False)
    assert env.read_simd() is None
    monkeypatch.setenv("ALLCORES_SIMD", " AVX2 ")
    assert env.read_simd() == "avx2"
    monkeypatch.setenv("ALLCORES_SIMD", "sse9")
    with pytest.raises(ValueError, match="portable avx2"):
        env.read_simd()


@pytest.mark.parametrize(("text", "debug"), [("", False), ("0", False), (" 1 ", True)])
def test_debug(monkeypatch: pytest.MonkeyPatch, text: str, debug: bool) -> None:
    monkeypatch.setenv("ALLCORES_DEBUG", text)
    assert env.read_debug() is debug


def test_bad_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLCORES_DEBUG", "yes")
    with pytest.raises(ValueError, match=r"ALLCORES_DEBUG=.*expected 1 or 0"):
        env.read_debug()
