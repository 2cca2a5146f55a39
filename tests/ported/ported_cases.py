"""CPython's TestCase classes, of the running interpreter's `test` package, on a subject's classes.

Only the child process imports this: the `test` package changes what it finds (it imports modules
afresh, sets handlers and limits), and a test of it that goes wrong must not take pytest along.
"""

import ast
import inspect
import textwrap
import threading
import unittest
from collections.abc import Iterator
from dataclasses import dataclass

import test_queue_shutdown_313
from ported_subjects import UNDER_TEST, Substitute, look_up
from test import support, test_queue, test_threading

#: Tests that take 50 threads ask for `-M 5G` since 3.13.5 (their stacks' addresses, not memory).
ADDRESS_SPACE = "6G"


@dataclass(frozen=True)
class Case:
    """One TestCase class of CPython, and what of it is replaced."""

    origin: str  # the class that ours derives from
    needs: tuple[str, ...]  # classes under test, as ``queue.Queue``; and what of them it relies on
    attribute: str | None = None  # the class attribute that says which type is tested
    only_naming: bool = False  # of this class, only the tests that name a type under test


SHUTDOWN = "test_queue_shutdown_313."
CASES = {
    "QueueTest": Case("test.test_queue.CQueueTest", ("queue.Queue",), "queue"),
    "LifoQueueTest": Case("test.test_queue.CLifoQueueTest", ("queue.LifoQueue",), "queue"),
    "PriorityQueueTest": Case("test.test_queue.CPriorityQueueTest", ("queue.PriorityQueue",), "queue"),
    "FailingQueueTest": Case(
        "test.test_queue.CFailingQueueTest",
        ("queue.Queue", "queue.Queue._put", "queue.Queue._get"),
        "queue",
    ),
    "SimpleQueueTest": Case("test.test_queue.CSimpleQueueTest", ("queue.SimpleQueue",), "queue"),
    "QueueShutdownTest": Case(SHUTDOWN + "QueueShutdownTest", ("queue.Queue",), "queue"),
    "LifoQueueShutdownTest": Case(SHUTDOWN + "LifoQueueShutdownTest", ("queue.LifoQueue",), "queue"),
    "PriorityQueueShutdownTest": Case(
        SHUTDOWN + "PriorityQueueShutdownTest", ("queue.PriorityQueue",), "queue"
    ),
    "LockTests": Case("test.test_threading.LockTests", ("threading.Lock",), "locktype"),
    "RLockTests": Case("test.test_threading.CRLockTests", ("threading.RLock",), "locktype"),
    "EventTests": Case("test.test_threading.EventTests", ("threading.Event",), "eventtype"),
    "ConditionTests": Case("test.test_threading.ConditionTests", ("threading.Condition",), "condtype"),
    "ConditionAsRLockTests": Case(
        "test.test_threading.ConditionAsRLockTests", ("threading.Condition",), "locktype"
    ),
    "SemaphoreTests": Case("test.test_threading.SemaphoreTests", ("threading.Semaphore",), "semtype"),
    "BoundedSemaphoreTests": Case(
        "test.test_threading.BoundedSemaphoreTests", ("threading.BoundedSemaphore",), "semtype"
    ),
    "BarrierTests": Case("test.test_threading.BarrierTests", ("threading.Barrier",), "barriertype"),
    "TimerTests": Case("test.test_threading.TimerTests", ("threading.Timer", "threading.Event")),
    "ThreadTests": Case("test.test_threading.ThreadTests", (), only_naming=True),
}


def original(case: Case) -> type:
    module, _, name = case.origin.rpartition(".")
    modules = {
        "test.test_queue": test_queue,
        "test.test_threading": test_threading,
        "test_queue_shutdown_313": test_queue_shutdown_313,
    }
    return getattr(modules[module], name)


def types_named(code: object) -> tuple[set[str], set[str]]:
    """Return the types under test that a method or class names, and the attributes of self it uses."""
    types, calls = set(), set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(code)))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            # A lock beside is not what such a test is about.
            if node.value.id == "threading" and node.attr not in ("Lock", "RLock"):
                types.add(node.attr)
            elif node.value.id == "self":
                calls.add(node.attr)
    return {f"threading.{name}" for name in types & set(UNDER_TEST["threading"])}, calls


def tests_of(case: Case) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the name of each test of a case, and what it needs."""
    cls = original(case)
    for name in unittest.TestLoader().getTestCaseNames(cls):
        if not case.only_naming:
            yield name, case.needs
            continue
        types, calls = types_named(getattr(cls, name))
        for call in calls:
            if callable(getattr(cls, call, None)) and call.startswith("test_"):
                types |= types_named(getattr(cls, call))[0]
        if types:
            yield name, tuple(sorted(types))


def build(name: str, subject: str) -> type[unittest.TestCase]:
    """Return the TestCase class of a case, with the subject's classes in it."""
    case = CASES[name]
    body: dict[str, object] = {}
    if case.attribute == "queue":
        for need in case.needs:
            look_up(subject, need)
        body["queue"] = Substitute(subject, "queue")
    elif case.attribute:
        made = look_up(subject, case.needs[0])
        # The standard RLock is a function; CPython's TestCase has the class that it makes objects of.
        if made is not threading.RLock:
            body[case.attribute] = staticmethod(made)
    # What the tests of test_threading name as `threading.X` in their bodies.
    test_threading.threading = Substitute(subject, "threading")
    return type(name, (original(case), unittest.TestCase), body)


def test_classes() -> Iterator[type[unittest.TestCase]]:
    """Yield every TestCase class of CPython's two modules that has tests."""
    for module in (test_queue, test_threading):
        for cls in vars(module).values():
            if inspect.isclass(cls) and issubclass(cls, unittest.TestCase):
                own = cls.__module__ == module.__name__
                if own and unittest.TestLoader().getTestCaseNames(cls):
                    yield cls


def list_tests() -> dict[str, object]:
    """Return all there is to run, and all TestCase classes there are and what they name."""
    return {
        "cases": {name: dict(tests_of(CASES[name])) for name in CASES},
        "origins": {name: CASES[name].origin for name in CASES},
        "classes": {
            f"{cls.__module__}.{cls.__qualname__}": sorted(types_named(cls)[0])
            for cls in test_classes()
        },
        "shutdown": [name for name in dir(test_queue.QueueTest) if name.startswith("test_shutdown")],
    }


class Outcome(unittest.TestResult):
    """What came of one test, in one word and a text."""

    def __init__(self) -> None:
        super().__init__()
        self.skip_reason: str | None = None

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self.skip_reason = reason

    def answer(self) -> tuple[str, str]:
        wrong = self.failures + self.errors
        if wrong:
            return "failed", "\n".join(text for _, text in wrong)
        if self.unexpectedSuccesses:
            return "failed", "CPython expects this test to fail, and it passed"
        if self.skip_reason is not None:
            return "skipped", self.skip_reason
        if self.testsRun != 1:
            return "failed", f"{self.testsRun} tests were run instead of one"
        if support.environment_altered:
            return "failed", "the test left threads or processes behind (test.support)"
        return "passed", ""


def run(name: str, test: str, subject: str) -> tuple[str, str]:
    """Run one test in this process; return what came of it and the text that belongs to it."""
    support.verbose = False
    support.set_memlimit(ADDRESS_SPACE)
    support.environment_altered = False
    outcome = Outcome()
    build(name, subject)(test).run(outcome)
    return outcome.answer()
