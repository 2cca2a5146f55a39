"""Queues under what may crash or hang an interpreter: each scenario in its process, on every queue.

The scenarios are in queue_objects.py, queue_interrupts.py and queue_lives.py; queue_child.py runs one.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import queue_child

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

pytestmark = pytest.mark.skipif(
    not (hasattr(os, "fork") and Path("/proc/self/statm").exists()), reason="signals and /proc of Linux"
)


#: For each scenario a defect that it must notice, and the words it notices it with.
NOTICED = [
    ("conservation", "Losing", "lost"),
    ("conservation", "Doubling", "others twice"),
    ("conservation", "Swapping", "wrong order"),
    ("leaks", "Keeping", "more objects"),
    ("interrupts_strict", "Interruptible", "not got"),
    ("forks", "Swapping", "child failed"),
]
NOTICED_SLOWLY = [
    ("conservation", "Keeping", "never freed"),
    ("finalizers", "Losing", "put, [0-9]+ got"),
    ("weak_callbacks", "Losing", "put, [0-9]+ got"),
    ("nests", "Keeping", "still alive"),
    ("cycles", "Keeping", "never freed"),
    ("handlers", "Losing", "lost"),
    ("interrupts_loose", "Doubling", "came twice"),
    ("batons", "Sleeping", "a wake was lost"),
    ("bursts", "Sleeping", "a wake was lost"),
    ("bounds", "Losing", "lost"),
    ("shutdowns", "Losing", "lost"),
    ("forks_among_collections", "Swapping", "child failed"),
]


def run(name: str, seconds: float, seed: int, *broken: str) -> None:
    path = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    try:
        done = subprocess.run(
            [sys.executable, str(HERE / "queue_child.py"), name, str(seconds), str(seed), *broken],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))},
            timeout=2 * seconds + 150,
        )
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"{name} hangs:\n{late.stdout!r}\n{late.stderr!r}") from None
    right = done.returncode == 0 and done.stdout.endswith("end\n")
    # An interrupt that lands in a callback of the interpreter's own is reported there, and is over.
    quiet = done.stderr == "" or name.startswith("interrupts")
    assert right and quiet, (
        f"{name} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    )


@pytest.mark.parametrize("name", queue_child.SCENARIOS)
def test_a_queue_withstands(name: str, seed: int, request: pytest.FixtureRequest) -> None:
    run(name, 5.0 if request.config.getoption("--heavy") else 0.3, seed)


@pytest.mark.parametrize(
    ("name", "broken", "words"),
    [*NOTICED, *(pytest.param(*case, marks=pytest.mark.heavy) for case in NOTICED_SLOWLY)],
)
def test_a_scenario_notices_a_defect(name: str, broken: str, words: str, seed: int) -> None:
    with pytest.raises(AssertionError, match=f"(?s)^{name} ended with 1:.*Error.*{words}"):
        run(name, 0.2, seed, broken)


def test_each_scenario_is_known_to_notice_something() -> None:
    assert {case[0] for case in NOTICED + NOTICED_SLOWLY} == set(queue_child.SCENARIOS)


#: Python files with stress tests, monitors or kills, and the test that breaks something under them.
#: What is killed between processes is csrc: there its controls are, a row or more for each test.
CONTROLS = {
    "stress/test_queues_stress.py": "stress/test_queues_stress.py::test_a_scenario_notices_a_defect",
    "linearizability/test_queue_histories.py":
        "linearizability/test_broken_queues.py::test_a_broken_queue_is_noticed_among_threads",
    "native/test_queues_async_hostile.py":
        "native/test_queues_async_hostile.py::test_a_broken_queue_is_noticed",
    "hostile/test_hostile.py":
        "hostile/test_hostile.py::test_the_fuzzer_notices_a_crash_a_hang_and_a_broken_rule",
    "multiprocessing/test_multiprocessing_kills.py":
        "test_c_controls.py::test_each_stress_test_fails_on_a_broken_build",
    "multiprocessing/test_multiprocessing_kills_parties.py":
        "test_c_controls.py::test_each_stress_test_fails_on_a_broken_build",
    "multiprocessing/test_multiprocessing_locks_kills.py":
        "test_c_controls.py::test_each_stress_test_fails_on_a_broken_build",
}  # fmt: skip


def test_each_stress_file_has_a_control() -> None:
    """The gate: a new file of this sort names the test that shows that it notices something."""
    tests = HERE.parent
    found = {
        str(path.relative_to(tests))
        for path in tests.rglob("test_*.py")
        if "_kills" in path.name or "_hostile" in path.name or "mark.stress\n" in path.read_text()
    }
    assert found == set(CONTROLS), f"no control, or no such file: {sorted(found ^ set(CONTROLS))}"
    for control in CONTROLS.values():
        name, _, test = control.partition("::")
        assert f"def {test}(" in (tests / name).read_text(), control


@pytest.mark.stress
@pytest.mark.heavy
@pytest.mark.parametrize("name", queue_child.SCENARIOS)
def test_a_queue_withstands_for_long(name: str, seed: int, stress_seconds: float) -> None:
    """STRESS_SECONDS are shared out among the scenarios."""
    run(name, stress_seconds / len(queue_child.SCENARIOS), seed)
