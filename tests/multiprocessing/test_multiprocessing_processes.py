"""`Process`: what it raised, and that it ends with its parent; `wait`."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from mp_helpers import (
    METHODS,
    PATIENCE,
    await_true,
    fork_once,
    gone,
    raise_it,
    run_script,
    sleep_long,
    tell_pid_and_sleep,
)

from allcores import multiprocessing as mp
from allcores.errors import RemoteError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="lifelines are Linux's so far")


def run(ctx, target, *args, **options):
    process = ctx.Process(target=target, args=args, **options)
    process.start()
    process.join(PATIENCE)
    return process


# -- exception ------------------------------------------------------------------------------------


def test_the_parent_sees_what_the_child_raised_and_where(ctx, capfd) -> None:
    process = run(ctx, raise_it, "value")
    assert process.exitcode == 1
    assert type(process.exception) is ValueError
    assert process.exception.args == ("boom", 3)
    assert 'raise ValueError("boom", 3)' in str(process.exception.__cause__)
    assert process.exception is process.exception
    if ctx.get_start_method() != "forkserver":  # whose children write where their server writes
        assert "ValueError: ('boom', 3)" in capfd.readouterr().err  # as the standard one


def test_the_whole_chain_is_in_the_traceback(fork, capfd) -> None:
    error = run(fork, raise_it, "chain").exception
    assert str(error) == "outer"
    assert "KeyError: 'inner'" in str(error.__cause__)


@pytest.mark.parametrize("kind", ["unpicklable", "strange"])
def test_an_exception_that_cannot_be_brought_over_comes_in_words(fork, capfd, kind: str) -> None:
    error = run(fork, raise_it, kind).exception
    assert type(error) is RemoteError
    assert ("Strange" if kind == "strange" else "holds a lambda") in str(error)
    assert "raise_it" in error.traceback


def test_a_large_exception_needs_no_reader(fork, capfd) -> None:
    assert len(str(run(fork, raise_it, "large").exception)) == 1_000_000


def test_an_interrupt_is_an_exception_and_an_exit_is_none(fork, capfd) -> None:
    assert type(run(fork, raise_it, "interrupt").exception) is KeyboardInterrupt
    process = run(fork, raise_it, "exit")
    assert (process.exitcode, process.exception) == (7, None)
    process = run(fork, raise_it, "nothing")
    assert (process.exitcode, process.exception) == (0, None)


def test_a_killed_child_has_raised_nothing(ctx) -> None:
    process = ctx.Process(target=sleep_long)
    assert process.exception is None
    process.start()
    assert process.exception is None
    process.kill()
    process.join(PATIENCE)
    assert (process.exitcode, process.exception) == (-signal.SIGKILL, None)


class WithRun(mp.get_context("fork").Process):
    """A subclass in the old style."""

    def run(self) -> None:
        raise_it("value")


def test_a_subclass_with_its_own_run_reports_too(capfd) -> None:
    process = WithRun()
    process.start()
    process.join(PATIENCE)
    assert process.exception.args == ("boom", 3)


def test_processes_leave_no_descriptor(fork, capfd) -> None:
    run(fork, raise_it, "value")
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        process = run(fork, raise_it, "value")
        assert process.exception is not None
        process.close()
        run(fork, raise_it, "nothing")  # never asked
    del process
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before
    started = run(fork, raise_it, "nothing")
    with pytest.raises(AssertionError, match="twice"):
        started.start()


# -- wait -----------------------------------------------------------------------------------------


def test_wait_gives_those_that_have_ended(ctx) -> None:
    quick = ctx.Process(target=raise_it, args=("nothing",))
    slow = ctx.Process(target=sleep_long)
    for process in (slow, quick):
        process.start()
    assert mp.wait([slow, quick], PATIENCE) == [quick]
    assert mp.wait([slow], 0) == []
    assert mp.wait([slow], 0.01) == []
    slow.kill()
    assert mp.wait([slow]) == [slow]
    assert mp.wait([slow, quick]) == [slow, quick]
    for process in (slow, quick):
        process.join()


# -- the end of the parent ------------------------------------------------------------------------

#: A parent of two children, each of which has two: tells all six pids, and its own, then sleeps.
FAMILY = """
    import sys, time
    from allcores import multiprocessing as mp
    from mp_helpers import start_and_sleep

    if __name__ == "__main__":
        import os
        method = sys.argv[1]
        ctx = mp.get_context(method)
        queue = ctx.Queue()
        for _ in range(2):
            ctx.Process(
                target=start_and_sleep, args=(queue, method, 1), outlive_parent=len(sys.argv) > 2
            ).start()
        print(os.getpid(), *(queue.get(timeout=20) for _ in range(6)), flush=True)
        time.sleep(60)
"""


def start_family(folder: Path, *args: str) -> tuple["subprocess.Popen[str]", list[int]]:
    import textwrap

    path = folder / "family.py"
    path.write_text(textwrap.dedent(FAMILY))
    parent = subprocess.Popen(
        [sys.executable, "-W", "error", str(path), *args],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 7
    return parent, pids


@pytest.mark.parametrize("method", METHODS)
def test_children_and_theirs_end_with_a_parent_that_is_killed(tmp_path: Path, method: str) -> None:
    parent, pids = start_family(tmp_path, method)
    assert not any(gone(pid) for pid in pids)
    parent.kill()
    parent.wait()
    took = await_true(lambda: all(gone(pid) for pid in pids), "every child has ended")
    assert took < PATIENCE / 2  # at once; those that do not notice live for longer
    parent.stdout.close()


@pytest.mark.parametrize("method", METHODS)
def test_outlive_parent_opts_out(tmp_path: Path, method: str) -> None:
    parent, pids = start_family(tmp_path, method, "outlive")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        time.sleep(0.3)  # it must not happen: there is nothing to wait for
        alive = [pid for pid in pids[1:] if not gone(pid)]
        assert len(alive) == 6
    finally:
        for pid in pids[1:]:
            if not gone(pid):
                os.kill(pid, signal.SIGKILL)


def test_a_parent_that_dies_before_its_child_runs_takes_it_along(tmp_path: Path) -> None:
    # The child's start is delayed by a hook, in which the parent is killed.
    code = """
        import os, signal, sys, time
        from allcores import multiprocessing as mp

        parent = os.fork()
        if parent == 0:
            def die_first():
                os.kill(os.getppid(), signal.SIGKILL)
                while os.getppid() == parent_pid:
                    time.sleep(0.001)
            parent_pid = os.getpid()
            read, write = os.pipe()
            os.register_at_fork(after_in_child=die_first)
            mp.get_context("fork").Process(target=print, args=("alive",)).start()
            time.sleep(30)
        os.waitpid(parent, 0)
        time.sleep(0.2)
    """
    assert run_script(tmp_path, code) == ""


def test_an_elder_sibling_is_not_kept_alive_by_a_younger_that_outlives(tmp_path: Path) -> None:
    code = """
        import os, sys, time
        from allcores import multiprocessing as mp
        from mp_helpers import await_true, gone, tell_pid_and_sleep

        queue = mp.Queue()
        parent = os.fork()
        if parent == 0:
            ctx = mp.get_context("fork")
            ctx.Process(target=tell_pid_and_sleep, args=(queue,)).start()
            elder = queue.get()
            ctx.Process(target=tell_pid_and_sleep, args=(queue,), outlive_parent=True).start()
            if os.fork() == 0:  # and one of which nobody knows
                os.closerange(0, 3)
                time.sleep(3)
                os._exit(0)
            queue.put(elder)
            os._exit(0)
        os.waitpid(parent, 0)
        pids = [queue.get(), queue.get()]
        await_true(lambda: any(gone(pid) for pid in pids), "the elder has ended", 2)
        assert not all(gone(pid) for pid in pids)
        for pid in pids:
            if not gone(pid):
                os.kill(pid, 9)
    """
    run_script(tmp_path, code)


def test_a_child_that_forks_is_not_warned_of_threads(ctx) -> None:
    q = ctx.Queue()
    process = run(ctx, fork_once, q)
    assert process.exception is None
    assert q.get(timeout=PATIENCE) == 1  # threads


def test_a_child_does_not_end_with_the_thread_that_started_it() -> None:
    ctx = mp.get_context("spawn")
    q = ctx.Queue()
    process = ctx.Process(target=tell_pid_and_sleep, args=(q,))
    thread = threading.Thread(target=process.start)
    thread.start()
    thread.join()
    pid = q.get(timeout=PATIENCE)
    assert not process.exitcode
    assert not gone(pid)
    process.kill()
    process.join()


def test_a_child_that_is_closed_or_forgotten_while_it_runs_goes_on(fork) -> None:
    q = mp.Queue()
    process = fork.Process(target=tell_pid_and_sleep, args=(q,))
    process.start()
    pid = q.get(timeout=PATIENCE)
    with pytest.raises(ValueError, match="still running"):
        process.close()
    del process
    gc.collect()
    assert not gone(pid)
    (process,) = mp.active_children()
    process.terminate()
    process.join(PATIENCE)
