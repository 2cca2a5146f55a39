"""python -m bench: arguments, exit codes, files."""

import io
import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from bench.__main__ import main
from bench.harness import isolation, results
from bench.harness.cases import FAILED, case_names, select
from bench.harness.comparison import Settings
from bench.harness.progress import Progress

ROOT = Path(__file__).resolve().parents[2]


def test_list_names_every_case_its_question_and_its_bars(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--list"]) == 0
    text = capsys.readouterr().out
    for name in case_names():
        assert f"{name}: " in text
    assert "Queue(1024) put+get: allcores.queue.Queue(1024) against queue.Queue(1024): >= 20 x" in (
        text
    )


def test_names_and_globs_select_in_the_order_of_running() -> None:
    assert select(["queue_*", "import_time"]) == [
        "import_time",
        "queue_uncontended",
        "queue_async",
        "queue_batches",
        "queue_threads",
    ]
    assert select([]) == case_names()
    with pytest.raises(LookupError, match="no case is called 'nonsense'; there are import_time"):
        select(["words", "nonsense"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "no case is called 'nonsense'"),
        (["--quick", "--size", "full"], "--quick is --size quick"),
        (["--rounds", "0"], "at least 1"),
        (["--workers", "0"], "at least 1"),
        (["--save", "--quick"], "--save keeps what may be quoted"),
        (["--json", "/no/such/folder/x.json"], "there is no such folder"),
        (["--render", "/no/such/file.json"], "No such file"),
        (["--into", "x.md"], "--into goes with --render"),
    ],
)
def test_a_wrong_argument_is_one_line_and_exit_code_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1


def test_a_whole_run_prints_the_bars_and_writes_what_can_be_rendered(tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    command = [sys.executable, "-m", "bench", "queue_uncontended", "--size", "tiny"]
    command += ["--rounds", "2", "--json", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "the progress line is for terminals"
    assert "reached?" in done.stdout
    content, cases = results.read(output)
    assert [case.name for case in cases] == ["queue_uncontended"]
    assert content["settings"]["size"] == "tiny"
    assert content["settings"]["rounds"] == 2
    assert content["quotable"] is False
    assert all(standing.wall.count == 2 for standing in cases[0].outcomes[0].standings)
    command = [sys.executable, "-m", "bench", "--render", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "| Queue(1024) put+get |" in done.stdout
    assert "**careful**: size tiny" in done.stdout


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_file_and_no_process(number: int, tmp_path: Path) -> None:
    mark = f"ALLCORES_BENCH_TEST={uuid.uuid4()}"
    output = tmp_path / "out.json"
    command = [sys.executable, "-m", "bench", "parse", "--json", str(output)]
    key, _, value = mark.partition("=")
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, key: value},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        assert started.stdout is not None
        assert started.stderr is not None
        assert "alternating rounds" in started.stdout.readline() + started.stdout.readline()
        started.send_signal(number)
        assert started.wait(30) == 130
        assert started.stderr.read() == "interrupted; nothing was written\n"
    assert not list(tmp_path.iterdir())
    left = [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/environ")
        if mark.encode() in _bytes(path)
    ]
    assert not left


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_the_progress_line_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        progress = Progress("[1/2] words")
        progress("round 1 of 9")
        progress.clear()
        assert ("[1/2] words: round 1 of 9" in stream.getvalue()) is shown
        assert bool(stream.getvalue()) is shown


def test_a_case_whose_process_crashes_fails_and_its_bars_say_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(isolation.sys, "executable", "/bin/false")
    result = isolation.run_isolated("queue_uncontended", Settings("tiny", 1, 1))
    assert result.status == FAILED
    assert result.verdicts
    for verdict in result.verdicts:
        assert "its process ended with exit code 1" in verdict.word
    json.dumps(result.as_dict())
