"""What of CPython's tests of `multiprocessing` is left out on our contexts, and why.

As `left_out`, for `test_ported_multiprocessing`. ``python tests/ported/left_out_processes.py`` prints the
table of README.md.
"""

from typing import NamedTuple

from left_out import EVERY, RUNNING, versions_text

METHODS = ("fork", "spawn", "forkserver")


class LeftOut(NamedTuple):
    """One test that is not simply run and passed; ``how`` as in `left_out.LeftOut`."""

    test: str
    methods: tuple[str, ...]
    versions: tuple[str, ...]
    how: str
    reason: str


FORKED = "CPython's own test is for a start method that is not fork"
SERVED = "CPython's own test is for forkserver"
FEEDER = "it is about the feeder thread: ours has none, and what cannot be pickled raises in `put`"
TESTS: tuple[LeftOut, ...] = (
    LeftOut(
        "_TestProcess.test_parent_process",
        METHODS,
        EVERY,
        "not run",
        "it wants a child that outlives its parent; ours end with it, and `outlive_parent` opts out",
    ),
    LeftOut("_TestProcess.test_child_fd_inflation", ("fork",), EVERY, "skips", FORKED),
    LeftOut("_TestProcess.test_forkserver_sigint", ("fork", "spawn"), EVERY, "skips", SERVED),
    LeftOut("_TestProcess.test_forkserver_sigkill", ("fork", "spawn"), EVERY, "skips", SERVED),
    LeftOut("_TestQueue.test_queue_feeder_donot_stop_onexc", METHODS, EVERY, "fails", FEEDER),
    LeftOut("_TestQueue.test_queue_feeder_on_queue_feeder_error", METHODS, EVERY, "fails", FEEDER),
    LeftOut(
        "_TestQueue.test_closed_queue_empty_exceptions",
        METHODS,
        EVERY[2:],
        "fails",
        "`empty` goes on to answer after `close`; the standard one does so unless the queue was used",
    ),
)

#: Of the classes for processes in `_test_multiprocessing`, those that are not run here.
CLASSES = {
    "_TestListener": "the standard library's own classes alone",
    "_TestListenerClient": "the standard library's own classes alone",
    "_TestHeap": "the standard library's own classes alone",
    "_TestSharedMemory": "the standard library's own classes alone",
    "_TestFinalize": "the standard library's own classes alone",
    "_TestLogging": "the standard library's own classes alone",
    "_TestPollEintr": "the standard library's own classes alone",
    "_TestAtExit": "the standard library's own classes alone",
    "_TestManagerRestart": "the standard library's own classes alone",
    "_TestSpawnedSysPath": "how the standard library's start methods hand on `sys.path` (3.13.4 and later)",
}


def left_out(test: str, method: str) -> LeftOut | None:
    """Return the entry for a test with a start method on the running interpreter."""
    for entry in TESTS:
        if entry.test == test and method in entry.methods and RUNNING in entry.versions:
            return entry
    return None


def tables() -> str:
    """Return what README.md shows between its markers."""
    lines = ["| test | start methods | versions | how | reason |", "|---|---|---|---|---|"]
    for entry in TESTS:
        methods = "all" if entry.methods == METHODS else " ".join(entry.methods)
        lines.append(
            f"| `{entry.test}` | {methods} | {versions_text(entry.versions)} | {entry.how} "
            f"| {entry.reason} |"
        )
    if not TESTS:
        lines.append("| none | | | | |")
    lines += ["", "| class | reason |", "|---|---|"]
    lines += [f"| `{name}` | {reason} |" for name, reason in CLASSES.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(tables(), end="")
