"""The system's count of this process's threads, and the wait until ended ones are gone from it."""

import sys
import threading

import pytest

from allcores._common import os_threads

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell")


def test_a_thread_is_counted_until_it_is_gone() -> None:
    for _ in range(50):
        before = os_threads.count()
        done = threading.Event()
        threads = [threading.Thread(target=done.wait) for _ in range(4)]
        for t in threads:
            t.start()
        assert os_threads.count() == before + 4
        done.set()
        for t in threads:
            t.join()
        assert os_threads.wait_for_at_most(before)
        assert os_threads.count() == before


def test_a_wait_for_threads_that_stay_ends() -> None:
    assert not os_threads.wait_for_at_most(0)


def test_nothing_is_waited_for_where_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os_threads, "_TASKS", "/proc/self/no-such-folder")
    assert os_threads.count() == 0
    assert os_threads.wait_for_at_most(0)
