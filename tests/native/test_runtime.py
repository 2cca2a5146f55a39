"""The process's pool as Python sees it: sizes, forks, signals, the environment."""

import os
import subprocess
import sys

import pytest

from allcores._native import runtime


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


KERNEL = "from allcores import kernels; from array import array; x = array('d', range(3_000_000))\n"


def test_the_simd_path_has_a_name() -> None:
    assert runtime.simd_path() in ("portable", "avx2", "avx512", "neon")


def test_the_environment_can_only_lower_the_simd_path() -> None:
    code = "from allcores._native import runtime; print(runtime.simd_path())"
    assert run(code, ALLCORES_SIMD="portable").stdout == "portable\n"
    foreign = "neon" if runtime.simd_path() != "neon" else "avx2"
    done = run(code, ALLCORES_SIMD=foreign)
    assert done.returncode != 0
    assert "unset it" in done.stderr


def test_workers_start_on_use_and_are_as_many_as_asked_for() -> None:
    code = KERNEL + (
        "from allcores._native import runtime\n"
        "before = runtime.pool_workers(); kernels.sum(x, threads=3)\n"
        "print(before, runtime.pool_workers(), runtime.stop_pool(), runtime.pool_workers())"
    )
    done = run(code)
    assert done.stdout == "0 2 True 0\n", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forking_after_a_kernel_warns_of_no_threads_and_both_go_on() -> None:
    code = KERNEL + (
        "import os\n"
        "first = kernels.sum(x, threads=4)\n"
        "pid = os.fork()\n"
        "again = kernels.sum(x, threads=4)\n"
        "if pid == 0: os._exit(0 if again == first else 1)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 and again == first\n"
        "print('end')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("end\n", "")


@pytest.mark.parametrize("wrong", [0, -1, 10**6, True, 1.5, "2"])
def test_a_wrong_number_of_threads_is_refused(wrong: object) -> None:
    kernels = pytest.importorskip("allcores.kernels")
    with pytest.raises((TypeError, ValueError), match="threads"):
        kernels.sum(b"abc", threads=wrong)


def test_the_default_follows_the_environment() -> None:
    code = KERNEL + (
        "from allcores._native import runtime\nkernels.sum(x)\nprint(runtime.pool_workers())"
    )
    assert run(code, ALLCORES_THREADS="4").stdout == "3\n"
