"""The crew of threads by itself: started as needed, ended by close."""

import threading

import pytest

from allcores.parallel.chunks import Chunk
from allcores.parallel.threads import ThreadCrew


def test_threads_are_started_one_a_chunk_up_to_the_number() -> None:
    crew = ThreadCrew(abs, False, 3)
    for index in range(5):
        crew.submit(Chunk(index, [-index]))
        assert len(crew._threads) == min(index + 1, 3)
    done = [crew.next_done() for _ in range(5)]
    assert sorted((chunk.index, chunk.results[0]) for chunk in done) == [(i, i) for i in range(5)]
    threads = list(crew._threads)
    crew.close(finished=True)
    assert not any(thread.is_alive() for thread in threads)


def test_threads_are_started_before_the_first_chunk_when_the_number_of_chunks_is_known() -> None:
    for expected, threads in ((1, 1), (2, 2), (9, 3)):
        crew = ThreadCrew(abs, False, 3, expected)
        crew.submit(Chunk(0, [-1]))
        assert len(crew._threads) == threads
        assert crew.next_done().results == [1]
        crew.close(finished=True)


def test_a_crew_makes_do_with_the_threads_that_it_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start
    allowed = 2

    def start_two(thread: threading.Thread) -> None:
        nonlocal allowed
        if not allowed:
            raise RuntimeError("can't start new thread")
        allowed -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_two)
    crew = ThreadCrew(abs, False, 4, 9)
    for index in range(9):
        crew.submit(Chunk(index, [-index]))
    assert crew.workers == len(crew._threads) == 2
    assert sorted(crew.next_done().results[0] for _ in range(9)) == list(range(9))
    crew.close(finished=True)
    refused = ThreadCrew(abs, False, 4)
    with pytest.raises(RuntimeError, match="new thread"):
        refused.submit(Chunk(0, [0]))
    refused.close(finished=True)


def test_an_unfinished_crew_does_not_start_what_waits() -> None:
    calls: list[int] = []
    crew = ThreadCrew(calls.append, False, 1)
    crew.close(finished=False)
    assert calls == []
