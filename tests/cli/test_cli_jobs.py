"""Every job gives the same answer in every mode, on inputs of all kinds; shares add up to the whole."""

from pathlib import Path

import pytest
from cli_helpers import run, run_python

#: Runs a job in all modes and all shares. In a process of its own: it forks, and pytest has threads.
_ALL_MODES = """
import sys
from allcores.cli.jobs import job_class
from allcores.cli.jobs.job import MODES, Size
from allcores.cli.jobs.stopwatch import Stopwatch
from allcores.cli.speedup.inputs import read_input

name, path = sys.argv[1:]
job = job_class(name)(read_input(path, False), Size(0.02, quick=True))
clock = Stopwatch()
answer = job.answer(job.serial(clock))
print(job.sample, job.describe(answer), answer, sep="\\n")
for workers in (1, 2, 3):
    for method in MODES.values():
        assert job.answer(getattr(job, method)(workers, clock)) == answer, (method, workers)
    done = sum(job.share(index, workers)() for index in range(workers))
    assert done == job.items * (workers if job.ceiling_copies else 1), (done, job.items, workers)
assert clock.passes == 13, clock.passes
assert clock.seconds > 0
"""


@pytest.mark.parametrize("name", ["words", "parse", "pipeline", "order", "cpu"])
def test_all_modes_agree_and_shares_add_up(name: str, folder: Path) -> None:
    done = run_python(_ALL_MODES, name, folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["words", "parse", "pipeline", "order"])
@pytest.mark.parametrize("content", [b"x", b"one = 7\n", b"\xff\x00 \x80\n" * 5])
def test_tiny_and_binary_inputs_agree_too(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.py"
    path.write_bytes(content)
    done = run_python(_ALL_MODES, name, path)
    if "Skip" in done.stderr:
        assert (name, content[:1]) == ("parse", b"\xff")
    else:
        assert done.returncode == 0, done.stderr


def test_words_counts_what_split_gives(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"letters bicycle\tjourney\x0bshort\x0cletters not\xa0space\n")
    done = run_python(_ALL_MODES, "words", path)
    assert "6 words, 5 different, 4 of seven letters" in done.stdout, done.stderr


def test_cpu_knows_how_many_primes_there_are() -> None:
    code = (
        "from allcores.cli.jobs import cpu\n"
        "assert cpu._primes_between(0, 1_000_000) == 78498\n"
        "assert [cpu._primes_between(0, n) for n in range(8)] == [0, 0, 0, 1, 2, 2, 3, 3]\n"
        "cuts = [0, 1, 5, 97, 98, 5000, 1_100_000, 3_000_000]\n"
        "assert sum(map(cpu._primes_between, cuts, cuts[1:])) == 216816\n"
    )
    done = run_python(code)
    assert done.returncode == 0, done.stderr


def test_parse_skips_what_holds_no_python(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("no Python here\n")
    (tmp_path / "broken.py").write_text("def broken(:\n")
    done = run("speedup", "--quick", "--jobs", "parse", "--input", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "skipped: no file that ast.parse takes" in done.stdout
    assert "Nothing was measured" in done.stdout


def test_order_skips_what_holds_no_word(tmp_path: Path) -> None:
    (tmp_path / "blank").write_bytes(b" \n\t " * 100)
    done = run("speedup", "--quick", "--jobs", "order", "--input", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "skipped: no word" in done.stdout


@pytest.mark.parametrize("workers", range(1, 9))
def test_order_gives_each_kernel_to_a_process_and_uses_all_workers(workers: int) -> None:
    from allcores.cli.jobs import order

    tasks = order._tasks(workers)
    assert sorted(name for names, _ in tasks for name in names) == ["argsort", "sort"]
    assert sum(threads for _, threads in tasks) == workers
    assert min(threads for _, threads in tasks) >= 1
