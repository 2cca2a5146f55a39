"""parallel.map over both backends: order, laziness, errors, ends."""

import gc
import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from allcores import parallel

BACKENDS = ["threads", "processes"]


def square(x: int) -> int:
    return x * x


def add(x: int, y: int) -> int:
    return x + y


def fail_at_50(x: int) -> int:
    if x == 50:
        raise LookupError(f"no {x}")
    return x


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_input(backend: str, workers: int) -> None:
    got = list(parallel.map(square, range(3000), backend=backend, workers=workers))
    assert got == [x * x for x in range(3000)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_unordered_results_are_all_there(backend: str) -> None:
    got = parallel.map(square, iter(range(1000)), backend=backend, ordered=False)
    assert sorted(got) == [x * x for x in range(1000)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("chunksize", [None, 1, 7, 10_000])
def test_several_iterables_end_with_the_shortest(backend: str, chunksize: int | None) -> None:
    got = parallel.map(add, range(100), itertools.count(1), backend=backend, chunksize=chunksize)
    assert list(got) == [2 * x + 1 for x in range(100)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_empty_input_gives_nothing(backend: str) -> None:
    assert list(parallel.map(square, [], backend=backend)) == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_error_comes_at_its_item_and_ends_the_map(backend: str) -> None:
    results = parallel.map(fail_at_50, range(1000), backend=backend)
    got = [next(results) for _ in range(50)]
    assert got == list(range(50))
    with pytest.raises(LookupError, match="no 50"):
        next(results)
    with pytest.raises(StopIteration):
        next(results)


def test_a_worker_process_sends_its_traceback() -> None:
    with pytest.raises(LookupError) as caught:
        list(parallel.map(fail_at_50, range(100), backend="processes"))
    assert "fail_at_50" in str(caught.value.__cause__)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_error_of_the_input_is_raised_in_the_caller(backend: str) -> None:
    def source():
        yield from range(5)
        raise OSError("the input broke")

    for chunksize in (1, 3, None):
        results = parallel.map(square, source(), backend=backend, chunksize=chunksize)
        assert [next(results) for _ in range(5)] == [0, 1, 4, 9, 16]  # what came before it first
        with pytest.raises(OSError, match="the input broke"):
            next(results)
        with pytest.raises(StopIteration):
            next(results)


def test_the_input_is_read_no_further_than_the_buffer() -> None:
    read = itertools.count()
    results = parallel.map(square, read, backend="threads", workers=2, buffersize=10)
    for i in range(100):
        assert next(results) == i * i
    results.close()
    assert next(read) <= 100 + 10


def test_an_endless_input_is_fine() -> None:
    with parallel.map(square, itertools.count(), backend="threads") as results:
        assert list(itertools.islice(results, 5000)) == [x * x for x in range(5000)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_dropping_the_iterator_ends_the_workers(backend: str) -> None:
    def workers() -> int:
        if backend == "threads":
            return sum(t.name.startswith("allcores-map") for t in threading.enumerate())
        import multiprocessing

        return len(multiprocessing.active_children())

    results = parallel.map(square, itertools.count(), backend=backend, workers=2)
    next(results)
    assert workers() > 0
    del results
    gc.collect()
    deadline = time.monotonic() + 30
    while workers() and time.monotonic() < deadline:
        time.sleep(0)
    assert workers() == 0


class Unpicklable:
    def __reduce__(self) -> str:
        raise TypeError("not this one")


def make_unpicklable(x: int) -> object:
    return Unpicklable() if x == 3 else x


class BadError(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(a)


def raise_bad_error(x: int) -> None:
    raise BadError(x, x)


def test_a_result_that_cannot_be_pickled_is_an_error_and_no_hang() -> None:
    results = parallel.map(make_unpicklable, range(10), backend="processes")
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(TypeError, match="not this one") as caught:
        next(results)
    assert any("backend='threads'" in note for note in caught.value.__notes__)


def test_an_exception_that_cannot_be_unpickled_is_described() -> None:
    with pytest.raises(RuntimeError, match="BadError"):
        list(parallel.map(raise_bad_error, range(10), backend="processes"))


def test_an_unpicklable_argument_raises_in_the_caller() -> None:
    for chunksize in (1, 3, None):
        items = [1, 2, Unpicklable(), 4]
        results = parallel.map(square, items, backend="processes", chunksize=chunksize)
        assert [next(results), next(results)] == [1, 4]
        with pytest.raises(TypeError, match="not this one"):
            next(results)


def raise_stop(x: int) -> int:
    raise StopIteration


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_stop_iteration_of_the_function_is_no_silent_end(backend: str) -> None:
    with pytest.raises(RuntimeError, match="raised StopIteration"):
        list(parallel.map(raise_stop, range(3), backend=backend))


def test_a_second_thread_that_iterates_is_refused() -> None:
    inside, leave = threading.Event(), threading.Event()

    def source():
        yield 1
        inside.set()
        assert leave.wait(30)

    results = parallel.map(square, source(), backend="threads", workers=1)
    first = threading.Thread(target=list, args=(results,))
    first.start()
    assert inside.wait(30)
    with pytest.raises(ValueError, match="one at a time"):
        next(results)
    leave.set()
    first.join(30)
    assert not first.is_alive()


def exit_at_50(x: int) -> int:
    if x == 50:
        os._exit(3)
    return x


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_worker_that_dies_fails_its_items_and_nobody_hangs() -> None:
    with pytest.raises(parallel_errors().WorkerDied, match="exit code 3") as caught:
        list(parallel.map(exit_at_50, range(200), backend="processes", workers=2))
    assert caught.value.exitcode == 3


def kill_at_50(x: int) -> int:
    if x == 50:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def test_a_killed_worker_is_told_with_its_signal() -> None:
    got: list[int] = []
    with pytest.raises(parallel_errors().WorkerDied, match="SIGKILL"):
        for result in parallel.map(kill_at_50, range(200), backend="processes", workers=2):
            got.append(result)
    assert got == list(range(len(got)))


def parallel_errors():
    from allcores import errors

    return errors


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"fn": 3}, TypeError, "callable"),
        ({"workers": 0}, ValueError, "workers must be at least 1"),
        ({"workers": 1.5}, TypeError, "workers"),
        ({"chunksize": -1}, ValueError, "chunksize"),
        ({"buffersize": True}, TypeError, "buffersize"),
        ({"backend": "gpu"}, ValueError, "'threads', 'processes'"),
    ],
)
def test_bad_arguments_are_refused_at_once(arguments, error, text: str) -> None:
    fn = arguments.pop("fn", square)
    with pytest.raises(error, match=text):
        parallel.map(fn, [1], **arguments)
    with pytest.raises(TypeError, match="iterable"):
        parallel.map(square)


def test_progress_is_told_of_every_item() -> None:
    seen: list[tuple[int, int | None]] = []
    note = lambda done, total: seen.append((done, total))  # noqa: E731
    list(parallel.map(square, range(20), backend="threads", progress=note))
    assert seen == [(i + 1, 20) for i in range(20)]


def test_both_backends_run_at_once_really() -> None:
    """Two items wait for each other: that ends only if they run at the same time."""
    barrier = threading.Barrier(2, timeout=30)
    got = parallel.map(lambda x: barrier.wait() >= 0, [1, 2], backend="threads", workers=2)
    assert list(got) == [True, True]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("backend", BACKENDS)
def test_ctrl_c_ends_it_within_a_second_and_leaves_no_process(backend: str) -> None:
    code = f"""
import itertools, os, sys, time
from allcores import parallel
def work(x):
    time.sleep(0.01)
    return x
if __name__ == "__main__":
    for x in parallel.map(work, itertools.count(), backend={backend!r}, workers=2):
        if x == 5:
            print("ready", flush=True)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stdout.readline() == "ready\n"
    os.killpg(child.pid, signal.SIGINT)
    begin = time.monotonic()
    _, errors = child.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert time.monotonic() - begin < 30  # one second is promised; without the signal it never ends
    with pytest.raises(ProcessLookupError):
        os.killpg(child.pid, 0)
