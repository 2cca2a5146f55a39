"""One version everywhere, and an import that says what to do when the parts do not fit."""

import re
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import allcores
from allcores._common.version import VERSION, check_compiled, missing_compiled
from allcores.errors import NativeImportError

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(allcores.__file__).parent


def test_python_and_c_carry_the_same_version() -> None:
    header = (ROOT / "csrc" / "base" / "ac_base.h").read_text()
    assert re.search(r'#define AC_VERSION "([^"]+)"', header)[1] == VERSION == allcores.__version__


def test_the_changelog_knows_this_version() -> None:
    assert VERSION in (ROOT / "CHANGELOG.md").read_text()


def test_another_version_is_refused_with_what_to_type() -> None:
    check_compiled("m", VERSION)
    with pytest.raises(NativeImportError, match=r"is of allcores 9\.9.*Type '.*pip install"):
        check_compiled("m", "9.9")
    assert "make build" in str(missing_compiled("m"))


def copy_package(target: Path) -> Path:
    shutil.copytree(PACKAGE, target / "allcores", ignore=shutil.ignore_patterns("__pycache__", "*.c"))
    return target / "allcores"


def import_in_child(path: Path) -> str:
    code = "import allcores.queue"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=path,
    )
    return "" if done.returncode == 0 else done.stderr


def test_an_unbuilt_tree_says_what_to_type(tmp_path: Path) -> None:
    package = copy_package(tmp_path)
    assert import_in_child(tmp_path) == ""
    for suffix in EXTENSION_SUFFIXES:
        for path in (package / "_native").glob(f"queues{suffix}"):
            path.unlink()
    error = import_in_child(tmp_path)
    assert "NativeImportError" in error
    assert "allcores._native.queues is missing" in error
    assert "make build" in error


def test_a_build_of_another_version_says_what_to_type(tmp_path: Path) -> None:
    package = copy_package(tmp_path)
    source = package / "_common" / "version.py"
    source.write_text(source.read_text().replace(f'VERSION = "{VERSION}"', 'VERSION = "77.0"'))
    error = import_in_child(tmp_path)
    assert f"is of allcores {VERSION}" in error
    assert "77.0" in error
    assert "make build" in error
