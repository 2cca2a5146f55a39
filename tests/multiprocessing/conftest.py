"""The start methods, for every test here."""

import sys
from collections.abc import Iterator
from multiprocessing.context import BaseContext

import pytest
from mp_helpers import METHODS

from allcores import multiprocessing as mp

if sys.platform != "linux":
    collect_ignore_glob = ["test_*kills*", "test_shm*"]


@pytest.fixture(params=METHODS)
def ctx(request: pytest.FixtureRequest) -> BaseContext:
    """Each of our contexts."""
    return mp.get_context(request.param)


@pytest.fixture
def fork() -> BaseContext:
    """The context that starts fastest, for tests in which the start method does not matter."""
    return mp.get_context("fork")


@pytest.fixture(autouse=True)
def no_children_left() -> Iterator[None]:
    """No test leaves a child."""
    yield
    left = mp.active_children()
    for process in left:
        process.kill()
        process.join()
    assert left == []
