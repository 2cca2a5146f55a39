"""`allcores ipc`: what it finds, and what it repairs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("allcores._native.shm")

from allcores import multiprocessing as mp
from allcores.cli.main import main
from allcores.multiprocessing import names

DIE = """
import os, signal, sys
from allcores import multiprocessing as mp
q = mp.Queue(name=sys.argv[1])
q.put_many(range(3))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def name() -> Iterator[str]:
    text = f"ipc-{os.getpid()}-{time.monotonic_ns()}"
    yield text
    if os.path.lexists(names.path_of(text)):
        os.unlink(names.path_of(text))


def records(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["ipc", *arguments, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def leave_a_dead_one(name: str) -> int:
    child = subprocess.Popen(
        [sys.executable, "-c", DIE, name],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.wait(30) == -signal.SIGKILL
    return child.pid


def test_queues_with_and_without_a_name_are_listed(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    q, unnamed, lock = mp.Queue(name=name), mp.Queue(), mp.Lock()
    q.put_many(range(5))
    unnamed.put("x")
    found = {record["object"]: record for record in records(capsys, "list")}
    mine = found[name]
    assert mine["kind"] == "queue" and mine["stats"]["depth"] == 5
    assert [one["pid"] for one in mine["processes"]] == [os.getpid()]
    assert mine["participants"] == [{"pid": os.getpid(), "dead": False, "roles": ["open", "put"]}]
    other = found[f"memfd:{os.fstat(unnamed._fileno()).st_ino}"]
    assert other["kind"] == "queue" and other["stats"]["depth"] == 1 and other["name"] is None
    assert "locks, numbers or an array" in {record["kind"] for record in found.values()}
    assert lock.acquire()
    assert main(["ipc", "list"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["object", "kind", "user", "memory", "inside", "processes", "dead"]
    assert any(line.startswith(name) and str(os.getpid()) in line for line in table)
    for action, word in (("inspect", f"participant {os.getpid()} (alive)"), ("stats", "puts 5")):
        assert main(["ipc", action, name]) == 0
        assert word in capsys.readouterr().out
    q.unlink()


def test_repair_removes_what_only_the_dead_had_and_nothing_else(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alive, left = mp.Queue(name=name + "-alive"), mp.Queue(name=name + "-left")
    left.put("waits for somebody")
    del left
    pid = leave_a_dead_one(name)
    [record] = records(capsys, "inspect", name)
    assert record["dead"] == [pid] and record["abandoned"]
    said = {one["object"]: one["repair"] for one in records(capsys, "repair")}
    assert said[name].startswith("removed, with 3 objects")
    assert said[name + "-alive"] == said[name + "-left"] == "nothing to do"
    assert name not in names.names()
    again = mp.Queue.attach(name + "-left")
    assert again.get() == "waits for somebody"
    again.unlink()
    alive.unlink()


def test_repair_takes_back_what_a_killed_reader_held(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    q, told = mp.Queue(name=name), mp.Queue()
    q.put(b"x" * 100_000)
    child = mp.get_context("fork").Process(target=_hold, args=(q, told))
    child.start()
    told.get(timeout=30)
    os.kill(child.pid, signal.SIGKILL)
    child.join(30)
    [record] = records(capsys, "repair", name)
    assert "1 processes died inside, with 1 objects" in record["repair"]
    assert q.stats()["lost"] == 1
    q.unlink()


def _hold(q: Any, told: Any) -> None:
    view = q.get_view()
    told.put(len(view))
    signal.pause()


def test_an_unknown_object_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ipc", "inspect", "no such thing"]) == 1
    assert "allcores ipc list" in capsys.readouterr().err


def test_files_that_are_no_queues_are_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with open(names.path_of(name), "wb") as file:
        os.chmod(names.path_of(name), 0o600)
        file.write(bytes(10_000))
    [record] = records(capsys, "repair", name)
    assert "not that of a queue" in record["problem"]
    assert record["repair"].startswith("not looked at")
