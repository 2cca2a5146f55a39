"""Ctrl-C while the command is imported: it ends with code 130 and says nothing, at any import."""

import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

#: Imported by the interpreter before anything else: sends SIGINT at one of the imports that the package
#: makes, which are counted from its own on; writes each down.
_INTERRUPTER = """
import os, signal, sys

class Interrupter:
    count = 0

    def find_spec(self, name, path=None, target=None):
        if name == "allcores" or self.count:
            self.count += 1
            with open(os.environ["SEEN"], "a") as file:
                file.write(name + "\\n")
            if self.count == int(os.environ["AT"]):
                os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, Interrupter())
"""

#: What pip makes of the entry point.
_SCRIPT = """\
import re
import sys
from allcores.cli.main import main
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(main())
"""


def start(
    folder: Path, how: str, at: int
) -> tuple["subprocess.CompletedProcess[str]", list[str]]:
    """Run the command, interrupted at that import; return what it imported, too."""
    script = folder / "allcores"
    seen = folder / f"seen-{how}-{at}"
    package = str(Path(__file__).resolve().parents[2] / "src")
    paths = [str(folder), package, os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, *(["-m", "allcores"] if how == "module" else [str(script)]), "info"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "AT": str(at), "SEEN": str(seen)},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    return done, seen.read_text().splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", ["module", "script"])
def test_ctrl_c_at_any_import_ends_the_command_quietly(
    tmp_path: Path, how: str, seed: int, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_INTERRUPTER)
    (tmp_path / "allcores").write_text(_SCRIPT)
    done, imported = start(tmp_path, how, 0)
    assert (done.returncode, done.stderr) == (0, "")
    assert imported[:1] == ["allcores"] and "allcores.cli.main" in imported
    # While it is looked for (runpy does so twice), no line of the package has run.
    first = 1 + next(i for i, name in enumerate(imported) if name != "allcores")
    moments = list(range(first, len(imported) + 1))
    if not request.config.getoption("--heavy"):
        moments = moments[:4] + random.Random(seed).sample(moments[4:], 6)
    with ThreadPoolExecutor(2) as pool:
        ends = pool.map(lambda at: start(tmp_path, how, at)[0], moments)
        for at, done in zip(moments, ends, strict=True):
            where = f"import {at}: {imported[at - 1]}"
            assert (done.returncode, done.stdout, done.stderr) == (130, "", ""), where


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_program_of_that_name_that_uses_the_library_gets_its_interrupt(tmp_path: Path) -> None:
    program = tmp_path / "allcores"
    program.write_text(
        "import os, signal, allcores\n"
        "assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler  # else: no test\n"
        "try: os.kill(os.getpid(), signal.SIGINT)\n"
        "except KeyboardInterrupt: print('caught')\n"
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "caught\n", "")


def test_the_library_leaves_the_handler_alone() -> None:
    code = "import signal, allcores; print(signal.getsignal(signal.SIGINT).__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "default_int_handler\n", done.stderr


def test_after_the_command_the_caller_s_handler_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    from allcores.cli.main import main

    before = signal.getsignal(signal.SIGINT)
    assert main([]) == 0
    assert "usage" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before
