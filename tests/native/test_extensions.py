"""A small extension module of somebody else, compiled against allcores and run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import allcores

SCRIPT = Path(__file__).with_name("third_party") / "build_and_run.py"


@pytest.mark.heavy
def test_a_cython_module_of_somebody_else_shares_the_pool(tmp_path: Path) -> None:
    pytest.importorskip("Cython", reason="Cython is not installed")
    pytest.importorskip("setuptools", reason="setuptools is not installed")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.endswith("works\n"), (done.stdout + done.stderr)[-4000:]
    if "t" in sys.abiflags:
        assert "gil False" in done.stdout


def test_the_headers_are_found() -> None:
    include = Path(allcores.get_include())
    for header in ("sched/ac_client.h", "queues/ac_records.h", "sync/ac_latch.h"):
        assert (include / header).is_file()
