"""Each case in a process of its own: no thread, cache or crash of one reaches the next.

python -m bench.harness.isolation CASE SETTINGS OUTPUT HEAD    (used by `run_isolated` only)
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.harness.bars import judge
from bench.harness.cases import FAILED, CaseResult, load, run_case
from bench.harness.comparison import Settings
from bench.harness.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
GRACE_S = 1.0  # between the signal that asks to end and the one that does not ask


def run_isolated(name: str, settings: Settings, head: str = "") -> CaseResult:
    """Run a case in a fresh interpreter; one that crashes gives a failed result.

    Parameters
    ----------
    name : str
    settings : Settings
    head : str
        The beginning of the progress line.
    """
    with tempfile.TemporaryDirectory(prefix="allcores-bench-") as folder:
        output = Path(folder) / "result.json"
        command = [sys.executable, "-m", "bench.harness.isolation", name]
        command += [json.dumps(settings.as_dict()), str(output), head]
        # What it leaves in its temporary folder when it is ended goes with this one.
        environment = {**os.environ, "TMPDIR": folder}
        child = None
        try:
            with _interrupts_held_back():
                child = subprocess.Popen(command, cwd=ROOT, env=environment, process_group=0)
            code = child.wait()
        except BaseException:
            if child is not None:
                _end(child)
            raise
        if output.exists():
            return CaseResult.from_dict(json.loads(output.read_text(encoding="utf-8")))
    module = load(name)
    reason = f"its process ended with exit code {code}" + (" (a signal)" if code < 0 else "")
    bars = [judge(bar, [], reason) for bar in module.BARS]
    return CaseResult(name, module.QUESTION, FAILED, reason, verdicts=bars)


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Raise what comes meanwhile at the end: a process must not start and be lost."""
    came: list[int] = []
    old = {
        number: signal.signal(number, lambda number, frame: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End a case and whatever it started; it is the leader of a process group of its own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            break
        try:
            child.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            pass  # it gets the harder signal
    child.wait()


def main(arguments: list[str]) -> int:
    """Run the case and write what came out."""
    name, settings, output, head = arguments
    progress = Progress(f"{head}{name}")
    try:
        result = run_case(name, Settings(**json.loads(settings)), progress)
    finally:
        progress.clear()
    Path(output).write_text(json.dumps(result.as_dict()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
