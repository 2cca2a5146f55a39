"""Whose classes CPython's tests are run on: ours, the standard library's, or deliberately broken ones.

Imported by pytest and by the child process that runs the tests; needs no `test` package.
"""

import importlib
import queue
import threading
import types

#: The classes under test, by the standard module they stand in for.
UNDER_TEST = {
    "queue": ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"),
    "threading": (
        "Barrier",
        "BoundedSemaphore",
        "Condition",
        "Event",
        "Lock",
        "RLock",
        "Semaphore",
        "Timer",
    ),
}

#: Where `allcores` may hand out the standard library's own, because that is as fast.
MAY_BE_STANDARD = ("threading.Lock", "threading.RLock")

#: Subject -> the package or module that holds what stands in for `queue` and `threading`.
HOMES = {"ours": "allcores", "std": None, "broken": "ported_fakes"}

STANDARD = {"queue": queue, "threading": threading}


class NotOurs(AssertionError):
    """The class that a test was to be run on is not the one under test."""


def home(subject: str, module: str) -> object:
    """Return what holds the subject's classes for a standard module; None if there is no such thing."""
    place = HOMES[subject]
    if place is None:
        return STANDARD[module]
    try:
        return importlib.import_module(f"{place}.{module}")
    except ModuleNotFoundError as error:
        if error.name != f"{place}.{module}":
            raise
    return getattr(importlib.import_module(place), module, None)


def look_up(subject: str, dotted: str) -> object:
    """Return the subject's object for a name such as ``queue.Queue`` or ``queue.Queue._put``.

    Raises
    ------
    NotOurs
        It is missing, or it is the standard library's under our name: a test of it would prove
        nothing about us.
    """
    module, name, *rest = dotted.split(".")
    found = getattr(home(subject, module), name, None)
    if found is None:
        raise NotOurs(f"{HOMES[subject]}.{module} has no {name}: write it, or add it to NOT_YET")
    if subject != "std" and dotted not in MAY_BE_STANDARD:
        root = str(HOMES[subject])
        if found is getattr(STANDARD[module], name) or found.__module__.split(".")[0] != root:
            theirs = f"{found.__module__}.{found.__qualname__}"
            raise NotOurs(f"{root}.{dotted} is {theirs}, not {root}'s own")
    for attribute in rest:
        found = getattr(found, attribute, None)
        if found is None:
            raise NotOurs(f"{HOMES[subject]}.{dotted}: there is no {attribute}")
    return found


class Substitute(types.ModuleType):
    """The standard module, its classes under test replaced by a subject's.

    A class under test is never the standard library's by accident: `look_up` refuses. The exceptions
    of `queue` come from the subject's module too (`ShutDown` is new in 3.13); all other names are the
    standard module's, for reading and for writing.
    """

    def __init__(self, subject: str, module: str) -> None:
        super().__init__(f"{module} ({subject})")
        self.__dict__["_subject"] = subject
        self.__dict__["_module"] = module

    def __getattr__(self, name: str) -> object:
        module, subject = self._module, self._subject
        if name in UNDER_TEST[module]:
            return look_up(subject, f"{module}.{name}")
        if module == "queue" and name in ("Empty", "Full", "ShutDown"):
            return getattr(home(subject, module), name)
        return getattr(STANDARD[module], name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in UNDER_TEST[self._module]:
            raise NotOurs(f"a test replaces {self._module}.{name}, the class under test")
        setattr(STANDARD[self._module], name, value)
