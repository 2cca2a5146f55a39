"""Timers at the exit of the interpreter, on Ctrl-C, and in forked children."""

import os
import signal
import subprocess
import sys
import time

import pytest

DEADLINE = 20.0


def child(code: str, timeout: float = DEADLINE) -> subprocess.CompletedProcess[str]:
    prelude = "import os, sys, time, threading as std\nfrom allcores.threading.timers import Timer\n"
    return subprocess.run(
        [sys.executable, "-c", prelude + code], capture_output=True, text=True, timeout=timeout
    )


# -- exit, interrupt, fork ------------------------------------------------------------------------


def test_a_pending_timer_keeps_the_interpreter_alive() -> None:
    done = child("Timer(0.3, print, ['fired']).start()\nprint('end')")
    assert (done.stdout, done.stderr, done.returncode) == ("end\nfired\n", "", 0)


def test_timers_started_by_timers_at_exit_fire() -> None:
    done = child(
        "def tick(n):\n"
        "    print(n, flush=True)\n"
        "    if n: Timer(0.02, tick, [n - 1]).start()\n"
        "Timer(0.02, tick, [3]).start()"
    )
    assert (done.stdout, done.stderr) == ("3\n2\n1\n0\n", "")


@pytest.mark.skipif(
    sys.version_info[:2] == (3, 12), reason="3.12 lets nobody start a thread once the main one ended"
)
def test_a_thread_that_outlives_the_main_one_may_start_a_timer() -> None:
    done = child(
        "def late():\n"
        "    time.sleep(0.2); Timer(0.1, print, ['fired']).start()\n"
        "std.Thread(target=late).start()"
    )
    assert (done.stdout, done.stderr) == ("fired\n", "")


@pytest.mark.parametrize(
    "code",
    [
        "t = Timer(1000, print); t.daemon = True; t.start()",
        "t = Timer(1000, print); t.start(); t.cancel()",
        "t = Timer(None, print); t.start()\n"
        "std.Thread(target=lambda: (time.sleep(0.2), t.cancel())).start()",
        "t = Timer(0, time.sleep, [1000]); t.daemon = True; t.start(); time.sleep(0.1)",
        "for i in range(30): Timer(0, int).start()",  # idle threads do not delay the exit
    ],
)
def test_what_does_not_keep_it_alive(code: str) -> None:
    # Idle threads last an hour there, so that a child that waits for one exceeds its time.
    longer = "from allcores.threading import timer_clock; timer_clock.IDLE_SECONDS = 3600.0\n"
    done = child(longer + code)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_an_interrupt_at_exit_ends_the_wait() -> None:
    code = "t = Timer(1000, print); t.start(); print('ready', flush=True)"
    prelude = "from allcores.threading.timers import Timer\n"
    process = subprocess.Popen(
        [sys.executable, "-c", prelude + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    limit = time.monotonic() + DEADLINE
    while process.poll() is None:  # again, should the first come before the wait begins
        assert time.monotonic() < limit
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    assert "KeyboardInterrupt" in process.communicate()[1]


def test_an_interrupt_ends_a_join() -> None:
    done = child(
        "import signal\n"
        "t = Timer(1000, print); t.daemon = True; t.start()\n"
        "Timer(0.2, signal.pthread_kill, [std.get_ident(), signal.SIGINT]).start()\n"
        "try: t.join()\n"
        "except KeyboardInterrupt: print('interrupted')"
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
IN_CHILD = (
    "import warnings; warnings.simplefilter('ignore')\n"
    "def forked(check):\n"
    "    pid = os.fork()\n"
    "    if not pid:\n"
    "        try: check(); os._exit(0)\n"
    "        except BaseException: import traceback; traceback.print_exc(); os._exit(1)\n"
    "    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
)


@fork
def test_in_a_forked_child_the_parents_timers_are_gone() -> None:
    done = child(
        IN_CHILD + "t = Timer(1000, print); t.start()\n"
        "new = Timer(0.01, print, ['new in child'], {'flush': True})\n"
        "def check():\n"
        "    assert not t.is_alive(); t.join(); t.cancel(); 'stopped' in repr(t)\n"
        "    seen = std.Event(); n = Timer(0.01, seen.set); n.start(); assert n.is_alive()\n"
        "    n.join(); assert seen.is_set(); new.start(); new.join(); assert not new.is_alive()\n"
        "print(forked(check)); assert t.is_alive(); t.cancel()"
    )
    assert (done.stdout, done.stderr) == ("new in child\n0\n", "")


@fork
def test_a_function_may_fork() -> None:
    done = child(
        IN_CHILD + "def work():\n"
        "    def check():\n"
        "        assert t.is_alive() and t.ident == std.get_ident()\n"
        "        assert std.current_thread() is std.main_thread()\n"
        "        assert std.enumerate() == [std.current_thread()]\n"
        "        seen = std.Event(); Timer(0.01, seen.set).start(); assert seen.wait(10)\n"
        "    print(forked(check)); assert std.current_thread() is t\n"
        "t = Timer(0.01, work); t.start(); t.join()"
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@fork
def test_a_function_that_forks_and_returns_ends_the_child() -> None:
    done = child(
        IN_CHILD + "def work():\n"
        "    global pid\n"
        "    pid = os.fork()\n"
        "t = Timer(0.01, work); t.start(); t.join()\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@fork
def test_a_process_may_be_started_from_a_function() -> None:
    done = child(
        "import multiprocessing, warnings; warnings.simplefilter('ignore')\n"
        "def work():\n"
        "    p = multiprocessing.get_context('fork').Process(target=print, args=('child',))\n"
        "    p.start(); p.join(); print(p.exitcode)\n"
        "t = Timer(0.01, work); t.start(); t.join()"
    )
    assert (done.stdout, done.stderr) == ("child\n0\n", "")
