"""Queues with a name, for processes that are no relatives."""

import gc
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mp_helpers import PATIENCE, run_script

from allcores import multiprocessing as mp
from allcores.multiprocessing import names
from allcores.multiprocessing.queues import JoinableQueue, Queue

HEAD = "import os, signal, sys\nfrom allcores import multiprocessing as mp\n"


@pytest.fixture
def name() -> Iterator[str]:
    """A name that nobody else has, and that is gone afterwards."""
    text = f"test-{os.getpid()}-{time.monotonic_ns()}"
    yield text
    if os.path.lexists(names.path_of(text)):
        os.unlink(names.path_of(text))


def test_a_stranger_attaches_and_answers(name: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        q = mp.Queue(5, name=name)
    finally:
        os.umask(before)
    assert os.stat(names.path_of(name)).st_mode & 0o7777 == 0o600
    assert q.name == name and name in names.names()
    q.put({"question": 1})
    code = """
        q = mp.Queue.attach(sys.argv[1])
        assert q.maxsize == 5
        q.put(("answer", q.get(), b"x" * 300_000))
    """
    run_script(tmp_path, HEAD + textwrap.dedent(code), name)
    word, back, block = q.get(timeout=PATIENCE)
    assert (word, back, len(block)) == ("answer", {"question": 1}, 300_000)
    q.unlink()
    assert name not in names.names()


def test_a_stranger_rings_and_listens(name: str, tmp_path: Path) -> None:
    """`aget` and `_reader` of two programs that share nothing but a name, there and back."""
    there, back = mp.Queue(name=name), mp.Queue(name=name + "-back")
    code = """
        import asyncio
        there, back = mp.Queue.attach(sys.argv[1]), mp.Queue.attach(sys.argv[1] + "-back")

        async def main():
            while (item := await there.aget()) is not None:
                back.put(item + 1)

        asyncio.run(main())
        print("heard all")
    """
    path = tmp_path / "stranger.py"
    path.write_text(HEAD + textwrap.dedent(code))
    stranger = subprocess.Popen(
        [sys.executable, "-W", "error", str(path), name],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        for number in range(200):
            there.put(number)
            assert mp.connection.wait([back._reader], PATIENCE) == [back._reader]
            assert back.get_nowait() == number + 1
            assert mp.connection.wait([back._reader], 0) == []
        there.unlink()
        there.put(7)  # its bell is the file, not the name
        assert mp.connection.wait([back._reader], PATIENCE)
        assert back.get_nowait() == 8
        there.put(None)
        assert stranger.communicate(timeout=PATIENCE) == ("heard all\n", None)
    finally:
        stranger.kill()
        stranger.wait()
        back.unlink()


def test_children_of_a_named_queue_ring_and_listen(name: str, ctx: Any) -> None:
    q, answers = mp.Queue(name=name), ctx.Queue()
    child = ctx.Process(target=_wait_and_answer, args=(q, answers))
    child.start()
    assert answers.get(timeout=PATIENCE) == "waits"
    q.put("for the child")
    assert answers.get(timeout=PATIENCE) == ["for the child"]
    assert mp.connection.wait([q._reader], PATIENCE) == [q._reader]
    assert q.get_nowait() == "for the parent"
    child.join(PATIENCE)
    assert child.exitcode == 0
    q.unlink()


def _wait_and_answer(q: Any, answers: Any) -> None:
    reader = q._reader
    reader.fileno()
    answers.put("waits")
    assert mp.connection.wait([reader], PATIENCE) == [reader]
    answers.put([q.get_nowait()])
    q.put("for the parent")


def test_readers_of_named_queues_leave_no_descriptor(name: str) -> None:
    q = mp.Queue(name=name)
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        other = Queue.attach(name)
        assert mp.connection.wait([other._reader], 0) == []
        del other
        gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before
    q.unlink()


def test_it_waits_with_its_messages_when_nobody_has_it_open(name: str, tmp_path: Path) -> None:
    code = """
        q = mp.JoinableQueue(name=sys.argv[1])
        q.put_many(range(1000))
    """
    run_script(tmp_path, HEAD + textwrap.dedent(code), name)
    q = JoinableQueue.attach(name)
    assert type(q) is JoinableQueue
    assert q.get_many(2000) == list(range(1000))
    q.unlink()
    q.put("goes on without its name")
    assert q.get() == "goes on without its name"
    with pytest.raises(FileNotFoundError):
        q.unlink()
    with pytest.raises(FileNotFoundError, match="no queue of this name"):
        Queue.attach(name)


def test_what_only_killed_processes_had_open_is_removed_by_attach(name: str, tmp_path: Path) -> None:
    code = """
        q = mp.Queue(name=sys.argv[1])
        q.put_many(range(7))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    for _ in range(3):
        with pytest.raises(AssertionError, match="exit -9"):
            run_script(tmp_path, HEAD + textwrap.dedent(code), name)
        assert name in names.names()
        with pytest.raises(FileNotFoundError, match="killed: it was removed, with 7 objects"):
            mp.Queue.attach(name)
        assert name not in names.names()


def test_one_that_lives_keeps_it_whoever_else_was_killed(name: str, fork: Any) -> None:
    q = mp.Queue(name=name)
    for _ in range(20):
        child = fork.Process(target=_attach_and_die, args=(name,))
        child.start()
        child.join(PATIENCE)
        assert child.exitcode == -signal.SIGKILL
    other = mp.Queue.attach(name)
    assert sorted(other.get_many(100)) == ["put by one who died"] * 20
    q.unlink()


def _attach_and_die(name: str) -> None:
    Queue.attach(name).put("put by one who died")
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("first", ["maker", "attached"])
def test_two_objects_of_one_process_keep_it_until_both_go(name: str, fork: Any, first: str) -> None:
    """A process that drops one of its objects still has the queue open through the other."""
    pair = {"maker": mp.Queue(name=name), "attached": Queue.attach(name)}
    assert [(pid, opened) for pid, _, opened, _, _ in pair["maker"]._parties()] == [(os.getpid(), True)]
    killed = fork.Process(target=_attach_and_die, args=(name,))
    killed.start()
    killed.join(PATIENCE)
    assert killed.exitcode == -signal.SIGKILL
    del pair[first]
    gc.collect()
    (last,) = pair.values()
    assert not last._all_dead()
    assert (os.getpid(), False, True) in [party[:3] for party in last._parties()]
    Queue.attach(name).put("here")  # not removed; and this third one is gone again
    gc.collect()
    assert (os.getpid(), False, True) in [party[:3] for party in last._parties()]
    assert sorted(last.get_many(9)) == ["here", "put by one who died"]
    last.unlink()


def test_a_maker_killed_at_any_moment_leaves_a_whole_queue_or_none(name: str, seed: int) -> None:
    rng = random.Random(seed)
    code = """
        import sys
        from allcores import multiprocessing as mp
        print("ready", flush=True)
        while True:
            q = mp.Queue(name=sys.argv[1])
            q.put(1)
            q.unlink()
    """
    for _ in range(12):
        maker = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), name],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert maker.stdout is not None and maker.stdout.readline() == b"ready\n"
        time.sleep(rng.random() * 0.02)
        maker.kill()
        maker.wait(PATIENCE)
        maker.stdout.close()
        with pytest.raises(FileNotFoundError):  # none, or removed now
            mp.Queue.attach(name)
        assert name not in names.names()


def test_a_queue_that_others_could_open_is_refused(name: str) -> None:
    q = mp.Queue(name=name)
    os.chmod(names.path_of(name), 0o644)
    with pytest.raises(PermissionError, match="alone"):
        mp.Queue.attach(name)
    os.chmod(names.path_of(name), 0o600)
    if os.geteuid() == 0:
        os.chown(names.path_of(name), 12345, -1)
        with pytest.raises(PermissionError, match="12345"):
            mp.Queue.attach(name)
        os.chown(names.path_of(name), 0, -1)
    mp.Queue.attach(name)
    q.unlink()


def test_what_is_no_queue_is_refused(name: str) -> None:
    descriptor = os.open(names.path_of(name), os.O_CREAT | os.O_WRONLY, 0o600)
    with pytest.raises(ValueError, match="not that of a queue"):
        mp.Queue.attach(name)
    os.write(descriptor, b"something else" * 10_000)
    with pytest.raises(ValueError, match="not that of a queue"):
        mp.Queue.attach(name)
    os.close(descriptor)
    os.unlink(names.path_of(name))
    os.symlink("/etc/passwd", names.path_of(name))
    with pytest.raises(OSError, match="symbolic"):
        mp.Queue.attach(name)


def test_names_are_checked(name: str) -> None:
    for wrong in ("", "a/b", "nul\0", "x" * 300):
        with pytest.raises(ValueError, match="name"):
            mp.Queue(name=wrong)
    with pytest.raises(TypeError):
        mp.Queue(name=3)
    q = mp.Queue(name=name)
    with pytest.raises(FileExistsError, match="attach"):
        mp.Queue(name=name)
    q.unlink()
    again = mp.Queue(name=name)
    with pytest.raises(FileNotFoundError, match="replaced"):
        q.unlink()  # the name is another queue's
    again.unlink()
    with pytest.raises(ValueError, match="no name"):
        mp.Queue().unlink()


def test_it_reaches_children_as_any_queue(name: str, ctx: Any) -> None:
    q = mp.Queue(name=name)
    child = ctx.Process(target=_tell_name, args=(q,))
    child.start()
    assert q.get(timeout=PATIENCE) == name
    child.join(PATIENCE)
    assert child.exitcode == 0
    q.unlink()


def _tell_name(q: Any) -> None:
    q.put(q.name)


def on_a_small_memory_disk(tmp_path: Path, code: str, size: str) -> str:
    """Run a program that sees a /dev/shm of its own; skip where that is not allowed."""
    path = tmp_path / "small.py"
    path.write_text(HEAD + textwrap.dedent(code))
    mount = f'mount -t tmpfs -o size={size} tmpfs /dev/shm && echo mounted && exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, "sh", sys.executable, "-X", "faulthandler", str(path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    if "mounted" not in done.stdout:
        pytest.skip(f"no memory disk of our own here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_dev_shm_is_an_error_and_loses_nothing(tmp_path: Path) -> None:
    code = """
        q = mp.Queue(name="small")
        count = 0
        try:
            while True:
                q.put((count, bytes(5000)))
                count += 1
        except MemoryError as error:
            print("full:", error)
        try:
            q.put(bytes(10_000_000))
        except MemoryError:
            print("too large")
        assert 50 < count < 220, count
        assert q.qsize() == count
        for number in range(count):
            assert q.get() == (number, bytes(5000))
        for _ in range(3 * count):
            q.put(bytes(5000))
            q.get()
        try:
            with open("/dev/shm/rest", "wb", buffering=0) as rest:
                while rest.write(bytes(4096)):
                    pass
        except OSError:
            pass
        try:
            mp.Queue(name="no room for it")
        except MemoryError as error:
            print("refused:", error)
        print(sorted(os.listdir("/dev/shm")))
    """
    said = on_a_small_memory_disk(tmp_path, code, "1m")
    assert "full: /dev/shm" in said and "too large" in said and "refused: " in said
    assert "/dev/shm" in said
    assert "['allcores.small', 'rest']" in said


def test_the_portable_queues_have_no_names() -> None:
    from allcores.multiprocessing import queues_portable

    makers: list[Callable[..., Any]] = [queues_portable.Queue, queues_portable.JoinableQueue]
    for make in makers[:1]:
        with pytest.raises(NotImplementedError):
            make(name="x", ctx=mp.get_context("fork"))
