"""The crew of threads by itself: started as needed, ended by close."""

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


def test_an_unfinished_crew_does_not_start_what_waits() -> None:
    calls: list[int] = []
    crew = ThreadCrew(calls.append, False, 1)
    crew.close(finished=False)
    assert calls == []
