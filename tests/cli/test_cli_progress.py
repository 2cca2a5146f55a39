"""The progress bar: only on a terminal, never longer than a line, gone at the end."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import LIMIT, environment

from allcores.cli.speedup.progress import Progress


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_it_is_drawn_on_a_terminal_and_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    progress = Progress(2, stream)
    progress.begin_job()
    progress.update("words: allcores threads, " + "x" * 100, 0.5)
    drawn = stream.getvalue().removeprefix("\r").removesuffix("\x1b[K")
    assert "25%" in drawn
    assert "words: allcores" in drawn
    assert len(drawn) < 60
    progress.clear()
    assert stream.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_elsewhere_nothing_is_written(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    progress = Progress(1, stream)
    progress.begin_job()
    progress.update("text", 0.1)
    progress.clear()
    assert stream.getvalue() == ""


def test_a_user_s_terminal_shows_the_bar_and_then_the_table(folder: Path, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "allcores", "speedup", "--quick", "--jobs", "words"]
    with (tmp_path / "table").open("w+b") as table:
        process = subprocess.Popen(
            [*command, "--input", str(folder)],
            stdout=table,
            stderr=follower,
            env=environment(TERM="xterm"),
        )
        os.close(follower)
        drawn = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the last writer has gone
                break
            if not piece:
                break
            drawn += piece
        os.close(leader)
        process.wait(LIMIT)
        table.seek(0)
        output = table.read()
    assert process.returncode == 0
    assert b"words: allcores threads, " in drawn
    assert drawn.endswith(b"\r\x1b[K")
    assert b"\x1b" not in output
