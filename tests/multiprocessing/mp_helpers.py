"""What the tests of allcores.multiprocessing share: what runs in children, and how to run a script.

The functions are here and not in the tests, so that a spawned child imports little.
"""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

METHODS = ["fork", "spawn", "forkserver"]
PATIENCE = 30  # seconds: nothing here takes a tenth of it unless it hangs


def echo(inbox: Any, outbox: Any) -> None:
    """Send everything back until None comes."""
    while (item := inbox.get(timeout=PATIENCE)) is not None:
        outbox.put(item)


def put_all(queue: Any, items: list[Any]) -> None:
    for item in items:
        queue.put(item)


def put_blocks(queue: Any, count: int, size: int) -> None:
    for number in range(count):
        queue.put((number, bytes(size)))


def count_up(queue: Any, name: int, count: int) -> None:
    for number in range(count):
        queue.put((name, number))


def report_get(queue: Any, results: Any) -> None:
    """Wait in `get`, and send the name of what came of it."""
    results.put("waiting")
    try:
        queue.get(timeout=PATIENCE)
        results.put("item")
    except Exception as error:
        results.put(type(error).__name__)


def report_put(queue: Any, results: Any) -> None:
    results.put("waiting")
    try:
        queue.put("x", timeout=PATIENCE)
        results.put("done")
    except Exception as error:
        results.put(type(error).__name__)


def finish_tasks(queue: Any) -> None:
    while queue.get(timeout=PATIENCE) is not None:
        queue.task_done()
    queue.task_done()


def send_maxsize(queue: Any, results: Any) -> None:
    results.put((type(queue).__name__, queue.maxsize, getattr(queue, "label", None)))


def sleep_long() -> None:
    time.sleep(PATIENCE)


def gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has waited for it yet."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def await_true(condition: Any, what: str, seconds: float = PATIENCE) -> float:
    """Poll until `condition()`; return how long it took."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.002)
    return time.monotonic() - start


def names_in_shm() -> set[str]:
    """Return what has a name in shared memory now; other programs put theirs there too."""
    return set(os.listdir("/dev/shm"))


def no_new_name_stays(before: set[str]) -> None:
    """Fail if a name is there that was not `before`. Those of other programs go, ours would stay."""
    await_true(lambda: not names_in_shm() - before, f"no names beside {sorted(before)} in /dev/shm")


def run_script(
    folder: Path, code: str, *args: object, timeout: float = PATIENCE, warnings: str = "error"
) -> str:
    """Run a program of its own, which spawned children can import; return what it printed."""
    path = folder / "script.py"
    path.write_text(textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", warnings, str(path), *map(str, args)],
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr[-4000:]}"
    return done.stdout


# -- children of the process tests ----------------------------------------------------------------


class Strange(Exception):
    """Pickles, and cannot be made again: its arguments are not those of __init__."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def raise_it(kind: str) -> None:
    if kind == "value":
        raise ValueError("boom", 3)
    if kind == "chain":
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error
    if kind == "unpicklable":
        error = ValueError("holds a lambda")
        error.function = lambda: None  # type: ignore[attr-defined]
        raise error
    if kind == "strange":
        raise Strange(1, 2)
    if kind == "large":
        raise ValueError("x" * 1_000_000)
    if kind == "interrupt":
        raise KeyboardInterrupt
    if kind == "exit":
        sys.exit(7)


def tell_pid_and_sleep(queue: Any) -> None:
    queue.put(os.getpid())
    time.sleep(PATIENCE)


def start_and_sleep(queue: Any, method: str, depth: int, outlive: bool = False) -> None:
    """Tell the own pid, start `depth` generations more, sleep."""
    from allcores import multiprocessing as mp

    queue.put(os.getpid())
    if depth:
        ctx = mp.get_context(method)
        for _ in range(2):
            ctx.Process(
                target=start_and_sleep, args=(queue, method, depth - 1), outlive_parent=outlive
            ).start()
    time.sleep(PATIENCE)


def fork_once(queue: Any) -> None:
    """Fork in a way that makes a warning of threads an error."""
    import warnings

    warnings.simplefilter("error")
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    with open("/proc/self/stat") as file:
        queue.put(int(file.read().rpartition(")")[2].split()[17]))
