"""Which backend is chosen, for which kind of function."""

import functools
import zlib

import pytest

from allcores.parallel import choice


class Callable:
    def __call__(self, x: int) -> int:
        return x

    def method(self, x: int) -> int:
        return x


def python(x: int) -> int:
    return x


@pytest.mark.parametrize(
    "fn", [python, lambda x: x, Callable(), Callable().method, functools.partial(python), Callable]
)
def test_python_code_wants_processes_only_under_a_gil(fn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "gil_enabled", lambda: True)
    if fn is not Callable:  # a class without a Python __init__ is compiled code
        assert choice.choose_backend(fn).backend == "processes"
    monkeypatch.setattr(choice, "gil_enabled", lambda: False)
    picked = choice.choose_backend(fn)
    assert picked.backend == "threads"
    assert "no GIL" in picked.reason


@pytest.mark.parametrize("fn", [zlib.crc32, len, functools.partial(pow, 2)])
def test_compiled_functions_get_threads(fn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "gil_enabled", lambda: True)
    assert choice.choose_backend(fn).backend == "threads"


def test_our_kernels_get_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = pytest.importorskip("allcores.kernels")
    monkeypatch.setattr(choice, "gil_enabled", lambda: True)
    assert choice.choose_backend(kernels.sort).backend == "threads"


def test_a_daemonic_process_gets_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "gil_enabled", lambda: True)
    monkeypatch.setattr(choice, "_in_daemon", lambda: True)
    assert choice.choose_backend(python).backend == "threads"
