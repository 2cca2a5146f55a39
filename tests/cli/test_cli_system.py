"""What the command asks of the operating system."""

import os
import subprocess
import sys
import time

import pytest

from allcores.cli import system, system_other


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_processor_time_of_a_process_grows_as_it_computes() -> None:
    before = system.cpu_seconds_of(os.getpid())
    burn(0.15)
    grown = system.cpu_seconds_of(os.getpid()) - before
    assert 0.1 <= grown < 30


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for a signal")
def test_a_child_that_asks_for_it_ends_with_its_parent() -> None:
    child = (
        "import os, signal, time\n"
        "from allcores.cli.system import end_with_parent\n"
        "end_with_parent(signal.SIGKILL, os.getppid())\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(100)\n"
    )
    parent = (
        "import subprocess, sys, os, signal\n"
        f"pipe = dict(stdout=subprocess.PIPE, text=True)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], **pipe)\n"
        "print(child.stdout.readline(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, timeout=60)
    pid = int(done.stdout)
    deadline = time.monotonic() + 30
    while is_running(pid):
        assert time.monotonic() < deadline, "it outlives its parent"
        time.sleep(0)


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_other_systems_have_the_same_functions_that_change_nothing() -> None:
    assert system_other.adopt_orphans(True) is False
    system_other.end_with_parent(9, os.getpid())
    assert set(system.__all__) <= set(vars(system_other))
