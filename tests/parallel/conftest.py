"""The library of C functions that the tests of for_range run."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("range_functions.c")


@pytest.fixture(scope="session")
def library_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    target = tmp_path_factory.mktemp("range") / "range_functions.so"
    command = [compiler, "-std=c11", "-D_GNU_SOURCE=1", "-O2", "-shared", "-fPIC"]
    subprocess.run([*command, str(SOURCE), "-o", str(target)], check=True)
    return target


@pytest.fixture(scope="session")
def library(library_path: Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(library_path))
