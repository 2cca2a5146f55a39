"""Starting the interpreter, with and without the package."""

import subprocess
import sys

from bench.harness.bars import Bar
from bench.harness.comparison import Builders, Comparison, Settings
from bench.harness.contender import Call, NotAvailable, Work

QUESTION = "what does 'import allcores' add to the start of an interpreter?"
BARE, OURS = "python -c 'pass'", "python -c 'import allcores'"
BARS = [Bar("import allcores", "start", OURS, BARE, extra_below_s=0.030)]


def start(code: str, n: int) -> int:
    """Start n interpreters, one after the other."""
    for _ in range(n):
        subprocess.run([sys.executable, "-c", code], check=True)
    return n


def contender(code: str) -> Call:
    """Return a contender that starts interpreters with this code."""
    return Call(f"python -c '{code}'", Work(lambda n: start(code, n), lambda n: "exit code 0"))


def comparisons(settings: Settings) -> Builders:
    """Return one comparison: the package, a bare interpreter, and imports to judge by."""

    def build() -> Comparison:
        code = "import allcores"
        tried = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        if tried.returncode:
            raise NotAvailable(f"{code} fails: {tried.stderr.decode().strip().splitlines()[-1]}")
        codes = [
            code,
            "pass",
            "from allcores import queue",
            "import queue",
            "import multiprocessing",
        ]
        return Comparison(
            "start and end of a process",
            [contender(code) for code in codes],
            "files in the system's cache",
        )

    return {"start": build}
