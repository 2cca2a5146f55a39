"""CPython's TestCase classes of `test._test_multiprocessing`, with our types in them.

Imported by the process that runs the tests and, because its classes are pickled by name, by the children that
they spawn. What is in them is said by two environment variables, which children inherit.
"""

import os
import unittest

from test import _test_multiprocessing as cpython

SUBJECT = os.environ["PORTED_MP_SUBJECT"]
METHOD = os.environ["PORTED_MP_METHOD"]

#: CPython's class: the names under test in it, which must be ours.
CASES = {
    "_TestLock": ("Lock", "RLock", "Event"),
    "_TestSemaphore": ("Semaphore", "BoundedSemaphore"),
    "_TestCondition": ("Condition", "Lock", "Semaphore", "Process"),
    "_TestEvent": ("Event", "Process"),
    "_TestBarrier": ("Barrier", "Condition", "Event", "Process"),
    "_TestValue": ("RLock", "Process"),
    "_TestArray": ("RLock", "Process"),
    "_TestSharedCTypes": ("Lock", "Process"),
    "_TestProcess": ("Process", "Event"),
    "_TestSubclassingProcess": ("Process",),
    "_TestConnection": ("Process",),
    "_TestPoll": ("Process",),
    "_TestPicklingConnections": ("Process",),
    "_TestQueue": ("Queue", "JoinableQueue", "Process"),
    "_TestPool": ("SimpleQueue", "Process"),
    "_TestPoolWorkerErrors": ("SimpleQueue", "Process"),
    "_TestPoolWorkerLifetime": ("SimpleQueue", "Process"),
    "TestSimpleQueue": ("SimpleQueue", "Event", "Process"),
    "TestWait": ("Process",),
}

if SUBJECT == "std":
    import multiprocessing as subject
else:
    from allcores import multiprocessing as subject

    # What the tests name as `multiprocessing.X` in their bodies.
    cpython.multiprocessing = subject


class LetsEverybodyIn:
    """A lock that is none: tests must fail on it."""

    def acquire(self, block=True, timeout=None):
        return True

    def release(self):
        pass


class Mixin(cpython.BaseMixin):
    """As CPython's ProcessesMixin, with a subject's types."""

    TYPE = "processes"
    Process = subject.Process
    connection = subject.connection


for _name in (
    "current_process parent_process active_children set_executable Pool Pipe Queue JoinableQueue Lock RLock "
    "Semaphore BoundedSemaphore Condition Event Barrier Value Array RawValue RawArray"
).split():
    setattr(Mixin, _name, staticmethod(getattr(subject, _name)))

if SUBJECT == "broken":
    Mixin.Lock = LetsEverybodyIn

# It was derived from the standard Process before anybody could say otherwise.
_body = {k: v for k, v in vars(cpython._UpperCaser).items() if k not in ("__dict__", "__weakref__")}
_UpperCaser = type("_UpperCaser", (subject.Process,), {**_body, "__module__": __name__})
cpython._UpperCaser = _UpperCaser

for _name in CASES:
    # Under its own name and module, so that a child finds it. Those without a `_` are whole already.
    _bases = (getattr(cpython, _name), *((Mixin, unittest.TestCase) if _name[0] == "_" else ()))
    globals()[_name.lstrip("_")] = type(_name.lstrip("_"), _bases, {"__module__": __name__})


def refuse_the_standard_ones() -> None:
    """Fail if a type under test is not ours."""
    for names in CASES.values():
        for name in names:
            made = getattr(subject, name)
            cls = made if isinstance(made, type) else type(made(2) if name == "Barrier" else made())
            if cls.__module__.split(".")[0] != "allcores":
                raise AssertionError(f"{name} is {cls.__module__}.{cls.__qualname__}, not ours")
