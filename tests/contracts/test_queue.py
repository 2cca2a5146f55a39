"""What every queue between threads promises, run on ours and on the standard library's.

A case that only ours can pass (batches, shutdown before 3.13) asks for a `modern` factory.
"""

import _thread
import queue as std
import signal
import sys
import threading
import time

import pytest

from allcores import queue as ours
from allcores.errors import Empty, Full, ShutDown

BOUNDED = [pytest.param(ours.Queue, id="ours"), pytest.param(std.Queue, id="std")]
EVERY = [
    *BOUNDED,
    pytest.param(ours.SimpleQueue, id="ours-simple"),
    pytest.param(std.SimpleQueue, id="std-simple"),
]
MODERN = [pytest.param(ours.Queue, id="ours")]
if hasattr(std, "ShutDown"):
    MODERN.append(pytest.param(std.Queue, id="std"))
OURS = [pytest.param(ours.Queue, id="queue"), pytest.param(ours.SimpleQueue, id="simple")]

#: Longer than any correct wait here; a test that reaches it has hung.
HANG = 30.0


def start(target, *args) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def join(*threads: threading.Thread) -> None:
    for thread in threads:
        thread.join(HANG)
        assert not thread.is_alive(), "a thread hangs"


def wait_until(condition) -> None:
    """Let other threads run until something is true (and fail if it never is)."""
    deadline = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0)


# -- order, bounds, exceptions --------------------------------------------------------------------


@pytest.mark.parametrize("make", EVERY)
def test_first_in_first_out(make) -> None:
    q = make()
    for i in range(1000):
        q.put(i)
    assert q.qsize() == 1000
    assert [q.get() for _ in range(1000)] == list(range(1000))
    assert q.empty()


@pytest.mark.parametrize("make", EVERY)
def test_empty_is_raised_when_nothing_comes(make) -> None:
    q = make()
    with pytest.raises(std.Empty):
        q.get_nowait()
    with pytest.raises(std.Empty):
        q.get(block=False)
    with pytest.raises(std.Empty):
        q.get(timeout=0.01)
    with pytest.raises(std.Empty):
        q.get(True, 0)


@pytest.mark.parametrize("make", BOUNDED)
@pytest.mark.parametrize("maxsize", [1, 2, 3, 7, 64, 1000])
def test_maxsize_is_exact(make, maxsize: int) -> None:
    q = make(maxsize)
    for i in range(maxsize):
        assert not q.full()
        q.put_nowait(i)
    assert q.full()
    with pytest.raises(std.Full):
        q.put_nowait(0)
    with pytest.raises(std.Full):
        q.put(0, block=False)
    with pytest.raises(std.Full):
        q.put(0, timeout=0.01)
    assert q.get() == 0
    q.put("x", timeout=0.01)
    assert q.qsize() == maxsize


@pytest.mark.parametrize("make", BOUNDED)
@pytest.mark.parametrize("maxsize", [0, -1, -100])
def test_no_bound_for_zero_or_less(make, maxsize: int) -> None:
    q = make(maxsize)
    for i in range(5000):
        q.put_nowait(i)
    assert not q.full()


@pytest.mark.parametrize("make", BOUNDED)
def test_a_negative_timeout_is_refused(make) -> None:
    q = make(1)
    with pytest.raises(ValueError, match="non-negative"):
        q.put(1, timeout=-1)
    with pytest.raises(ValueError, match="non-negative"):
        q.get(timeout=-1)
    # without block the timeout is not looked at
    q.put(1, False, -1)
    assert q.get(False, -1) == 1


@pytest.mark.parametrize("timeout", [float("nan"), "1", [1]])
def test_a_timeout_that_is_no_number_is_refused(timeout: object) -> None:
    q = ours.Queue(1)
    put = lambda timeout: q.put(1, True, timeout)  # noqa: E731
    get_many = lambda timeout: q.get_many(1, True, timeout)  # noqa: E731
    for call in (q.get, put, get_many):
        with pytest.raises((TypeError, ValueError), match=r"number|float"):
            call(timeout=timeout)
    assert q.empty()


@pytest.mark.parametrize("timeout", [0, 1e-9, 10**12, float("inf"), True])
def test_a_timeout_of_any_length_is_taken(timeout: float) -> None:
    q = ours.Queue()
    q.put(1, timeout=timeout)
    assert q.get(timeout=timeout) == 1


@pytest.mark.parametrize("make", EVERY)
def test_arguments_by_position_and_by_keyword(make) -> None:
    q = make()
    q.put(1, True, None)
    q.put(item=2, block=True, timeout=1.5)
    assert q.get(True, None) == 1
    assert q.get(block=True, timeout=2) == 2
    with pytest.raises(TypeError):
        q.put()
    with pytest.raises(TypeError):
        q.put(1, True, None, None)
    with pytest.raises(TypeError):
        q.get(wrong=1)


@pytest.mark.parametrize("make", BOUNDED)
def test_maxsize_may_change_while_in_use(make) -> None:
    q = make(2)
    q.put(0)
    q.put(1)
    q.maxsize = 5
    for i in range(2, 5):
        q.put_nowait(i)
    with pytest.raises(std.Full):
        q.put_nowait(9)
    q.maxsize = 3
    assert q.full()
    assert [q.get() for _ in range(5)] == list(range(5))
    q.maxsize = 0
    for i in range(100):
        q.put_nowait(i)
    assert [q.get() for _ in range(100)] == list(range(100))


def test_raising_maxsize_wakes_who_waits_for_room() -> None:
    q = ours.Queue(1)
    q.put(0)
    putter = start(q.put, 1)
    wait_until(lambda: q.stats()["waits"] == 1)
    q.maxsize = 2
    join(putter)
    assert q.qsize() == 2


# -- waiting --------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", EVERY)
def test_a_getter_waits_for_a_put(make) -> None:
    for _ in range(50):
        q, got = make(), []
        getter = start(lambda q=q, got=got: got.append(q.get()))
        q.put("x")
        join(getter)
        assert got == ["x"]


@pytest.mark.parametrize("make", BOUNDED)
def test_a_putter_waits_for_room(make) -> None:
    for _ in range(50):
        q = make(1)
        q.put(1)
        putter = start(q.put, 2)
        assert q.get() == 1
        join(putter)
        assert q.get() == 2


@pytest.mark.parametrize("make", EVERY)
def test_a_timeout_lasts_as_long_as_it_says(make) -> None:
    q = make()
    begin = time.monotonic()
    with pytest.raises(std.Empty):
        q.get(timeout=0.12)
    assert 0.12 <= time.monotonic() - begin < HANG


@pytest.mark.parametrize("maxsize", [0, 1, 10])
@pytest.mark.parametrize("make", BOUNDED)
def test_many_producers_and_consumers_lose_nothing(make, maxsize: int) -> None:
    # The standard one's mutex spins on a free-threaded interpreter, with forty sched_yield() for each
    # failed try: on a machine with other work, each may last as long as the turns of all others.
    q, count, sides = make(maxsize), (2000 if make is ours.Queue else 200), 4
    got: list[list[object]] = [[] for _ in range(sides)]

    def produce(number: int) -> None:
        for i in range(count):
            q.put((number, i))

    def consume(mine: list[object]) -> None:
        while (item := q.get()) is not None:
            mine.append(item)

    consumers = [start(consume, mine) for mine in got]
    producers = [start(produce, number) for number in range(sides)]
    join(*producers)
    for _ in consumers:
        q.put(None)
    join(*consumers)
    every = sorted(item for mine in got for item in mine)
    assert every == [(n, i) for n in range(sides) for i in range(count)]
    for mine in got:  # of one producer, each consumer sees the items in order
        for number in range(sides):
            of_one = [i for n, i in mine if n == number]
            assert of_one == sorted(of_one)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("make", EVERY)
def test_a_signal_handler_runs_and_may_raise_while_main_waits(make) -> None:
    q = make()
    main = threading.get_ident()

    def handler(number, frame):
        raise InterruptedError("from the handler")

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        sender = start(lambda: (time.sleep(0.05), signal.pthread_kill(main, signal.SIGUSR1)))
        begin = time.monotonic()
        with pytest.raises(InterruptedError):
            q.get(timeout=HANG)
        assert time.monotonic() - begin < HANG / 2  # and not when its own time is over
        join(sender)
    finally:
        signal.signal(signal.SIGUSR1, before)
    q.put(1)
    assert q.get() == 1


def test_ctrl_c_without_a_real_signal_acts_within_100_ms() -> None:
    # interrupt_main sends nothing to the sleeping thread: only the slices notice it
    late: list[float] = []
    while len(late) < 10 and min(late, default=1.0) >= 0.1:  # a busy machine may make one late
        q = ours.Queue()
        at: list[float] = []

        def interrupt(q=q, at=at) -> None:
            wait_until(lambda: q.stats()["waits"] == 1)
            at.append(time.monotonic())
            _thread.interrupt_main()

        interrupter = start(interrupt)
        with pytest.raises(KeyboardInterrupt):
            q.get(timeout=HANG)
        late.append(time.monotonic() - at[0])
        join(interrupter)
    assert min(late) < 0.1, late


# -- tasks, join, shutdown ------------------------------------------------------------------------


@pytest.mark.parametrize("make", BOUNDED)
def test_join_waits_for_every_task(make) -> None:
    q, done = make(3), []

    def work() -> None:
        while True:
            item = q.get()
            done.append(item)
            q.task_done()
            if item is None:
                return

    workers = [start(work) for _ in range(2)]
    for i in range(100):
        q.put(i)
    q.join()
    assert sorted(done) == list(range(100))
    assert q.unfinished_tasks == 0
    for _ in workers:
        q.put(None)
    q.join()
    join(*workers)


@pytest.mark.parametrize("make", BOUNDED)
def test_task_done_too_often_is_an_error(make) -> None:
    q = make()
    with pytest.raises(ValueError, match="too many"):
        q.task_done()
    q.put(1)
    q.task_done()
    with pytest.raises(ValueError, match="too many"):
        q.task_done()


@pytest.mark.parametrize("make", MODERN)
def test_shutdown_refuses_puts_and_drains(make) -> None:
    q = make(3)
    q.put(1)
    q.put(2)
    q.shutdown()
    assert q.is_shutdown
    with pytest.raises(ShutDown):
        q.put(3)
    assert [q.get(), q.get()] == [1, 2]
    with pytest.raises(ShutDown):
        q.get()
    with pytest.raises(ShutDown):
        q.get_nowait()
    q.shutdown()  # again is no error


@pytest.mark.parametrize("make", MODERN)
def test_immediate_shutdown_throws_away_and_counts_as_done(make) -> None:
    q = make()
    for i in range(5):
        q.put(i)
    assert q.get() == 0
    q.shutdown(immediate=True)
    assert q.empty()
    assert q.unfinished_tasks == 1  # the one that was taken
    q.task_done()
    q.join()
    with pytest.raises(ShutDown):
        q.get()


@pytest.mark.parametrize("immediate", [False, True])
@pytest.mark.parametrize("make", MODERN)
def test_shutdown_wakes_everybody(make, immediate: bool) -> None:
    seen: list[str] = []

    def expect_shutdown(call, *args) -> None:
        try:
            while True:
                call(*args)
        except ShutDown:
            seen.append(call.__name__)

    empty, full = make(), make(1)
    full.put(0)
    threads = [start(expect_shutdown, empty.get) for _ in range(3)]
    threads += [start(expect_shutdown, full.put, 1) for _ in range(3)]
    empty.shutdown(immediate)
    full.shutdown(immediate)
    join(*threads)
    assert sorted(seen) == ["get"] * 3 + ["put"] * 3


# -- batches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", OURS)
def test_put_many_and_get_many_keep_the_order(make) -> None:
    q = make()
    q.put_many(range(1000))
    got: list[int] = []
    while len(got) < 1000:
        part = q.get_many(7)
        assert 1 <= len(part) <= 7
        got += part
    assert got == list(range(1000))
    with pytest.raises(Empty):
        q.get_many(3, block=False)
    with pytest.raises(Empty):
        q.get_many(3, timeout=0.01)


def test_put_many_says_how_many_went_in() -> None:
    q = ours.Queue(5)
    with pytest.raises(Full) as caught:
        q.put_many(range(9), timeout=0.01)
    assert caught.value.count == 5
    with pytest.raises(Full) as caught:
        q.put_many(range(9), block=False)
    assert caught.value.count == 0
    q.shutdown()
    with pytest.raises(ShutDown) as caught:
        q.put_many([1])
    assert caught.value.count == 0
    assert q.get_many(100) == [0, 1, 2, 3, 4]


def test_put_many_waits_for_room_and_get_many_gives_it() -> None:
    q = ours.Queue(3)
    putter = start(q.put_many, range(500))
    got: list[int] = []
    while len(got) < 500:
        got += q.get_many(10)
    join(putter)
    assert got == list(range(500))


@pytest.mark.parametrize("make", OURS)
def test_bad_batches_are_refused(make) -> None:
    q = make()
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            q.get_many(wrong)
    for wrong in (None, 1.5, "3", True):
        with pytest.raises(TypeError):
            q.get_many(wrong)
    with pytest.raises(TypeError):
        q.put_many(3)

    def broken():
        yield 1
        raise KeyError("in the iterable")

    with pytest.raises(KeyError):
        q.put_many(broken())
    assert q.empty()  # read to its end before the first item is put
