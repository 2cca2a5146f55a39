"""The stopwatch: passes add up, and the processor time of children counts while they live and after."""

import sys

import pytest
from cli_helpers import run_python

from allcores.cli.jobs.stopwatch import Stopwatch


def test_passes_add_up() -> None:
    watch = Stopwatch()
    for _ in range(3):
        with watch:
            sum(range(10_000))
    assert watch.passes == 3
    assert watch.cpu_seconds > 0
    assert watch.seconds > 0


def test_it_cannot_be_started_twice_or_stopped_unstarted() -> None:
    watch = Stopwatch()
    with pytest.raises(RuntimeError, match="does not run"):
        watch.stop()
    watch.start()
    with pytest.raises(RuntimeError, match="runs already"):
        watch.start()


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for a living child's clock")
@pytest.mark.parametrize("joined", [False, True])
def test_what_children_use_is_counted(joined: bool) -> None:
    code = """
import multiprocessing, sys, time
from allcores.cli.jobs.stopwatch import Stopwatch

def burn(pipe):
    end = time.process_time() + 0.2
    while time.process_time() < end: pass
    pipe.send("done")
    pipe.recv()

context = multiprocessing.get_context("fork")
ours, theirs = context.Pipe()
watch = Stopwatch()
child = context.Process(target=burn, args=(theirs,))
child.start()
watch.start()
assert ours.recv() == "done"
if sys.argv[1] == "True":
    ours.send("end")
    child.join()
watch.stop()
assert 0.19 <= watch.cpu_seconds <= 0.4, watch.cpu_seconds
if sys.argv[1] != "True":
    ours.send("end")
    child.join()
"""
    done = run_python(code, joined)
    assert done.returncode == 0, done.stderr
