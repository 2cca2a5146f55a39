"""The options: defaults follow the machine, lists are sorted and without repetitions."""

import argparse

import pytest

from allcores.cli.speedup import options
from allcores.cli.speedup.options import Options, read_options


def read(**given: object) -> Options:
    names = {"jobs": None, "workers": None, "input": None, "json": None}
    return read_options(argparse.Namespace(**{**names, "quick": False, "full": False, **given}))


@pytest.mark.parametrize(
    ("cores", "workers"),
    [(1, (1,)), (2, (1, 2)), (6, (1, 2, 4, 6)), (8, (1, 2, 4, 8)), (40, (1, 2, 4, 8, 16, 32, 40))],
)
def test_workers_double_up_to_the_cores(
    cores: int, workers: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "cpu_count", lambda: cores)
    assert read().workers == workers
    assert read(quick=True).workers == tuple(sorted({1, workers[-1]}))


def test_given_workers_are_sorted() -> None:
    assert read(workers="4,1, 2,4").workers == (1, 2, 4)


def test_given_jobs_keep_the_usual_order() -> None:
    assert read(jobs="cpu, words,cpu").jobs == ("words", "cpu")
    assert read().jobs == ("words", "parse", "pipeline", "order", "cpu")


def test_full_takes_everything_nine_times() -> None:
    assert read(full=True).rounds == 9
    assert read(full=True).size.full
    assert read().rounds == 3
