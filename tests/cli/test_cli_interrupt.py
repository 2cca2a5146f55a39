"""Ctrl-C at any moment: within a second, exit code 130, and nothing is left behind."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_helpers import LIMIT, Mark, environment

#: What is promised is one second; a busy machine adds its own, so that some may be late.
_PROMISED = 1.0

_JOBS = ("words", "parse", "pipeline", "order", "cpu")


def _abandoned(names: set[str]) -> list[str]:
    """Return what lies in shared memory and no living process has mapped: others use it too."""
    mapped = ""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                mapped += Path(f"/proc/{entry}/maps").read_text()
            except OSError:
                pass  # it ended meanwhile, or is not ours
    still_there = set(os.listdir("/dev/shm"))
    return sorted(name for name in names & still_there if f"/dev/shm/{name}" not in mapped)


def _interrupt_once(choose: random.Random, latest_s: float, tmp_path: Path) -> float:
    """Return how many seconds it took to end."""
    jobs = choose.choice([*_JOBS, ",".join(_JOBS)])
    path, temporary = tmp_path / "out.json", tmp_path / "temporary"
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "allcores", "speedup", "--jobs", jobs, "--json", str(path)]
    if choose.random() < 0.3:
        command += ["--quick"]
    shared = set(os.listdir("/dev/shm"))
    mark = Mark()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(TMPDIR=str(temporary), **mark.env),
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()  # from here on a KeyboardInterrupt is the command's to handle
    time.sleep(choose.uniform(0, latest_s))  # the random moment: this test asks about all of them
    # A terminal sends it to the whole foreground group, `kill -INT` to one process.
    send = choose.choice([os.kill, os.killpg])
    begin = time.monotonic()
    if process.poll() is None:
        send(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=LIMIT)
    taken = time.monotonic() - begin
    if process.returncode == 0:
        path.unlink()  # a quick run that was over: its file is whole, and not the next one's
        return taken
    assert process.returncode == 130, errors.decode()
    assert errors == b""
    assert mark.living() == []
    assert list(tmp_path.rglob("*")) == [temporary]
    # Other programs come and go there too: what is ours would stay.
    deadline = time.monotonic() + 20
    while left := _abandoned(set(os.listdir("/dev/shm")) - shared):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    return taken


def test_control_c_leaves_nothing(seed: int, tmp_path: Path) -> None:
    choose = random.Random(seed)
    taken = sorted(_interrupt_once(choose, 1.5, tmp_path) for _ in range(3))
    assert taken[0] < _PROMISED, taken


@pytest.mark.heavy
def test_control_c_leaves_nothing_at_many_moments(
    seed: int, tmp_path: Path
) -> None:
    choose = random.Random(seed)
    taken = sorted(_interrupt_once(choose, 3.0, tmp_path) for _ in range(20))
    assert taken[5] < _PROMISED, taken
