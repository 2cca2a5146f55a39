"""Deliberately broken classes: CPython's tests must fail on them, or the harness runs nothing.

They come in place of ours (the subject ``broken`` of `ported_subjects`).
"""

import os
import queue as std_queue
import threading as std_threading
import time
import types
from typing import NamedTuple

from allcores.errors import Empty, Full, ShutDown


class NeverShut:
    """`shutdown` does nothing, and a subclass's exceptions are swallowed by `put`."""

    def shutdown(self, immediate=False):
        pass

    def put(self, item, block=True, timeout=None):
        try:
            super().put(item, block, timeout)
        except (Full, ValueError):
            raise
        except Exception:
            pass


class Queue(NeverShut, std_queue.LifoQueue):
    """Last in, first out."""


class LifoQueue(NeverShut, std_queue.Queue):
    """First in, first out."""


class PriorityQueue(NeverShut, std_queue.Queue):
    """First in, first out."""


class SimpleQueue(std_queue.LifoQueue):
    """Last in, first out."""


class Lock:
    """Lets everybody in."""

    def acquire(self, blocking=True, timeout=-1):
        return True

    def release(self):
        pass

    def __enter__(self):
        return True

    def __exit__(self, *exc):
        pass


class RLock(Lock):
    """Lets everybody in."""


class Condition(Lock):
    """Waits for nothing."""

    def wait(self, timeout=None):
        return True


class Event(std_threading.Event):
    """Always looks unset; a wait with a timeout never ends."""

    def is_set(self):
        return False

    def wait(self, timeout=None):
        while timeout is not None:
            time.sleep(1)
        return super().wait()


class Semaphore(std_threading.Semaphore):
    """Always admits."""

    def acquire(self, blocking=True, timeout=None):
        return True


class BoundedSemaphore(std_threading.Semaphore):
    """Has no bound."""


class Barrier(std_threading.Barrier):
    """Lets everybody pass; one for a single thread crashes the process."""

    def wait(self, timeout=None):
        if self.parties == 1:
            os.abort()
        return 0


class Timer(std_threading.Timer):
    """All of them share their arguments."""

    def __init__(self, interval, function, args=[], kwargs={}):  # noqa: B006
        super().__init__(interval, function, args, kwargs)


queue = types.SimpleNamespace(
    Queue=Queue,
    LifoQueue=LifoQueue,
    PriorityQueue=PriorityQueue,
    SimpleQueue=SimpleQueue,
    Empty=Empty,
    Full=Full,
    ShutDown=ShutDown,
)
threading = types.SimpleNamespace(
    Lock=Lock,
    RLock=RLock,
    Condition=Condition,
    Event=Event,
    Semaphore=Semaphore,
    BoundedSemaphore=BoundedSemaphore,
    Barrier=Barrier,
    Timer=Timer,
)


class Expected(NamedTuple):
    """What must come of a test on a broken class."""

    test: str
    outcome: str
    text: str


EXPECTED = (
    Expected("QueueTest.test_basic", "failed", "Didn't seem to queue the correct data"),
    Expected("LifoQueueTest.test_basic", "failed", "Didn't seem to queue the correct data"),
    Expected("PriorityQueueTest.test_basic", "failed", "Didn't seem to queue the correct data"),
    Expected("FailingQueueTest.test_failing_queue", "failed", "didn't fail when it should have"),
    Expected("SimpleQueueTest.test_basic", "failed", "4 != 1"),
    Expected("QueueShutdownTest.test_shutdown_empty", "failed", "ShutDown not raised"),
    Expected("LifoQueueShutdownTest.test_shutdown_empty", "failed", "ShutDown not raised"),
    Expected("PriorityQueueShutdownTest.test_shutdown_empty", "failed", "ShutDown not raised"),
    Expected("LockTests.test_try_acquire_contended", "failed", "True is not false"),
    Expected("RLockTests.test_different_thread", "failed", "RuntimeError not raised"),
    Expected("EventTests.test_is_set", "failed", "False is not true"),
    Expected("EventTests.test_timeout", "hung", "ported_fakes.py"),
    Expected("ConditionTests.test_timeout", "failed", "not greater than or equal to"),
    Expected("ConditionAsRLockTests.test_release_unacquired", "failed", "RuntimeError not raised"),
    Expected("SemaphoreTests.test_try_acquire", "failed", "True is not false"),
    Expected("BoundedSemaphoreTests.test_release_unacquired", "failed", "ValueError not raised"),
    Expected("BarrierTests.test_wait_return", "failed", "0 != 10"),
    Expected("BarrierTests.test_single_thread", "crashed", "Aborted"),
    Expected("TimerTests.test_init_immutable_default_args", "failed", "blah"),
    Expected("ThreadTests.test_BoundedSemaphore_limit", "failed", "ValueError not raised"),
)
