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


def test_a_sub_interpreter_that_comes_first_is_refused_too() -> None:
    # One that shares the GIL could load the modules, and would keep the main interpreter from them.
    code = (
        "try: import _interpreters as i\n"
        "except ImportError: import _xxsubinterpreters as i\n"
        "try: one = i.create('legacy')\n"
        "except TypeError: one = i.create(isolated=False)\n"
        "inner = '''try:\n    import allcores.queue\n    print('no error')\n"
        "except ImportError as error: print('refused:', error)\n'''\n"
        "i.run_string(one, inner); i.destroy(one)\n"
        "import allcores.queue; print(allcores.queue.Queue().qsize())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    if "No module named '_xxsubinterpreters'" in done.stderr:
        pytest.skip("this interpreter has no sub-interpreters")
    said = "refused: allcores does not support loading in subinterpreters"
    assert done.stdout.startswith(said), done.stdout + done.stderr
    assert done.stdout.endswith("\n0\n"), done.stdout + done.stderr
