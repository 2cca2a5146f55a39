"""CPython's own tests of these classes (test.lock_tests), run on ours."""

import pytest

from allcores import threading as ours
from allcores._native.sync import ReentrantLock

lock_tests = pytest.importorskip("test.lock_tests")


class TestEvent(lock_tests.EventTests):  # type: ignore[misc,name-defined]
    eventtype = staticmethod(ours.Event)


class TestCondition(lock_tests.ConditionTests):  # type: ignore[misc,name-defined]
    condtype = staticmethod(ours.Condition)


class TestSemaphore(lock_tests.SemaphoreTests):  # type: ignore[misc,name-defined]
    semtype = staticmethod(ours.Semaphore)


class TestBoundedSemaphore(lock_tests.BoundedSemaphoreTests):  # type: ignore[misc,name-defined]
    semtype = staticmethod(ours.BoundedSemaphore)


class TestBarrier(lock_tests.BarrierTests):  # type: ignore[misc,name-defined]
    barriertype = staticmethod(ours.Barrier)


class TestConditionAsRLock(lock_tests.RLockTests):  # type: ignore[misc,name-defined]
    locktype = staticmethod(ours.Condition)

    def test_recursion_count(self) -> None:
        pytest.skip("a Condition does not show its lock's _recursion_count, nor does the standard one")


class TestReentrantLock(lock_tests.RLockTests):  # type: ignore[misc,name-defined]
    locktype = staticmethod(ReentrantLock)
