"""The crew of processes by itself: each worker's chunks are known, also when it dies."""

import os

import pytest

from allcores.errors import WorkerDied
from allcores.parallel.chunks import Chunk
from allcores.parallel.processes import ProcessCrew, RemoteTraceback


def leave(x: int) -> int:
    if x == 0:
        os._exit(9)
    return x


def test_what_a_dead_worker_held_fails_and_the_other_goes_on() -> None:
    crew = ProcessCrew(leave, False, 2, None)
    try:
        crew.submit(Chunk(0, [0]))
        crew.submit(Chunk(1, [1]))
        first, second = crew.next_done(), crew.next_done()
        by_index = {chunk.index: chunk for chunk in (first, second)}
        assert isinstance(by_index[0].error, WorkerDied)
        assert by_index[1].results == [1]
        crew.submit(Chunk(2, [5]))
        assert crew.next_done().results == [5]
    finally:
        crew.close(finished=False)


def test_a_function_that_cannot_be_sent_says_what_to_do() -> None:
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    try:
        import cloudpickle  # noqa: F401
    except ImportError:
        with pytest.raises(TypeError, match="top of a module"):
            ProcessCrew(lambda x: x, False, 1, context)


def test_the_remote_traceback_prints_as_text() -> None:
    assert "line 3" in str(RemoteTraceback("line 3"))
