"""What of CPython's tests is not run on our classes, or not expected to pass, and why.

The one place: pytest reads it, checks that each entry is still needed, and checks README.md's tables
against it. ``python tests/ported/left_out.py`` prints the tables.
"""

import sys
import sysconfig
from typing import NamedTuple

#: Everything that allcores supports; "t": free-threaded.
EVERY = ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t")

RUNNING = "{}.{}".format(*sys.version_info[:2]) + (
    "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
)

#: Not written yet: the cases that need them are skipped. An entry that exists by now fails; delete it.
NOT_YET: tuple[str, ...] = ()


class LeftOut(NamedTuple):
    """One test that is not simply run and passed.

    ``how`` is ``fails`` (it is run, and an entry whose test passes is out of date), ``skips`` (the test
    skips itself, which is checked as well) or ``not run`` (running it tells nothing).
    """

    test: str
    subject: str  # "ours", "std" or "both"
    versions: tuple[str, ...]
    how: str
    reason: str


TESTS = (
    LeftOut(
        "ConditionAsRLockTests.test_recursion_count",
        "both",
        EVERY,
        "skips",
        "`Condition` does not hand out its lock's `_recursion_count`, CPython's neither",
    ),
    LeftOut(
        "TimerTests.test_init_immutable_default_args",
        "ours",
        EVERY,
        "fails",
        "it passes but for its last look: the threads that timers share stay for five idle seconds",
    ),
)


class ClassLeftOut(NamedTuple):
    """A TestCase class of CPython that no case is made of."""

    name: str
    versions: tuple[str, ...]
    reason: str


PURE = "CPython's pure Python version: its tests are those of the twin named C..., which is run on ours"
THREADS = "about threads and the interpreter: it names none of the types under test (checked)"
CLASSES = (
    ClassLeftOut("test.test_queue.PyQueueTest", EVERY, PURE),
    ClassLeftOut("test.test_queue.PyLifoQueueTest", EVERY, PURE),
    ClassLeftOut("test.test_queue.PyPriorityQueueTest", EVERY, PURE),
    ClassLeftOut("test.test_queue.PyFailingQueueTest", EVERY, PURE),
    ClassLeftOut("test.test_queue.PySimpleQueueTest", EVERY, PURE),
    ClassLeftOut("test.test_threading.PyRLockTests", EVERY, PURE),
    ClassLeftOut("test.test_threading.ThreadJoinOnShutdown", EVERY, THREADS),
    ClassLeftOut("test.test_threading.SubinterpThreadingTests", EVERY, THREADS),
    ClassLeftOut("test.test_threading.ThreadingExceptionTests", EVERY, THREADS),
    ClassLeftOut("test.test_threading.ExceptHookTests", EVERY, THREADS),
    ClassLeftOut("test.test_threading.MiscTestCase", EVERY, THREADS),
    ClassLeftOut("test.test_threading.InterruptMainTests", EVERY, THREADS),
    ClassLeftOut("test.test_threading.AtexitTests", EVERY, THREADS),
)


def left_out(test: str, subject: str) -> LeftOut | None:
    """Return the entry for a test on a subject on the running interpreter."""
    for entry in TESTS:
        if entry.test == test and entry.subject in (subject, "both") and RUNNING in entry.versions:
            return entry
    return None


def versions_text(versions: tuple[str, ...]) -> str:
    return "all" if versions == EVERY else " ".join(versions)


def tables() -> str:
    """Return what README.md shows between its markers."""
    lines = ["| test | on | versions | how | reason |", "|---|---|---|---|---|"]
    for entry in TESTS:
        on = {"ours": "ours", "std": "the standard library's", "both": "both"}[entry.subject]
        lines.append(
            f"| `{entry.test}` | {on} | {versions_text(entry.versions)} | {entry.how} "
            f"| {entry.reason} |"
        )
    lines += ["", "| class | versions | reason |", "|---|---|---|"]
    for cls in CLASSES:
        lines.append(f"| `{cls.name}` | {versions_text(cls.versions)} | {cls.reason} |")
    if NOT_YET:
        lines += ["", "Not written yet: " + ", ".join(f"`{name}`" for name in NOT_YET) + "."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(tables(), end="")
