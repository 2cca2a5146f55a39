"""Negative controls: each stress test of tests/c fails, or hangs, on a deliberately broken build.

The table is tests/c/broken_builds.py. A row is built with one text of csrc exchanged, and its tests are
run alone (TEST_ONLY), with a time limit. The Python monitors have theirs beside them: tests/stress
(queue_broken.py), tests/linearizability (broken.py), tests/hostile, tests/c/model (model_mutants.py).
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
PROGRAMS = ROOT / "tests" / "c"
sys.path.insert(0, str(PROGRAMS))

from broken_builds import CONTROLS, EXEMPT, Control  # noqa: E402

COMPILER = os.environ.get("CC") or shutil.which("cc") or "gcc"
FLAGS = ["-std=c11", "-D_GNU_SOURCE=1", "-w", "-O2", "-ffp-contract=off", "-pthread", "-I"]
#: Many times what each of these tests takes.
LIMIT_S = 3.0
#: How often a broken program may pass before it counts as not noticed.
TRIES = 20

#: What starts threads or processes.
STARTS = re.compile(
    r"\b(?:check_threads|pthread_create|fork|stress_ok|kill_step_(?:some|all|from_))\("
)
HEAD = r"^(?:static|int|AC_UNUSED)[^;{}=]*?\b(\w+)\([^;{]*?\)"
FUNCTION = re.compile(HEAD + r" \{(.*?)(?:^\}|\}$)", re.MULTILINE | re.DOTALL)


def stress_tests(source: str) -> list[str]:
    """The tests of one program that start threads or processes, themselves or by what they call."""
    bodies = dict(FUNCTION.findall(source))

    def starts(name: str, seen: set[str]) -> bool:
        seen.add(name)
        body = bodies[name]
        called = [word for word in re.findall(r"\b\w+\b", body) if word in bodies and word not in seen]
        return bool(STARTS.search(body)) or any(starts(other, seen) for other in called)

    return [name for name in re.findall(r"\bRUN\((\w+)\)", source) if starts(name, set())]


def broken(control: Control) -> str:
    """The text of the file with the exchange made."""
    text = (CSRC / control.file).read_text()
    count = text.count(control.old)
    assert count == 1, f"{control.file}: {count} times, not once: {control.old!r}"
    return text.replace(control.old, control.new)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("controls")
    sources = sorted(CSRC.glob("*/*.c"))

    def build(source: Path) -> Path:
        target = folder / f"{source.stem}.o"
        subprocess.run([COMPILER, *FLAGS, str(CSRC), "-c", str(source), "-o", str(target)], check=True)
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(build, sources))
    subprocess.run(["ar", "rcs", str(folder / "libac.a"), *map(str, objects)], check=True)
    return folder / "libac.a"


def make(folder: Path, archive: Path, control: Control, change: bool = True) -> Path:
    """Build the row's program, on the broken csrc or on the sound one."""
    folder.mkdir(parents=True)
    extra = []
    if change:
        target = folder / control.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(broken(control))
        extra = [str(target)] if control.file.endswith(".c") else []
        extra += [str(CSRC / control.also)] if control.also else []
    command = [COMPILER, *FLAGS, str(folder), "-I", str(CSRC), "-I", str(PROGRAMS)]
    program = folder / "program"
    command += [str(PROGRAMS / f"{control.program}.c"), *extra, str(archive), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def outcome(program: Path, test: str, limit_s: float = LIMIT_S) -> str:
    """'passes', 'fails' or 'hangs'."""
    environment = {**os.environ, "TEST_ONLY": test, "TEST_SCALE": "50"}
    with subprocess.Popen(
        [str(program)], env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            return "passes" if process.wait(limit_s) == 0 else "fails"
        except subprocess.TimeoutExpired:
            return "hangs"
        finally:  # its children too
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def first_failure(program: Path, test: str, limit_s: float = LIMIT_S) -> str:
    """What a broken program says first that is no pass: threads must meet for some faults to show."""
    for _ in range(TRIES):
        said = outcome(program, test, limit_s)
        if said != "passes":
            return said
    return "passes"


def judge(folder: Path, archive: Path, control: Control) -> list[str]:
    """What is wrong with a row."""
    program = make(folder / "broken", archive, control)
    said = {test: first_failure(program, test) for test in control.tests}
    deaf = [test for test in said if said[test] == "passes"]
    hanging = [test for test in said if said[test] == "hangs"]
    slow = []
    if hanging:  # the limit must be one that a sound build keeps, also on a busy machine
        sound = make(folder / "sound", archive, control, change=False)
        for test in hanging:
            start = time.monotonic()
            passes = outcome(sound, test, 8 * LIMIT_S) == "passes"
            took = time.monotonic() - start
            if not passes:
                slow.append(test)
            elif took > LIMIT_S / 4 and first_failure(program, test, 4 * took) == "passes":
                deaf.append(test)
    name = control.program
    wrong = [f"{name}: {test} passes with {control.new!r} for {control.old!r}" for test in deaf]
    return wrong + [f"{name}: {test} fails or takes too long on a sound build" for test in slow]


@pytest.mark.heavy
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="breaks the Linux bodies")
def test_each_stress_test_fails_on_a_broken_build(archive: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        rows = [pool.submit(judge, tmp_path / str(i), archive, row) for i, row in enumerate(CONTROLS)]
        wrong = [line for row in rows for line in row.result()]
    assert not wrong, "\n".join(wrong)


@pytest.mark.heavy
def test_a_control_that_changes_nothing_is_noticed(archive: Path, tmp_path: Path) -> None:
    harmless = Control("test_ac_mutex", ("test_one_thread_at_a_time_is_inside",), "sync/ac_mutex.h",
                       "#define AC_MUTEX_H\n", "#define AC_MUTEX_H\nstruct ac_never;\n")  # fmt: skip
    assert judge(tmp_path, archive, harmless) != []


def test_every_stress_test_has_a_control() -> None:
    """The gate: a test that starts threads or processes stands in a row, or is exempt with a reason."""
    rows = {(control.program, test) for control in CONTROLS for test in control.tests}
    programs = {path.stem: path.read_text() for path in PROGRAMS.glob("test_*.c")}
    found = {(name, test) for name, source in programs.items() for test in stress_tests(source)}
    missing = sorted(f"{program}: {test}" for program, test in found - rows if test not in EXEMPT)
    assert not missing, f"no row in tests/c/broken_builds.py: {missing}"
    assert not rows - found, f"rows without a test: {sorted(rows - found)}"
    assert all(len(reason) > 30 for reason in EXEMPT.values())


def test_texts_of_controls_stand_once() -> None:
    for control in CONTROLS:
        broken(control)


def test_the_gate_sees_who_starts_threads() -> None:
    source = (
        "static void body(void) {\n    check_threads(2, f, a, 1);\n}\n"
        "static void far(void) {\n    body();\n}\nstatic void near(void) {\n    CHECK(1);\n}\n"
        "int main(void) {\n    RUN(far);\n    RUN(near);\n}\n"
    )
    assert stress_tests(source) == ["far"]
    assert "test_no_wake_is_lost" in stress_tests((PROGRAMS / "test_ac_event_count.c").read_text())
