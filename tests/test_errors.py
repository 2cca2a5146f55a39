"""The exceptions: the standard library's where it has them, and messages that survive pickling."""

import pickle
import queue

from allcores import errors


def test_the_standard_ones_are_the_standard_ones() -> None:
    assert errors.Empty is queue.Empty
    assert errors.Full is queue.Full
    if hasattr(queue, "ShutDown"):
        assert errors.ShutDown is queue.ShutDown
    assert errors.ShutDown.__name__ == "ShutDown"


def test_worker_died_keeps_its_facts_through_pickling() -> None:
    error = pickle.loads(pickle.dumps(errors.WorkerDied("gone", 12, -9)))
    assert (str(error), error.pid, error.exitcode) == ("gone", 12, -9)


def test_shutdown_survives_pickling() -> None:
    assert isinstance(pickle.loads(pickle.dumps(errors.ShutDown())), errors.ShutDown)


def test_native_import_error_is_an_import_error() -> None:
    assert issubclass(errors.NativeImportError, ImportError)


def test_a_lock_order_warning_is_a_warning_and_a_cancelled_task_an_exception() -> None:
    assert issubclass(errors.LockOrderWarning, RuntimeWarning)
    assert issubclass(errors.TaskCancelled, Exception)
