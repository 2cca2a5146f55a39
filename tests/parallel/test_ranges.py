"""for_range: every index once, errors, deadlines, Ctrl-C, forks, threads, the end of the program."""

import ctypes
import os
import random
import subprocess
import sys
import threading
import time
from array import array

import pytest

from allcores import parallel
from allcores.errors import RangeFailed

SCHEDULES = ("guided", "dynamic", "static")


class Sums(ctypes.Structure):
    _fields_ = (("sum", ctypes.c_int64 * 64), ("calls", ctypes.c_int64 * 64))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_every_index_is_done_once(library, schedule: str, threads: int | None, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(30):
        n = rng.choice([0, 1, 2, 7, 100, rng.randrange(20_000)])
        grain = rng.choice([None, 1, 3, n + 1, (1 << 63) - 1, rng.randrange(1, 500)])
        marks = bytearray(n + 1)
        parallel.for_range(library.mark, n, marks, threads=threads, schedule=schedule, grain=grain)
        assert marks == b"\1" * n + b"\0"


def test_workers_have_numbers_below_threads(library) -> None:
    sums = Sums()
    parallel.for_range(library.add, 100_000, sums, threads=3, schedule="dynamic", grain=10)
    assert sum(sums.sum) == sum(range(100_000))
    assert sum(sums.calls) == 10_000
    assert not any(sums.calls[3:])


def test_static_is_a_part_for_each_thread(library) -> None:
    sums = Sums()
    parallel.for_range(library.add, 99, sums, threads=4, schedule="static")
    assert sum(sums.calls) == 4
    sums = Sums()
    parallel.for_range(library.add, 99, sums, threads=4, schedule="static", grain=5)
    assert sum(sums.calls) == 20  # three parts of 25 and one of 24: five calls each


def test_guided_makes_few_calls(library) -> None:
    sums = Sums()
    parallel.for_range(library.add, 1_000_000, sums, threads=2)
    assert sum(sums.calls) < 100


def test_one_chunk_starts_no_worker(library_path) -> None:
    code = (
        "import ctypes, sys; from allcores import parallel; from allcores._native import runtime\n"
        "f = ctypes.CDLL(sys.argv[1]).null_is_fine\n"
        "parallel.for_range(f, 1); parallel.for_range(f, 100, grain=100); parallel.for_range(f, 0)\n"
        "parallel.for_range(f, 100, threads=1)\n"
        "print(runtime.pool_workers())"
    )
    assert child(code, library_path).stdout == "0\n"


def test_a_code_stops_the_loop_and_is_told(library) -> None:
    for threads in (1, 3):
        with pytest.raises(RangeFailed, match="returned -1 for the indices 700 to 709") as caught:
            parallel.for_range(
                library.fail_at_700, 1000, threads=threads, schedule="dynamic", grain=10
            )
        assert (caught.value.code, caught.value.lo, caught.value.hi) == (-1, 700, 710)


def test_the_deadline_stops_at_the_next_chunk(library) -> None:
    count = ctypes.c_int64()
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match="deadline passed"):
        parallel.for_range(
            library.slow, 60_000, count, schedule="dynamic", grain=1, deadline=begin + 0.1
        )
    assert 0 < count.value < 60_000
    before = count.value
    with pytest.raises(TimeoutError):
        parallel.for_range(library.slow, 10, count, deadline=time.monotonic())
    assert count.value == before  # nobody goes on, and nothing is begun after it
    parallel.for_range(library.slow, 3, count, deadline=time.monotonic() + 600)
    assert count.value == before + 3 or count.value == before + 2  # chunks, not indices


def test_contexts(library) -> None:
    values = array("b", bytes(10))
    parallel.for_range(library.mark, 10, values)
    raw = (ctypes.c_ubyte * 10)()
    parallel.for_range(library.mark, 10, raw)
    parallel.for_range(library.mark, 8, ctypes.byref(raw, 2))
    parallel.for_range(library.mark, 10, ctypes.cast(raw, ctypes.POINTER(ctypes.c_ubyte)))
    parallel.for_range(library.mark, 10, ctypes.c_void_p(ctypes.addressof(raw)))
    assert values.tobytes() == b"\1" * 10
    assert bytes(raw) == b"\3\3" + b"\4" * 8
    parallel.for_range(library.null_is_fine, 10, None)
    held = bytearray(10)
    parallel.for_range(library.mark, 10, held)
    held.append(0)  # the export has ended


@pytest.mark.parametrize(
    ("arguments", "kwargs", "error", "says"),
    [
        ((None,), {}, TypeError, "fn must be"),
        ((12345, 3), {}, TypeError, "fn is an int"),
        ((print, 3), {}, TypeError, "only the interpreter can call"),
        (("mark", -1), {}, ValueError, "n must be from 0"),
        (("mark", 1 << 63), {}, ValueError, "n must be from 0"),
        (("mark", 1.0), {}, TypeError, "n must be an int, not float"),
        (("mark", True), {}, TypeError, "n must be an int, not bool"),
        (("mark", 3, 4711), {}, TypeError, "ctx is an int"),
        (("mark", 3, "text"), {}, TypeError, "ctx must be None, a buffer"),
        (("mark", 3, memoryview(bytes(10))[::2]), {}, (BufferError, ValueError), "contiguous"),
        (("mark", 3), {"threads": 0}, ValueError, "threads must be from 1"),
        (("mark", 3), {"threads": 1.5}, TypeError, "threads must be None or an int"),
        (("mark", 3), {"schedule": "fast"}, ValueError, "guided, dynamic, static, not 'fast'"),
        (("mark", 3), {"grain": 0}, ValueError, "grain must be from 1"),
        (("mark", 3), {"grain": "1"}, TypeError, "grain must be an int, not str"),
        (("mark", 3), {"deadline": "soon"}, TypeError, "deadline must be a value of"),
        (("mark", 3), {"deadline": float("nan")}, TypeError, "deadline must be"),
    ],
)
def test_bad_arguments(library, arguments, kwargs, error, says) -> None:
    fn, *rest = arguments
    if fn == "mark":
        fn = library.mark
    with pytest.raises(error, match=says):
        parallel.for_range(fn, *(rest or [3]), **kwargs)


def test_many_threads_call_it_at_once(library) -> None:
    problems = []

    def call(number: int) -> None:
        for i in range(100):
            marks = bytearray(1000 + number)
            parallel.for_range(
                library.mark, len(marks), marks, threads=1 + i % 4, schedule="dynamic", grain=50
            )
            if marks != b"\1" * len(marks):
                problems.append((number, i))

    crew = [threading.Thread(target=call, args=(i,)) for i in range(6)]
    for one in crew:
        one.start()
    for one in crew:
        one.join(60)
    assert not any(one.is_alive() for one in crew) and not problems


def child(
    code: str, library_path, *flags: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-c", code, str(library_path)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


SETUP = (
    "import ctypes, sys, os, signal, threading, time\n"
    "from allcores import parallel\n"
    "lib = ctypes.CDLL(sys.argv[1])\n"
    "count = ctypes.c_int64()\n"
)


def test_ctrl_c_stops_at_the_next_chunk_and_nobody_goes_on(library_path) -> None:
    code = SETUP + (
        "def press():\n"
        "    while count.value < 20: time.sleep(0.001)\n"
        "    global pressed; pressed = time.monotonic(); os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=press).start()\n"
        "try: parallel.for_range(lib.slow, 60_000, count, schedule='dynamic', grain=1, threads=3)\n"
        "except KeyboardInterrupt: late = time.monotonic() - pressed\n"
        "seen = count.value; time.sleep(0.02)\n"
        "assert count.value == seen < 60_000, (seen, count.value)\n"
        "assert late < 20, late  # 20 ms and a chunk, and a busy machine; all takes longer\n"
        "parallel.for_range(lib.slow, 4, count, threads=2)\n"
        "print('stopped')"
    )
    done = child(code, library_path)
    assert done.stdout == "stopped\n", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_starts_its_own_workers(library_path) -> None:
    code = SETUP + (
        "marks = bytearray(1000)\n"
        "def go(): parallel.for_range(lib.mark, 1000, marks, threads=3, schedule='dynamic', grain=9)\n"
        "go(); pid = os.fork(); go()\n"
        "assert marks == b'\\2' * 1000\n"
        "if pid == 0: os._exit(0)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0; print('both')"
    )
    done = child(code, library_path, "-W", "error")
    assert done.stdout == "both\n", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_while_a_loop_runs_leaves_both_sides_working(library_path) -> None:
    code = SETUP + (
        "t = threading.Thread(target=lambda: parallel.for_range(\n"
        "    lib.slow, 300, count, threads=2, schedule='dynamic', grain=1)); t.start()\n"
        "while count.value < 5: time.sleep(0.001)\n"
        "pid = os.fork()\n"
        "marks = bytearray(1000)\n"
        "parallel.for_range(lib.mark, 1000, marks, threads=3, schedule='dynamic', grain=9)\n"
        "assert marks == b'\\1' * 1000\n"
        "if pid == 0: os._exit(0)\n"
        "t.join(); assert count.value == 300\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0; print('both')"
    )
    done = child(code, library_path)
    assert done.stdout == "both\n", done.stderr


def test_the_program_ends_while_a_daemon_thread_runs_a_loop(library_path) -> None:
    code = SETUP + (
        "threading.Thread(target=lambda: parallel.for_range(\n"
        "    lib.slow, 1 << 40, count, threads=3, schedule='dynamic', grain=1), daemon=True).start()\n"
        "while count.value < 5: time.sleep(0.001)\n"
        "print('end')"
    )
    begin = time.monotonic()
    done = child(code, library_path)
    assert (done.stdout, done.returncode) == ("end\n", 0), done.stderr
    assert time.monotonic() - begin < 30


def test_after_a_burst_nothing_runs(library_path) -> None:
    code = SETUP + (
        "marks = bytearray(100_000)\n"
        "for _ in range(50): parallel.for_range(lib.mark, 100_000, marks, threads=4, grain=100)\n"
        "time.sleep(0.05)\n"  # longer than a worker spins: what is measured is the time after it
        "before = time.process_time(); time.sleep(0.5); print(time.process_time() - before < 0.01)"
    )
    assert child(code, library_path).stdout == "True\n"


def test_the_environment_sets_the_threads(library_path) -> None:
    code = SETUP + (
        "from allcores._native import runtime\n"
        "parallel.for_range(lib.slow, 40, count, schedule='dynamic', grain=1)\n"
        "print(runtime.pool_workers())"
    )
    assert child(code, library_path, ALLCORES_THREADS="4").stdout == "3\n"
    assert child(code, library_path, ALLCORES_THREADS="1").stdout == "0\n"


def test_a_sub_interpreter_is_refused_politely(library_path) -> None:
    try:
        import _interpreters as interpreters
    except ImportError:
        interpreters = pytest.importorskip("_xxsubinterpreters")
    del interpreters
    code = (
        "try: import _interpreters as i\n"
        "except ImportError: import _xxsubinterpreters as i\n"
        "import allcores.parallel\n"
        "inner = '''try:\n    import allcores.parallel\n    print('no error')\n"
        "except ImportError as error: print('refused:', error)\n'''\n"
        "one = i.create(); i.run_string(one, inner); i.destroy(one)\n"
        "import ctypes, sys; marks = bytearray(100)\n"
        "allcores.parallel.for_range(ctypes.CDLL(sys.argv[1]).mark, 100, marks)\n"
        "print(marks == bytes([1]) * 100)"
    )
    done = child(code, library_path)
    assert done.stdout.startswith("refused:") and done.stdout.endswith("True\n"), (
        done.stdout + done.stderr
    )
