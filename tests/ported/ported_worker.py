"""The other end of `ported_child`: runs tests one by one in a child, and outlives whatever they do."""

import functools
import importlib.util
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import allcores

HERE = Path(__file__).resolve().parent

#: Seconds for one test. CPython's own tests wait up to 30 for a fact (`support.SHORT_TIMEOUT`).
LIMIT = 90

#: Seconds beyond a test's limit in which the child must have ended itself.
GRACE = 20


@dataclass(frozen=True)
class Answer:
    """What came of a test: ``passed``, ``failed``, ``skipped``, ``hung`` or ``crashed``."""

    outcome: str
    text: str
    seconds: float


class Worker:
    """A child process for tests; a new one after each test that did not pass.

    What a failed test leaves behind (a thread that still waits, a module half replaced) must not be the
    next one's trouble.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def _start(self) -> None:
        paths = [str(HERE), str(Path(allcores.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 (stop closes it)
        self._child = subprocess.Popen(
            [sys.executable, str(HERE / "ported_child.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(
            target=self._read, args=(self._child, self._answers), daemon=True
        )
        self._reader.start()

    @staticmethod
    def _read(child: "subprocess.Popen[str]", answers: "queue.SimpleQueue[str]") -> None:
        for line in child.stdout:
            answers.put(line)
        answers.put("")

    def ask(self, limit: float = LIMIT, **request: object) -> dict[str, object]:
        """Send a request; return the answer, which may be that there was none."""
        if self._child is None:
            self._start()
        child = self._child
        child.stdin.write(json.dumps({**request, "limit": limit}) + "\n")
        child.stdin.flush()
        try:
            line = self._answers.get(timeout=limit + GRACE)
        except queue.Empty:
            return {"outcome": "hung", "text": f"no answer\n{self.stop()}", "seconds": limit + GRACE}
        if line:
            return json.loads(line)
        # It has closed its end, so that it ends: its own exit code says more than our kill.
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            pass
        text = self.stop()
        if "Timeout (" in text:
            return {"outcome": "hung", "text": f"no end in {limit} s\n{text}", "seconds": limit}
        return {"outcome": "crashed", "text": f"exit {child.returncode}\n{text}", "seconds": 0.0}

    def run(
        self, subject: str, case: str, test: str, limit: float = LIMIT, keep: bool = False
    ) -> Answer:
        """Run one test of one case on a subject's classes; `keep` the process even if it fails."""
        answer = Answer(**self.ask(limit, subject=subject, case=case, test=test))
        if answer.outcome not in ("passed", "skipped") and not keep:
            self.stop()
        return answer

    def stop(self) -> str:
        """End the child; return what it wrote to stderr."""
        child, self._child = self._child, None
        if child is None:
            return ""
        child.kill()
        child.wait()
        self._reader.join()
        child.stdout.close()
        try:
            child.stdin.close()
        except BrokenPipeError:
            pass
        self._errors.seek(0)
        text = self._errors.read()
        self._errors.close()
        return text


def no_test_package(find: Callable[[str], object] = importlib.util.find_spec) -> str | None:
    """Return why CPython's tests cannot be run here; None if they can."""
    for name in ("test.lock_tests", "test.test_queue", "test.test_threading", "test.support"):
        try:
            found = find(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            short = "{}.{}".format(*sys.version_info[:2])
            return (
                f"this interpreter has no module {name}: install CPython's test package (Debian and "
                f"Ubuntu: libpython{short}-testsuite; Fedora: python3-test; Alpine: python3-tests)"
            )
    return None


@functools.cache
def listing() -> dict[str, dict]:
    """Return all there is to run on this interpreter; see `ported_cases.list_tests`."""
    if no_test_package():
        return {"cases": {}, "origins": {}, "classes": {}, "shutdown": []}
    worker = Worker()
    try:
        answer = worker.ask(list=True)
    finally:
        errors = worker.stop()
    if "cases" not in answer:
        raise RuntimeError(f"the tests could not be listed: {answer['text']}\n{errors}")
    return answer
