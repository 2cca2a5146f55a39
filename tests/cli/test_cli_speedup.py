"""`allcores speedup` from end to end: table, JSON, disagreement, the death of what it started."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_helpers import LIMIT, Mark, environment, run, run_python

from allcores.cli.exits import Failure
from allcores.cli.speedup.report import write_json

JOBS = ("words", "parse", "pipeline", "order", "cpu")
MODES = ("standard threads", "allcores threads", "standard processes", "allcores processes")


def test_a_quick_run_fills_the_table_and_the_file(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    done = run(
        *("speedup", "--quick", "--workers", "2,1", "--input", folder, "--json", path),
        PYTHONWARNINGS="error",
    )
    assert (done.returncode, done.stderr) == (0, f"allcores: wrote {path}\n")
    assert "\x1b" not in done.stdout
    assert all(line.isascii() for line in done.stdout.splitlines() if str(folder) not in line)
    for job in JOBS:
        assert f"\n{job}: " in done.stdout
    for mode in MODES:
        assert done.stdout.count(f"\n{mode} ") == len(JOBS)
    assert done.stdout.count("\nserial ") == len(JOBS)
    assert "speed-up over serial Python, with 2 workers" in done.stdout
    _check_record(json.loads(path.read_text()))
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.json"]


def _check_record(record: dict) -> None:  # type: ignore[type-arg]
    assert record["format"] == 1
    assert record["machine"]["gil_enabled"] in (True, False)
    assert {"cpu_model", "cores", "cores_quota", "interpreter", "versions"} <= set(record["machine"])
    assert record["options"]["workers"] == [1, 2]
    assert [job["name"] for job in record["jobs"]] == list(JOBS)
    assert record["conclusion"].endswith(".")
    for job in record["jobs"]:
        assert [(cell["mode"], cell["workers"]) for cell in job["cells"]] == [
            ("serial", 1),
            *((mode, workers) for mode in MODES for workers in (1, 2)),
        ]
        assert [cell["workers"] for cell in job["ceilings"]] == [1, 2]
        for cell in job["cells"] + job["ceilings"]:
            rounds = record["options"]["rounds"]
            for values in ("seconds", "cpu_seconds", "passes"):
                assert len(cell[values]) == rounds
            assert all(value > 0 for value in cell["seconds"])
            assert cell["median_seconds"] == sorted(cell["seconds"])[rounds // 2]
        serial = job["cells"][0]["median_seconds"]
        for cell in job["cells"][1:]:
            assert cell["speedup"] == pytest.approx(serial / cell["median_seconds"])
            assert cell["share_of_ceiling"] == pytest.approx(cell["speedup"] / cell["ceiling"])
        assert job["answer"]
        assert job["sample"]


def test_jobs_and_workers_can_be_chosen(folder: Path) -> None:
    done = run("speedup", "--quick", "--jobs", "cpu,words", "--workers", "3", "--input", folder)
    assert done.returncode == 0, done.stderr
    blocks = [line.split(":")[0] for line in done.stdout.splitlines() if ": " in line]
    assert [name for name in blocks if name in JOBS] == ["words", "cpu"]
    assert "with 3 workers" in done.stdout


def test_a_file_that_was_there_is_replaced_as_a_whole(tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to(real)
    write_json(str(link), {"new": 1})
    assert link.is_symlink()
    assert json.loads(real.read_text()) == {"new": 1}
    assert {entry.name for entry in tmp_path.iterdir()} == {"real.json", "link.json"}


def test_a_device_is_written_to_and_stays() -> None:
    write_json(os.devnull, {})
    assert Path(os.devnull).is_char_device()


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot write"):
        write_json(str(tmp_path / "no" / "out.json"), {})
    with pytest.raises(TypeError):
        write_json(str(tmp_path / "out.json"), {"what": object()})
    assert list(tmp_path.iterdir()) == []


#: Runs the command with one line before it.
_CHANGED = """
import sys
from allcores.cli.jobs import words
{change}
from allcores.cli.main import main
sys.exit(main(["speedup", "--quick", "--jobs", "words", "--input", sys.argv[1], *sys.argv[2:]]))
"""


def test_a_mode_with_another_answer_fails_the_command(folder: Path, tmp_path: Path) -> None:
    change = "words._count_by_kernel = lambda span: {b'another': 1}"
    path = tmp_path / "out.json"
    done = run_python(_CHANGED.format(change=change), folder, "--json", path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "words: allcores processes with 1 workers gave another answer" in done.stderr
    assert not path.exists()


def test_a_share_that_does_less_fails_the_command(folder: Path) -> None:
    change = "words.Words.share = lambda self, index, workers: lambda: 1"
    done = run_python(_CHANGED.format(change=change), folder)
    assert done.returncode == 1
    assert "independent processes did" in done.stderr


def test_an_exception_in_a_job_is_shown_and_ends_the_command(folder: Path) -> None:
    change = "words.Words.serial = lambda self, clock: 1 / 0"
    done = run_python(_CHANGED.format(change=change), folder)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "allcores: words: ZeroDivisionError: division by zero"


def test_the_death_of_the_measuring_process_ends_the_command(folder: Path) -> None:
    change = (
        "import os, signal; words.Words.serial = "
        "lambda self, clock: os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = run_python(_CHANGED.format(change=change), folder)
    assert done.returncode == 1
    assert done.stderr == "allcores: words: the process that measured it died (out of memory?)\n"


@pytest.mark.skipif(sys.platform != "linux", reason="a parent's death is a signal on Linux")
def test_nothing_outlives_a_killed_command(folder: Path) -> None:
    mark = Mark()
    process = subprocess.Popen(
        [sys.executable, "-m", "allcores", "speedup", "--full", "--jobs", "cpu", "--input", folder],
        stdout=subprocess.DEVNULL,
        env=environment(**mark.env),
    )
    try:
        _wait_for(lambda: len(mark.living()) >= 2)
    finally:
        process.kill()
        process.wait(LIMIT)
    _wait_for(lambda: not mark.living())


def _wait_for(condition) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.skipif(not hasattr(signal, "SIGTERM"), reason="no such signal here")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_too(number: signal.Signals, folder: Path) -> None:
    mark = Mark()
    process = subprocess.Popen(
        [sys.executable, "-m", "allcores", "speedup", "--full", "--jobs", "cpu", "--input", folder],
        stdout=subprocess.DEVNULL,
        env=environment(**mark.env),
    )
    _wait_for(lambda: len(mark.living()) >= 2)
    process.send_signal(number)
    assert process.wait(LIMIT) == 128 + number
    assert mark.living() == []


@pytest.mark.heavy
def test_quick_takes_less_than_twenty_seconds_on_the_standard_library() -> None:
    done = run("speedup", "--quick", limit=60)
    assert done.returncode == 0, done.stderr
