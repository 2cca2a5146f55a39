"""Every example runs, in a child, without a word on standard error."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.py"))

#: What each must print, so that "it ran" means something.
EXPECTED = {
    "seven_letters": ["worker: workers"],
    "kernels_tour": ["argsort [1, 3, 0, 2]", "crc32 True", "78498"],
    "many_timers": ["threads: 2", "ding"],
    "thread_group": ["[1, 2, 4, 8, 16]", "failed: invalid literal"],
    "waiting": ["settings are read\nchanges: 50 price: 51\nnever more than two inside: True"],
    "tasks_and_threads": ["squares: [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]", "thread: stop"],
    "named_queue": [
        "ready\nIS ANYBODY THERE?\nTHAT WAS ALL\nthe first program has ended: 0\nnames left: []"
    ],
    "parallel_map": ["278 steps", "first above 100 steps: 27"],
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    for text in EXPECTED[path.stem]:
        assert text in done.stdout
