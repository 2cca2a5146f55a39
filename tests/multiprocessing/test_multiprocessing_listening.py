"""The thread that looks after queues which somebody waits for in poll."""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from mp_helpers import PATIENCE, await_true, run_script

from allcores import multiprocessing as mp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the standard queues elsewhere")


def put_and_be_killed_before_the_ring(q: Any) -> None:
    """What a SIGKILL between the object and the ring leaves: this handle cannot ring."""
    mute = q.__class__.__new__(q.__class__)
    mute._attach(os.dup(q._fileno()))
    mute.put("unheard")
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("kind", ["Queue", "SimpleQueue"])
def test_a_putter_killed_before_it_rang_is_heard(fork: Any, kind: str) -> None:
    q = getattr(mp, kind)()
    reader = q._reader
    assert mp.connection.wait([reader], 0) == []  # from here on a put has to ring
    for _ in range(3):
        child = fork.Process(target=put_and_be_killed_before_the_ring, args=(q,))
        child.start()
        child.join(PATIENCE)
        assert child.exitcode == -signal.SIGKILL
        start = time.monotonic()
        assert mp.connection.wait([reader], PATIENCE) == [reader]
        assert q.get() == "unheard"
        assert mp.connection.wait([reader], 0) == []
        assert time.monotonic() - start < PATIENCE / 2, "it was the end of the wait that found it"


def wait_in_poll(q: Any, board: Any) -> None:
    reader = q._reader
    reader.fileno()
    board.put("waits")
    assert mp.connection.wait([reader], PATIENCE)
    board.put(q.get())


def test_the_listener_of_another_process_hears_it_too(ctx: Any) -> None:
    q, board = ctx.Queue(), ctx.Queue()
    child = ctx.Process(target=wait_in_poll, args=(q, board))
    child.start()
    assert board.get(timeout=PATIENCE) == "waits"
    killed = mp.get_context("fork").Process(target=put_and_be_killed_before_the_ring, args=(q,))
    killed.start()
    killed.join(PATIENCE)
    assert board.get(timeout=PATIENCE) == "unheard"
    child.join(PATIENCE)


def listeners() -> int:
    return sum(thread.name == "allcores-listening" for thread in threading.enumerate())


def test_one_thread_for_all_queues_and_none_without() -> None:
    queues = [mp.Queue() for _ in range(5)]
    assert [mp.connection.wait([q._reader], 0) for q in queues] == [[]] * 5
    await_true(lambda: listeners() == 1, "the thread of an earlier test's queue ends")
    del queues
    await_true(lambda: listeners() == 0, "the thread ends with the last queue")
    q = mp.Queue()
    q._reader.fileno()
    assert listeners() == 1


def test_it_makes_no_fork_warn_and_holds_up_no_exit(tmp_path: Path) -> None:
    # Recorded, not raised: some versions drop what a warning of a fork raises.
    code = """
        import os, threading, warnings
        from allcores import multiprocessing as mp

        q = mp.Queue()
        for _ in range(20):
            q._reader.fileno()
            assert threading.active_count() == 2
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                pid = os.fork()
            assert not told, told[0].message
            if pid == 0:
                assert threading.active_count() == 1
                q.put(1)
                assert mp.connection.wait([q._reader], 10) == [q._reader]
                assert threading.active_count() == 2
                q.get()
                grandchild = os.fork()
                if grandchild == 0:
                    os._exit(0)
                os._exit(os.waitpid(grandchild, 0)[1])
            assert os.waitpid(pid, 0)[1] == 0
        print("ends")
    """
    assert run_script(tmp_path, code) == "ends\n"


def test_who_begins_to_listen_while_the_interpreter_ends_gets_a_descriptor(tmp_path: Path) -> None:
    code = """
        import atexit
        from allcores import multiprocessing as mp

        q = mp.Queue()
        atexit.register(lambda: print(mp.connection.wait([q._reader], 0)))
    """
    assert run_script(tmp_path, code) == "[]\n"
