"""What the tests of the command share: running it as a user does, and finding what it left behind."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

#: Longer than anything takes that is not hanging, on a busy machine.
LIMIT = 120

_TEXT = b"""\
def course(names):
    counted = sum(1 for name in names if len(name) == 7)
    return {"letters": counted, "message": "seven letters", "numbers": [1, 2, 3]}


class Example:
    pattern = r"a raw pattern"

    def method(self, *values, **options):
        while values:
            values = values[1:]
        return [value for value in options.values() if value]
"""


def make_folder(folder: Path, files: int = 6) -> Path:
    """Fill a folder with Python files of several sizes, one text file, and one that is no Python."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        (folder / f"module{number}.py").write_bytes(_TEXT * (number + 1))
    (folder / "notes.txt").write_bytes(b"seven letter words: journey bicycle\n\xff\xfe\x00 end\n" * 9)
    (folder / "broken.py").write_bytes(b"def broken(:\n")
    return folder


def environment(**more: str) -> dict[str, str]:
    """Return the environment that the command runs in: nothing of it from the outer pytest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALLCORES_")}
    return {**kept, **more}


def run(*arguments: object, limit: float = LIMIT, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "allcores", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=limit,
        env=environment(**env),
        stdin=subprocess.DEVNULL,
    )


def run_python(code: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run a program in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env=environment(),
        stdin=subprocess.DEVNULL,
    )


class Mark:
    """A mark in the environment of a process, by which all that descends from it is found."""

    def __init__(self) -> None:
        self.value = uuid.uuid4().hex
        self.env = {"CLI_TEST_MARK": self.value}

    def living(self) -> list[str]:
        """Return the command lines of the processes that carry the mark."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if self.value.encode() in Path(f"/proc/{entry}/environ").read_bytes():
                    found.append(entry + " " + Path(f"/proc/{entry}/cmdline").read_text())
            except OSError:
                pass  # it ended meanwhile
        return found
