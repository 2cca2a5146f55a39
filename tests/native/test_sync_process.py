"""Waits against the process: Ctrl-C, forks, the exit with threads that wait, a storm of signals.

Each runs in a child with a time limit.
"""

import os
import subprocess
import sys

import pytest

#: Each wait that never ends by itself, as a statement.
WAITS = {
    "semaphore": "Semaphore(0).acquire()",
    "semaphore-with": "Semaphore(0).__enter__()",
    "semaphore-timeout": "Semaphore(0).acquire(timeout=60)",
    "event": "Event().wait()",
    "flag": "AtomicFlag().wait()",
    "latch": "Latch(1).wait()",
    "condition": "with_condition(Condition())",
    "condition-lock": "with_condition(Condition(std.Lock()))",
    "condition-for": "with_condition(Condition(), for_ever=True)",
    "condition-acquire": "held(Condition()).acquire()",
    "barrier": "Barrier(2).wait()",
    "read": "written(RWLock()).acquire_read()",
    "write": "written(RWLock()).acquire_write()",
    "once": "call_once(running(), int)",
}

PRELUDE = """
import os, signal, sys, threading as std, time
from allcores.threading import *

def with_condition(c, for_ever=False):
    with c:
        c.wait_for(lambda: False) if for_ever else c.wait()

def elsewhere(call):
    t = std.Thread(target=call); t.start(); t.join()

def held(c):
    elsewhere(c.acquire)
    return c

def written(lock):
    elsewhere(lock.acquire_write)
    return lock

def running():
    once, inside = Once(), Event()
    def stay():
        inside.set()
        Event().wait()
    std.Thread(target=lambda: call_once(once, stay), daemon=True).start()
    inside.wait()
    return once
"""


def run(code: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", PRELUDE + code],
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def check(code: str, expected: str = "end\n") -> None:
    done = run(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS.keys())
def test_ctrl_c_ends_a_wait(wait: str) -> None:
    """Within 100 ms; the best of some is taken, because the machine may be busy."""
    done = run(f"""
late = []
while len(late) < 10 and min(late, default=1) >= 0.1:
    sent = []
    def send():
        time.sleep(0.12)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    t = std.Thread(target=send)
    t.start()
    try:
        {wait}
        print("ended by itself")
        break
    except KeyboardInterrupt:
        late.append(time.monotonic() - sent[0])
    t.join()
print(min(late))
sys.stdout.flush()
os._exit(0)
""")
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.1, f"Ctrl-C acted after {done.stdout} s"


@pytest.mark.heavy
@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS.keys())
def test_the_main_thread_waits_for_next_to_nothing(wait: str) -> None:
    """Less than a thousandth of a core; the best of three: a busy machine makes each wake dearer."""
    done = run(f"""
def end(*_):
    raise InterruptedError
signal.signal(signal.SIGALRM, end)
shares = []
for _ in range(3):
    before = time.process_time()
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        {wait}
        print("ended by itself")
    except InterruptedError:
        shares.append((time.process_time() - before) / 2)
    if shares[-1] < 0.001:
        break
print(min(shares))
sys.stdout.flush()
os._exit(0)
""")
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.001


def test_the_exit_with_daemon_threads_in_every_wait() -> None:
    waits = "".join(f"    lambda: {wait},\n" for wait in WAITS.values())
    code = f"""
for call in [
{waits}]:
    std.Thread(target=call, daemon=True).start()
    std.Thread(target=lambda call=call: call(), daemon=True).start()
time.sleep(0.02)
print("end")
"""
    for _ in range(4):
        check(code)


def test_the_exit_with_daemon_threads_that_go_in_and_out() -> None:
    code = """
s, c, b, r, e = Semaphore(1), Condition(), Barrier(2), RWLock(), Event()
def spin():
    while True:
        with s: pass
        with c:
            c.wait(0.00005)
            c.notify()
        try: b.wait(0.0001)
        except BrokenBarrierError: b.reset()
        if r.acquire_write(timeout=0.0001): r.release_write()
        with r.read(): pass
        e.set(); e.clear(); e.wait(0.00005)
for _ in range(4): std.Thread(target=spin, daemon=True).start()
time.sleep(0.03)
print("end")
"""
    for _ in range(8):
        check(code)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@needs_fork
def test_a_child_of_a_fork_works_while_others_wait_in_the_parent() -> None:
    check("""
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
s, e, c, b, r, l = Semaphore(0), Event(), Condition(), Barrier(2), RWLock(), Latch(1)
once = running()
r.acquire_read()
def write(): r.write().__enter__()
waits = [s.acquire, e.wait, lambda: with_condition(c), b.wait, write, l.wait]
for call in waits: std.Thread(target=call, daemon=True).start()
while not (b.n_waiting and "1)" in repr(c)): time.sleep(0.001)
while r.acquire_read(False):  # until the writer stands there
    r.release_read()
    time.sleep(0.001)
pid = os.fork()
if pid == 0:
    code = 1
    try:
        # Nobody of the parent's waits here: what is given is there for us, and wakes reach our threads.
        s.release(); assert s.acquire(timeout=5)
        assert not e.wait(0.001); e.set(); assert e.wait(5)
        told = []
        def wait():
            with c: told.append(c.wait(10))
        t = std.Thread(target=wait); t.start()
        while "1)" not in repr(c) or not t.is_alive() and not told:
            time.sleep(0.001)
        deadline = time.monotonic() + 10
        while not told and time.monotonic() < deadline:
            with c: c.notify()
            time.sleep(0.001)
        t.join(10); assert told == [True]
        b.reset()
        t = std.Thread(target=b.wait, args=(10,)); t.start(); b.wait(10); t.join(10)
        r.release_read()
        with r.write(): pass
        with r.read(): pass
        l.count_down(); assert l.wait(5)
        assert call_once(once, lambda: "child") == "child"
        code = 0
    except BaseException:
        import traceback; traceback.print_exc()
    finally:
        sys.stdout.flush(); sys.stderr.flush(); os._exit(code)
_, status = os.waitpid(pid, 0)
assert status == 0, status
# and the parent's waiters are as they were
s.release(); e.set(); l.count_down(); b.wait(10)
with c: c.notify()
r.release_read()
print("end")
""")


@needs_fork
def test_a_signal_handler_that_forks_during_a_wait() -> None:
    check("""
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
def with_timeout(c):
    with c: assert c.wait(0.3) is False
for make in (
    lambda: with_timeout(Condition()),
    lambda: Barrier(2).wait(0.3),
    lambda: written(RWLock()).acquire_read(timeout=0.3),
):
    pids = []
    def handler(*args):
        pids.append(os.fork())
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        make()
    except BrokenBarrierError:
        pass
    if pids[0] == 0:
        os._exit(0)
    assert os.waitpid(pids[0], 0)[1] == 0
print("end")
""")


def test_a_storm_of_signals_loses_no_wake_of_a_semaphore() -> None:
    """The main thread waits before another one; the permit and the signal come together. Whoever has
    the permit then, it is not left lying while somebody sleeps for it."""
    check("""
class Storm(Exception): pass
armed = False
def handler(*args):
    if armed: raise Storm
signal.signal(signal.SIGUSR1, handler)
ended = interrupted = 0
until = time.monotonic() + 1.5
while time.monotonic() < until:
    s, go, got = Semaphore(0), Event(), []
    def second():
        go.wait(10)
        got.append(s.acquire(timeout=10))
    def act():
        go.set()
        time.sleep(0.0003)
        for _ in range(3): os.kill(os.getpid(), signal.SIGUSR1)
        s.release()
        for _ in range(3): os.kill(os.getpid(), signal.SIGUSR1)
    threads = [std.Thread(target=second), std.Thread(target=act)]
    for t in threads: t.start()
    took = False
    try:
        armed = True
        took = s.acquire(timeout=0.05)  # all signals may have come before
        armed = False
    except Storm:
        armed = False
        interrupted += 1
    ended += 1
    threads[1].join(10)
    deadline = time.monotonic() + 5
    while not got and s._value == 1:  # a permit, and somebody who waits for it
        assert time.monotonic() < deadline, "a permit lies there and nobody is woken"
        time.sleep(0.0002)
    if not got: s.release()  # the main thread has the first one
    threads[0].join(10)
    assert got == [True] and not threads[0].is_alive()
assert interrupted > 10, (interrupted, ended)
print("end")
""")


def test_a_waiter_that_was_told_and_interrupted_tells_the_next() -> None:
    """Two wait; the main thread is first in the row and is interrupted together with the notify."""
    check("""
class Stop(Exception): pass
def handler(*args): raise Stop
signal.signal(signal.SIGUSR1, handler)
passed = kept = 0
for _ in range(25):
    c, told = Condition(), []
    def second():
        with c: told.append(c.wait(10))
    def act():
        while "1)" not in repr(c): time.sleep(0.0002)
        t = std.Thread(target=second); t.start()
        while "2)" not in repr(c): time.sleep(0.0002)
        with c:
            c.notify()
            os.kill(os.getpid(), signal.SIGUSR1)
        threads.append(t)
    threads = []
    a = std.Thread(target=act); a.start()
    try:
        with c:
            told_us = c.wait(10)
            a.join(10); a = None
    except Stop:
        told_us = None
    if a is not None: a.join(10)
    if told_us is None:
        threads[0].join(0.1)
        if told:
            passed += 1
        # else: the signal came after the wait had ended well; the notify was ours
    if not told:
        kept += 1
        with c: c.notify()
    threads[0].join(10)
    assert told == [True], told
print("end")
""")


def test_who_sleeps_uses_no_processor() -> None:
    done = run("""
waits = [Semaphore(0).acquire, Event().wait, Latch(1).wait, Barrier(2).wait]
waits += [lambda: with_condition(Condition()), written(RWLock()).acquire_read]
for call in waits: std.Thread(target=call, daemon=True).start()
time.sleep(0.2)
shares = []
while len(shares) < 5 and min(shares, default=1) >= 0.001:  # a busy machine makes each wake dearer
    before = time.process_time()
    time.sleep(1)
    shares.append((time.process_time() - before) / len(waits))
print(min(shares))
""")
    assert float(done.stdout) < 0.001, done.stdout
