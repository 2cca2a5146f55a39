"""The compiled modules under hostile arguments, without memory, and in development mode.

Whatever may crash or hang runs in a child process with a time limit.
"""

import ast
import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GROUPS = ["queue", "threading", "kernels", "parallel", "multiprocessing"]
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def child(*arguments: str, limit: float) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT / "src"), str(HERE), os.environ.get("PYTHONPATH", "")])
    try:
        return subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)},
            capture_output=True, text=True, errors="replace", timeout=limit, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"{arguments} hangs:\n{late.stdout!r}\n{late.stderr!r}") from None


def must_end(done: subprocess.CompletedProcess[str]) -> None:
    said = f"exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
    assert done.returncode == 0 and done.stdout.endswith("end\n"), said


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("group", GROUPS)
def test_no_arguments_crash_or_hang_the_interpreter(
    group: str, threads: int, seed: int, request: pytest.FixtureRequest
) -> None:
    seconds = 3.0 if request.config.getoption("--heavy") else 0.3
    must_end(child(str(HERE / "fuzz_child.py"), group, str(seconds), str(seed), str(threads), limit=90))


@pytest.mark.heavy
def test_the_fuzzer_notices_a_crash_a_hang_and_a_broken_rule(tmp_path: Path) -> None:
    """Its subjects are exchanged for one with a defect."""
    defects = {
        "crash": ("ctypes.string_at(0)", 3.0),
        "hang": ("hang()", 3.0),
        "rule": ("broken()", 3.0),
    }
    for name, (call, limit) in defects.items():
        program = tmp_path / f"{name}.py"
        program.write_text(
            "import ctypes, sys, time, signal, hostile_values\n"
            "def hang():\n"
            "    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\n"
            "    time.sleep(3600)\n"
            "def broken(): raise SystemError('returned NULL without setting an exception')\n"
            f"def subject(*args, **names): {call}\n"
            "hostile_values.GROUPS['queue'] = [subject]\n"
            "import fuzz_child\n"
            "sys.argv = ['fuzz_child', 'queue', '0.3', '1', '1']\n"
            "fuzz_child.main()\n"
        )
        if name == "hang":
            with pytest.raises(AssertionError, match="hangs"):
                child(str(program), limit=limit)
            continue
        with pytest.raises(AssertionError, match="exit"):
            must_end(child(str(program), limit=30))


def stub_names() -> set[str]:
    """Functions, and public methods and constructors of classes, as the stubs of _native have them."""
    names = set()
    for path in sorted((ROOT / "src" / "allcores" / "_native").glob("*.pyi")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                names.add(f"{path.stem}.{node.name}")
            for part in node.body if isinstance(node, ast.ClassDef) else []:
                is_call = isinstance(part, ast.FunctionDef) and not any(
                    ast.unparse(mark).endswith(("property", "setter")) for mark in part.decorator_list
                )
                if is_call and (not part.name.startswith("_") or part.name == "__init__"):
                    names.add(f"{path.stem}.{node.name}.{part.name}")
    return names


def test_every_native_call_is_made_without_memory() -> None:
    """The gate: each stands in nomemory_native.py with an operation, or is exempt with a reason."""
    sys.path.insert(0, str(HERE))
    try:
        import nomemory_native
    finally:
        sys.path.remove(str(HERE))
    missing = sorted(stub_names() - set(nomemory_native.NATIVE) - set(nomemory_native.EXEMPT))
    assert not missing, f"no operation in tests/hostile/nomemory_native.py: {missing}"
    assert all(len(reason) > 30 for reason in nomemory_native.EXEMPT.values())
    assert "sched.run_range" in stub_names() and "shm_sync.Place.leave" in stub_names()


@pytest.mark.skipif(
    FREE_THREADED,
    reason="PyList_New of free-threaded 3.13 itself crashes when the memory for its items fails",
)
@pytest.mark.skipif(
    importlib.util.find_spec("_testcapi") is None, reason="this interpreter has no _testcapi"
)
@pytest.mark.skipif(
    sys.version_info < (3, 12),
    reason="3.11's list([x]) itself keeps x for ever when the memory for its items fails",
)
@pytest.mark.heavy
def test_no_failed_allocation_crashes_leaks_or_corrupts() -> None:
    """Each operation, with its first, second, ... allocation failing."""
    must_end(child(str(HERE / "nomemory_child.py"), limit=120))


@pytest.mark.skipif(
    importlib.util.find_spec("_testcapi") is None, reason="this interpreter has no _testcapi"
)
def test_nothing_is_left_behind(request: pytest.FixtureRequest) -> None:
    """Blocks and items, after many rounds of each operation; and the check notices what is kept."""
    every = ["--all"] if request.config.getoption("--heavy") else []
    must_end(child(str(HERE / "leak_child.py"), *every, limit=120))
    done = child(str(HERE / "leak_child.py"), "--leak", limit=120)
    assert "kept: " in done.stdout and done.stdout.endswith("leaks\n"), done.stdout


@pytest.mark.heavy
def test_the_native_tests_pass_in_development_mode() -> None:
    """``python -X dev``: debug hooks of the allocators, every warning an error, resources closed."""
    done = child(
        "-X", "dev", "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider",
        *(
            str(ROOT / "tests" / "native" / f"test_{name}.py")
            for name in ("queues", "sync", "queues_select")
        ),
        limit=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "ResourceWarning" not in done.stdout + done.stderr
