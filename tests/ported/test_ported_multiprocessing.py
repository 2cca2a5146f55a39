"""CPython's own tests of `multiprocessing`, run on our contexts.

One process runs one TestCase class. With ``fork`` the short ones are in the default run; the rest, and the
other start methods, are heavy.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import left_out_processes
import pytest
from ported_worker import no_test_package

import allcores

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"

#: Seconds for one class; the longest takes 15 here.
LIMIT = 150

SHORT = (
    "_TestLock",
    "_TestSemaphore",
    "_TestValue",
    "_TestArray",
    "_TestSharedCTypes",
    "TestSimpleQueue",
)
LONG = (
    "_TestCondition",
    "_TestEvent",
    "_TestBarrier",
    "_TestProcess",
    "_TestSubclassingProcess",
    "_TestConnection",
    "_TestPoll",
    "_TestPicklingConnections",
    "_TestQueue",
    "_TestPool",
    "_TestPoolWorkerErrors",
    "_TestPoolWorkerLifetime",
    "TestWait",
)

needs_tests = pytest.mark.skipif(no_test_package() is not None, reason=str(no_test_package()))


def run_case(method: str, case: str, subject: str = "ours") -> dict[str, list[str]]:
    """Run a class in a process of its own; return what came of each test."""
    not_run = [
        entry.test.partition(".")[2]
        for entry in left_out_processes.TESTS
        if entry.how == "not run" and left_out_processes.left_out(entry.test, method) is entry
    ]
    paths = [str(HERE), str(Path(allcores.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    child = subprocess.Popen(
        [sys.executable, str(HERE / "ported_mp_child.py"), case, str(LIMIT), *not_run],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PORTED_MP_SUBJECT": subject,
            "PORTED_MP_METHOD": method,
        },
    )
    try:
        out, errors = child.communicate(timeout=LIMIT + 10)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, errors = child.communicate()
    assert child.returncode == 0, f"exit {child.returncode}\n{out[-300:]}\n{errors[-4000:]}"
    return json.loads(out.splitlines()[-1])


def check(method: str, case: str) -> None:
    """Run a class, and hold what came of it against the list."""
    found = run_case(method, case)
    assert found, f"{case} has no tests"
    faults = []
    for test, (outcome, text) in found.items():
        entry = left_out_processes.left_out(f"{case}.{test}", method)
        how = entry.how if entry else "passes"
        expected = {"passes": "passed", "fails": "failed", "skips": "skipped"}.get(how, how)
        if outcome != expected:
            faults.append(f"{case}.{test} {outcome}, expected: {expected}\n{text}")
    for entry in left_out_processes.TESTS:
        name, _, test = entry.test.partition(".")
        if name == case and left_out_processes.left_out(entry.test, method) is entry:
            assert test in found, f"{entry.test} is listed, and not there"
    assert not faults, "\n".join(faults)


@needs_tests
@pytest.mark.parametrize("case", SHORT)
def test_cpython_fork(case: str) -> None:
    check("fork", case)


@needs_tests
@pytest.mark.heavy
@pytest.mark.parametrize("case", LONG)
def test_cpython_fork_long(case: str) -> None:
    check("fork", case)


@needs_tests
@pytest.mark.heavy
@pytest.mark.parametrize("case", SHORT + LONG)
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_cpython_spawned(method: str, case: str) -> None:
    check(method, case)


@needs_tests
def test_a_broken_lock_is_noticed() -> None:
    assert run_case("fork", "_TestLock", "broken")["test_lock"][0] == "failed"


@needs_tests
def test_every_class_for_processes_is_run_or_listed() -> None:
    code = (
        "import test._test_multiprocessing as m\n"
        "for name, cls in vars(m).items():\n"
        "    if isinstance(cls, type) and issubclass(cls, m.BaseTestCase) and cls is not m.BaseTestCase:\n"
        "        if 'processes' in cls.ALLOWED_TYPES and hasattr(cls, 'ALLOWED_TYPES'):\n"
        "            print(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    there = set(done.stdout.split())
    assert there, done.stderr
    assert there - set(SHORT + LONG) - set(left_out_processes.CLASSES) == set()


def test_readme_shows_the_list() -> None:
    begin, end = "<!-- left out processes: begin -->\n", "<!-- left out processes: end -->"
    shown = README.read_text().split(begin)[1].split(end)[0]
    assert shown.strip() == left_out_processes.tables().strip(), (
        "run: python tests/ported/left_out_processes.py"
    )
