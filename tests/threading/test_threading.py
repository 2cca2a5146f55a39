"""The module: every name of the standard one is there, ours are ours, the rest are its own objects."""

import subprocess
import sys
import threading as std

import pytest

from allcores import threading as ours


def test_every_public_name_of_the_standard_module_is_there() -> None:
    for name in std.__all__:
        assert name in ours.__all__
        mine, theirs = getattr(ours, name), getattr(std, name)
        assert (mine is theirs) == (name not in ours.OWN), name


def test_documented_names_outside_all_and_private_ones_fall_through() -> None:
    assert ours.ThreadError is std.ThreadError
    assert ours._shutdown is std._shutdown  # type: ignore[attr-defined]
    assert set(dir(std)) <= set(dir(ours))
    with pytest.raises(AttributeError, match=r"'allcores\.threading' has no attribute 'Fred'"):
        ours.Fred  # noqa: B018


def test_star_import_gives_all_of_it() -> None:
    names: dict[str, object] = {}
    exec("from allcores.threading import *", names)
    assert set(ours.__all__) <= set(names)
    assert names["Event"] is ours.Event
    assert names["Thread"] is std.Thread


def test_importing_it_leaves_the_gil_off() -> None:
    if not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled():
        pytest.skip("this interpreter has a GIL")
    code = "import sys, allcores.threading; print(sys._is_gil_enabled())"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "False", done.stderr
