"""terminate_tree: a process and all that it has started, also what does not want to."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from mp_helpers import PATIENCE, await_true, gone

from allcores import multiprocessing as mp


def grow_a_tree(queue: Any, depth: int, stubborn: bool) -> None:
    if stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    queue.put(os.getpid())
    if depth:
        for _ in range(2):
            mp.get_context("fork").Process(
                target=grow_a_tree, args=(queue, depth - 1, stubborn), outlive_parent=True
            ).start()
    else:
        other = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({PATIENCE})"])
        queue.put(other.pid)
    time.sleep(PATIENCE)


@pytest.mark.parametrize("stubborn", [False, True])
def test_all_of_the_tree_ends(fork, stubborn: bool) -> None:
    queue = fork.Queue()
    root = fork.Process(target=grow_a_tree, args=(queue, 2, stubborn))
    root.start()
    pids = [queue.get(timeout=PATIENCE) for _ in range(1 + 2 + 4 + 4)]
    begin = time.monotonic()
    root.terminate_tree(grace=0.3 if stubborn else PATIENCE)
    took = time.monotonic() - begin
    assert root.exitcode == -(signal.SIGKILL if stubborn else signal.SIGTERM)
    await_true(lambda: all(map(gone, pids)), "all have ended", PATIENCE / 2)
    assert took < PATIENCE / 2 and (took >= 0.3 or not stubborn)  # by themselves: PATIENCE


def breed(queue: Any) -> None:
    """Start a new process for ever, and do not want to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        pid = os.fork()
        if pid == 0:
            time.sleep(PATIENCE)
            os._exit(0)
        queue.put(pid)
        time.sleep(0.005)


def test_one_that_goes_on_starting_others(fork) -> None:
    queue = fork.Queue()
    root = fork.Process(target=breed, args=(queue,))
    root.start()
    pids = [queue.get(timeout=PATIENCE) for _ in range(5)]
    root.terminate_tree(grace=0.1)
    while not queue.empty():
        pids.append(queue.get(timeout=1))
    await_true(lambda: all(map(gone, pids)), "all have ended", 2)


def test_it_stays_within_the_tree(fork) -> None:
    bystander = fork.Process(target=time.sleep, args=(PATIENCE,))
    bystander.start()
    root = fork.Process(target=time.sleep, args=(PATIENCE,))
    root.start()
    root.terminate_tree()
    assert root.exitcode == -signal.SIGTERM and bystander.exitcode is None
    bystander.kill()
    bystander.join()
    root.terminate_tree()  # it has ended: nothing to do


def test_what_cannot_be_ended(fork) -> None:
    with pytest.raises(ValueError, match="not started"):
        fork.Process().terminate_tree()
    process = fork.Process()
    process.start()
    with pytest.raises(ValueError, match="grace"):
        process.terminate_tree(grace=-1)
    process.join()
