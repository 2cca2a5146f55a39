"""The link between parent and child: the report, and the writing ends of others."""

import os

import pytest

from allcores.errors import RemoteError
from allcores.multiprocessing import link
from allcores.multiprocessing.link import Link, RemoteTraceback


def test_a_report_comes_back_with_its_traceback() -> None:
    link = Link(lifeline=False)
    try:
        raise ValueError("here")
    except ValueError as error:
        link.report(error)
    collected = link.collect()
    assert type(collected) is ValueError
    assert isinstance(collected.__cause__, RemoteTraceback)
    assert "test_a_report_comes_back_with_its_traceback" in str(collected.__cause__)


def test_no_report_and_a_torn_report_are_nothing() -> None:
    assert Link(lifeline=False).collect() is None
    link = Link(lifeline=False)
    os.pwrite(link._report, b"half", 8)  # the length comes last
    assert link.collect() is None
    link = Link(lifeline=False)
    os.pwrite(link._report, (1000).to_bytes(8, "little") + b"short", 0)
    assert link.collect() is None


class Unspeakable(Exception):
    def __repr__(self) -> str:
        raise RuntimeError("no words")

    def __reduce__(self) -> str:
        raise RuntimeError("no pickle")


def test_an_exception_whose_repr_raises_is_reported_too() -> None:
    link = Link(lifeline=False)
    link.report(Unspeakable())
    collected = link.collect()
    assert type(collected) is RemoteError
    assert "Unspeakable" in str(collected)


def test_closing_twice_is_harmless_and_collecting_closes() -> None:
    before = len(os.listdir("/proc/self/fd"))
    link = Link(lifeline=True)
    assert len(os.listdir("/proc/self/fd")) == before + 3
    link.started()
    assert len(os.listdir("/proc/self/fd")) == before + 2
    link.collect()
    assert len(os.listdir("/proc/self/fd")) == before
    link.close()


def test_a_forked_process_closes_the_writing_ends_that_it_inherits() -> None:
    link = Link(lifeline=True)
    write_end = link._write_end
    pid = os.fork()
    if pid == 0:
        try:
            os.fstat(write_end)
            os._exit(1)
        except OSError:
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    os.fstat(write_end)
    link.close()


def test_the_end_of_the_interpreter_closes_it_when_names_are_gone(monkeypatch) -> None:
    made = Link(lifeline=True)
    descriptors = [made._report, made._read_end, made._write_end]
    for name in ("os", "_closed"):
        monkeypatch.setattr(link, name, None)  # what the interpreter does to a module
    Link.__del__(made)
    monkeypatch.undo()
    for fd in descriptors:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
