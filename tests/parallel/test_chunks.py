"""A chunk: results up to the item that raised, and a stop between items."""

from allcores.parallel.chunks import Chunk


def test_all_items_are_called_in_order() -> None:
    chunk = Chunk(3, [1, 2, 3])
    chunk.run(lambda x: x * 10, star=False, stopped=lambda: False)
    assert (chunk.index, chunk.results, chunk.error) == (3, [10, 20, 30], None)
    assert chunk.seconds > 0


def test_an_error_ends_the_chunk_after_the_results_before_it() -> None:
    chunk = Chunk(0, [1, 0, 2])
    chunk.run(lambda x: 1 // x, star=False, stopped=lambda: False)
    assert chunk.results == [1]
    assert isinstance(chunk.error, ZeroDivisionError)


def test_several_arguments_are_spread() -> None:
    chunk = Chunk(0, [(2, 3), (4, 5)])
    chunk.run(pow, star=True, stopped=lambda: False)
    assert chunk.results == [8, 1024]


def test_a_stop_is_seen_between_items() -> None:
    chunk = Chunk(0, list(range(10)))
    chunk.run(lambda x: x, star=False, stopped=lambda: len(chunk.results) == 4)
    assert chunk.results == [0, 1, 2, 3]
