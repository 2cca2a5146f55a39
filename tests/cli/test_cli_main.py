"""The command line: what is wrong is one line and exit code 2, and help is there at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import LIMIT, environment, run, run_python

from allcores import __version__


def test_version_is_the_package_s() -> None:
    assert run("--version").stdout == f"allcores {__version__}\n"


def test_help_lists_the_commands_and_their_options() -> None:
    assert "speedup" in run("--help").stdout
    text = run("speedup", "--help").stdout
    for option in ("--jobs", "--workers", "--input", "--json", "--quick", "--full"):
        assert option in text
    for job in ("words", "parse", "pipeline", "order", "cpu"):
        assert job in text


def test_without_a_command_help_is_printed() -> None:
    done = run()
    assert done.returncode == 0
    assert "usage: allcores" in done.stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from allcores.cli.main import main\n"
        "try: main(['speedup', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'multiprocessing', 'allcores._native.kernels', 'numpy', 'concurrent.futures'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))\n"
    )
    assert "heavy: []" in run_python(code).stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "nonsense"),
        (["speedup", "--nonsense"], "--nonsense"),
        (["speedup", "--quick", "--full"], "not allowed"),
        (["speedup", "--jobs", "words,dance"], "unknown job 'dance'"),
        (["speedup", "--jobs", ""], "unknown job ''"),
        (["speedup", "--workers", "0"], "'0' is not a whole number"),
        (["speedup", "--workers", "-1"], "--workers"),
        (["speedup", "--workers=-1"], "'-1' is not a whole number"),
        (["speedup", "--workers", "2,many"], "'many' is not a whole number"),
        (["speedup", "--workers", "1.5"], "'1.5' is not a whole number"),
        (["speedup", "--workers", "100000"], "'100000' is not a whole number"),
        (["speedup", "--input", "/no/such/path"], "no such file"),
        (["speedup", "--input", "/etc/passwd/below"], "not a directory"),
        (["speedup", "--input", "/dev/null"], "neither a file nor a folder"),
        (["speedup", "--input", "x" * 5000], "name too long"),
        (["speedup", "--json", "/no/such/folder/out.json"], "there is no folder"),
        (["speedup", "--json", "/"], "is a folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], says: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("allcores: ")
    assert says in done.stderr


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.py").touch()
    (tmp_path / "folder").mkdir()
    done = run("speedup", "--input", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no file that is not empty" in done.stderr


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    done = run("speedup", "--input", tmp_path / "empty")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is empty" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_path_is_an_error(tmp_path: Path) -> None:
    for name in ("file", "folder"):
        path = tmp_path / name
        path.mkdir() if name == "folder" else path.write_text("text")
        path.chmod(0)
        done = run("speedup", "--input", path)
        path.chmod(0o700)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "permission denied" in done.stderr


def test_a_closed_output_ends_the_command_quietly(folder: Path) -> None:
    command = [sys.executable, "-m", "allcores", "speedup", "--quick", "--input", str(folder)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    process.stdout.close()  # whoever read has gone before the first line
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(LIMIT), errors) == (141, b"")


def test_a_missing_output_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m allcores info >&-", shell=True, capture_output=True, timeout=LIMIT
    )
    assert (done.returncode, done.stderr) == (0, b"")
