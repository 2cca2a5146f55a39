"""Samples: cut where no word is cut, as large as wanted, and large enough to be timed."""

import random

import pytest

from allcores.cli.jobs import sample
from allcores.cli.jobs.sample import Source, fitting_size, megabytes, parts, take, total_size


def test_parts_cover_the_text_and_cut_no_word(seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(200):
        text = bytes(choose.choices(b"ab \t\n\r\x0b\x0c", k=choose.randrange(0, 60)))
        count = choose.randrange(1, 9)
        spans = parts(text, count)
        assert len(spans) == count
        assert b"".join(text[start:stop] for start, stop in spans) == text
        words = [word for start, stop in spans for word in text[start:stop].split()]
        assert words == text.split()


def test_one_long_word_stays_whole() -> None:
    assert [stop - start for start, stop in parts(b"x" * 100, 3)] == [100, 0, 0]


def test_take_gives_the_first_sources_and_cuts_the_last_at_a_space() -> None:
    sources = [Source("a", b"one two three"), Source("b", b"four five six")]
    assert [source.data for source in take(sources, 17)] == [b"one two three", b"four"]
    assert [source.data for source in take(sources, 17, whole=True)] == [
        b"one two three",
        b"four five six",
    ]
    assert take(sources, 0) == []
    assert total_size(take(sources, 1000)) == 26


def test_a_size_is_found_that_takes_about_as_long_as_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(sample.time, "perf_counter", lambda: now[0])

    def run(size: int) -> None:
        now[0] += size * 1e-5

    assert fitting_size(run, 10, 1_000_000, 2.0) == pytest.approx(200_000, abs=1)
    assert now[0] < 2.0, "choosing must not take longer than measuring"


def test_a_small_input_is_taken_whole() -> None:
    calls: list[int] = []
    assert fitting_size(calls.append, 10, 50, 2.0) == 50
    assert calls == [10, 30, 50]


@pytest.mark.parametrize(
    ("size", "text"), [(5, "5 bytes"), (1500, "1.5 KB"), (31_500_000, "31.5 MB")]
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert megabytes(size) == text
