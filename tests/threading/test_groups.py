"""ThreadGroup: all threads end with the block, all errors come out of it, cancelling reaches all."""

import gc
import os
import signal
import subprocess
import sys
import threading as std
import time
import weakref

import pytest

from allcores.errors import TaskCancelled
from allcores.threading.groups import ThreadGroup

DEADLINE = 20.0


def child(code: str) -> subprocess.CompletedProcess[str]:
    prelude = (
        "import os, signal, sys, time, threading as std\n"
        "from allcores.threading.groups import ThreadGroup\n"
        "main = std.get_ident()\n"
        "def interrupt(): signal.pthread_kill(main, signal.SIGINT)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", prelude + code], capture_output=True, text=True, timeout=DEADLINE
    )


def fail(error: BaseException) -> None:
    raise error


# -- results --------------------------------------------------------------------------------------


def test_the_block_ends_when_all_threads_have_and_results_are_there() -> None:
    before = set(std.enumerate())
    with ThreadGroup() as g:
        tasks = [g.start(lambda n, *, add: n + add, n, add=10) for n in range(20)]
        assert tasks[3].result(DEADLINE) == 13
    assert set(std.enumerate()) <= before  # one of an earlier test may have ended meanwhile
    assert [task.result() for task in tasks] == list(range(10, 30))
    assert all(task.done() and task.exception() is None for task in tasks)
    assert "done" in repr(tasks[0]) and "left" in repr(g)


def test_tasks_start_tasks() -> None:
    seen = []

    def grow(depth: int) -> None:
        seen.append(depth)
        if depth:
            g.start(grow, depth - 1)
            g.start(grow, depth - 1)

    with ThreadGroup() as g:
        g.start(grow, 4)
    assert len(seen) == 31


def test_names() -> None:
    names = []
    with ThreadGroup("pages") as g:
        for _ in range(2):
            g.start(lambda: names.append(std.current_thread().name))
    assert sorted(names) == ["pages-1", "pages-2"]
    assert ThreadGroup().name != ThreadGroup().name


def test_a_result_that_is_late() -> None:
    with ThreadGroup() as g:
        task = g.start(g.cancelled.wait, DEADLINE)
        with pytest.raises(TimeoutError, match=task.name):
            task.result(0.01)
        assert "running" in repr(task)
        g.cancel()
    assert task.result() is True


def test_max_threads() -> None:
    lock, running, most, order = std.Lock(), [0], [0], []

    def work(n: int) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
            order.append(n)
        time.sleep(0.001)
        with lock:
            running[0] -= 1

    with ThreadGroup(max_threads=3) as g:
        tasks = [g.start(work, n) for n in range(50)]
    assert all(task.done() for task in tasks)
    assert 1 <= most[0] <= 3 and sorted(order) == list(range(50))
    with ThreadGroup(max_threads=1) as g:
        order.clear()
        for n in range(10):
            g.start(work, n)
    assert order == list(range(10))


@pytest.mark.parametrize("bad", [0, -1, 1.5, "2", True])
def test_bad_max_threads(bad: object) -> None:
    with pytest.raises(ValueError, match="max_threads="):
        ThreadGroup(max_threads=bad)


def test_start_needs_an_open_block_and_something_to_call() -> None:
    g = ThreadGroup()
    with pytest.raises(RuntimeError, match="not open"):
        g.start(print)
    with g:
        with pytest.raises(TypeError, match="cannot be called"):
            g.start(3)
    with pytest.raises(RuntimeError, match="not open"):
        g.start(print)
    with pytest.raises(RuntimeError, match="entered before"):
        g.__enter__()


def test_if_no_thread_can_be_started_start_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise RuntimeError("can't start new thread")

    with ThreadGroup(max_threads=1) as g:
        with monkeypatch.context() as patch:
            patch.setattr(std.Thread, "start", refuse)
            with pytest.raises(RuntimeError, match="new thread"):
                g.start(print)
        assert g.start(int).result(DEADLINE) == 0  # the place is free again


# -- errors ---------------------------------------------------------------------------------------


def test_an_error_cancels_and_comes_out_with_the_others() -> None:
    def second() -> None:
        assert g.cancelled.wait(DEADLINE)
        raise KeyError("second")

    with pytest.raises(ExceptionGroup) as caught:
        with ThreadGroup("work") as g:
            g.start(second)
            bad = g.start(fail, ValueError("first"))
    assert [type(error) for error in caught.value.exceptions] == [ValueError, KeyError]
    assert "work" in str(caught.value) and g.cancelled
    with pytest.raises(ValueError, match="first"):
        bad.result()


def test_what_has_not_begun_is_not_started() -> None:
    ran = []
    with pytest.raises(ExceptionGroup) as caught:
        with ThreadGroup(max_threads=1) as g:
            go = std.Event()
            g.start(lambda: (go.wait(DEADLINE), fail(ValueError())))
            waiting = g.start(ran.append, 1)
            go.set()
            assert isinstance(waiting.exception(DEADLINE), TaskCancelled)
            late = g.start(ran.append, 2)
            with pytest.raises(TaskCancelled, match="not started"):
                late.result()
    assert len(caught.value.exceptions) == 1 and ran == []


def test_cancel_is_no_error_and_check_is_the_way_out() -> None:
    def work() -> None:
        while True:
            g.cancelled.check()
            g.cancelled.wait(DEADLINE)

    with ThreadGroup() as g:
        task = g.start(work)
        assert not g.cancelled.is_set()
        g.cancel()
        g.cancelled.check()  # the block's own way out
        raise AssertionError("not reached")
    assert isinstance(task.exception(), TaskCancelled)


def test_task_cancelled_in_a_group_that_is_not_is_an_error() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        with ThreadGroup() as g:
            g.start(fail, TaskCancelled())
    assert isinstance(caught.value.exceptions[0], TaskCancelled)


def test_an_error_of_the_block_cancels_and_joins_the_errors() -> None:
    def work() -> None:
        assert g.cancelled.wait(DEADLINE)
        raise KeyError

    with pytest.raises(ExceptionGroup) as caught:
        with ThreadGroup() as g:
            g.start(work)
            raise ValueError("block")
    assert [type(error) for error in caught.value.exceptions] == [KeyError, ValueError]
    with pytest.raises(ExceptionGroup) as caught:
        with ThreadGroup() as g:
            raise ValueError("alone")
    assert str(caught.value.exceptions[0]) == "alone"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_program_goes_through_alone(kind: type[BaseException]) -> None:
    with pytest.raises(kind):
        with ThreadGroup() as g:
            task = g.start(g.cancelled.wait, DEADLINE)
            raise kind
    assert task.result() is True
    with pytest.raises(BaseExceptionGroup) as caught:
        with ThreadGroup() as g:
            g.start(fail, kind())
    assert not isinstance(caught.value, ExceptionGroup)
    assert isinstance(caught.value.exceptions[0], kind)


def test_nothing_is_kept_alive_by_tracebacks() -> None:
    class Thing:
        pass

    def work(thing: Thing) -> None:
        raise ValueError

    gc.disable()
    try:
        thing = Thing()
        ref = weakref.ref(thing)
        try:
            with ThreadGroup() as g:
                g.start(work, thing)
        except ExceptionGroup:
            pass
        del g, thing
        gc.collect()
        assert ref() is None
    finally:
        gc.enable()


# -- groups in groups -----------------------------------------------------------------------------


def test_cancelling_reaches_the_groups_inside() -> None:
    ready = std.Barrier(2)

    def inside() -> None:
        with ThreadGroup("inner") as inner:
            inner.start(lambda: (ready.wait(DEADLINE), inner.cancelled.wait(DEADLINE)))
            with ThreadGroup("innermost") as innermost:
                assert innermost.cancelled.wait(DEADLINE)
                innermost.cancelled.check()
            raise AssertionError("the cancellation of the outer group ended here")

    with pytest.raises(ExceptionGroup) as caught:
        with ThreadGroup("outer") as outer:
            outer.start(inside)
            ready.wait(DEADLINE)
            outer.start(fail, ValueError())
    assert [type(error) for error in caught.value.exceptions] == [ValueError]


def test_a_group_entered_in_a_cancelled_one_is_cancelled() -> None:
    with ThreadGroup() as outer:
        outer.cancel()
        with ThreadGroup() as inner:
            assert inner.cancelled
    with ThreadGroup() as after:
        assert not after.cancelled


def test_errors_of_inner_groups_nest() -> None:
    def inside() -> None:
        with ThreadGroup() as inner:
            inner.start(fail, KeyError())

    with pytest.raises(ExceptionGroup) as caught:
        with ThreadGroup() as outer:
            outer.start(inside)
    matched, rest = caught.value.split(KeyError)
    assert matched is not None and rest is None


def test_a_long_lived_group_does_not_collect_its_threads() -> None:
    with ThreadGroup() as g:
        for n in range(200):
            assert g.start(abs, n).result(DEADLINE) == n
            limit = time.monotonic() + DEADLINE
            while g._working:
                assert time.monotonic() < limit
                time.sleep(0)  # lets it run at once, and not after the switch interval
        assert len(g._threads) < 50


# -- interrupts -----------------------------------------------------------------------------------


def test_the_first_interrupt_cancels_and_waits() -> None:
    done = child(
        "def work():\n"
        "    interrupt(); g.cancelled.wait(); time.sleep(0.1); print('ended')\n"
        "try:\n"
        "    with ThreadGroup() as g: g.start(lambda: (time.sleep(0.2), work()))\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    assert (done.stdout, done.stderr) == ("ended\ninterrupted\n", "")


def test_the_second_interrupt_leaves() -> None:
    done = child(
        "def work():\n"
        "    interrupt(); g.cancelled.wait(); time.sleep(0.2); interrupt(); std.Event().wait()\n"
        "try:\n"
        "    with ThreadGroup('stuck', daemon=True) as g:\n"
        "        g.start(lambda: (time.sleep(0.2), work()))\n"
        "except KeyboardInterrupt as e: print('left', e.__notes__)\n"
    )
    assert done.stdout == "left ['1 threads of stuck were left running: stuck-1']\n", done


def test_an_interrupt_joins_the_errors() -> None:
    done = child(
        "def work():\n"
        "    interrupt(); g.cancelled.wait(); raise ValueError\n"
        "try:\n"
        "    with ThreadGroup() as g: g.start(lambda: (time.sleep(0.2), work()))\n"
        "except BaseExceptionGroup as e: print([type(x).__name__ for x in e.exceptions])\n"
    )
    assert done.stdout == "['ValueError', 'KeyboardInterrupt']\n", done


def test_a_signal_handler_may_cancel() -> None:
    with ThreadGroup() as g:
        before = signal.signal(signal.SIGUSR1, lambda *_: g.cancel())
        try:
            g.start(lambda: os.kill(os.getpid(), signal.SIGUSR1))
            assert g.cancelled.wait(DEADLINE)
        finally:
            signal.signal(signal.SIGUSR1, before)
