"""Tables and the sentence under them: they say what the numbers say, also when nothing sped up."""

import pytest

from allcores.cli.jobs.job import MODES
from allcores.cli.speedup.conclusion import conclude
from allcores.cli.speedup.records import CEILING, Cell, JobRecord
from allcores.cli.speedup.table import job_block, seconds, summary


def record(name: str, times: dict[str, float], ceiling: float = 0.5, kernel: bool = False) -> JobRecord:
    """Make the record of a job: serial takes one second, modes with two workers what is given."""
    made = JobRecord(name, f"title of {name}", kernel, sample="a sample", described="an answer")
    made.cells = [_cell("serial", 1, 1.0)]
    for mode in MODES:
        for workers in (1, 2):
            made.cells.append(_cell(mode, workers, 1.0 if workers == 1 else times.get(mode, 1.0)))
    made.ceilings = [_cell(CEILING, 1, 1.0), _cell(CEILING, 2, ceiling)]
    return made


def _cell(mode: str, workers: int, value: float) -> Cell:
    cell = Cell(mode, workers)
    for factor in (3.0, 1.0, 0.5):  # the median counts
        cell.add(value * factor, 2 * value * factor, 1)
    return cell


def test_a_block_has_a_row_for_every_cell() -> None:
    made = record("words", {"allcores threads": 0.25}, ceiling=0.2, kernel=True)
    lines = list(job_block(made))
    rows = [line for line in lines if line[:1] not in ("", " ") or line[20:28].strip().isdigit()]
    assert len(rows) == 1 + 9  # the title and the cells
    assert "4.00     5.00    80%" in next(line for line in lines if "4.00" in line)
    assert any("kernel on one thread 1.0 times" in line for line in lines)
    assert any("4.00 times more on 2" in line for line in lines)


def test_a_skipped_job_says_why() -> None:
    made = JobRecord("parse", "title", False, skipped="no file that ast.parse takes")
    assert list(job_block(made))[1:] == ["  skipped: no file that ast.parse takes"]
    assert list(summary([made], 2)) == []


def test_the_summary_has_a_line_for_each_job() -> None:
    lines = list(summary([record("words", {}), record("cpu", {"allcores threads": 0.5})], 2))
    assert lines[-2].split() == ["words", "1.00", "1.00", "1.00", "1.00", "2.00", "50%"]
    assert lines[-1].split() == ["cpu", "1.00", "2.00", "1.00", "1.00", "2.00", "100%"]
    assert len({len(line) for line in lines[-2:]}) == 1


def test_the_sentence_names_what_was_faster_and_what_was_not() -> None:
    records = [
        record("words", {"allcores threads": 0.1, "standard threads": 1.25}, ceiling=0.09),
        record("parse", {"allcores processes": 0.5, "standard threads": 1.1}),
    ]
    text = conclude(records, 2, gil=True)
    assert "faster than serial Python on words (10.0 times, 90% of the ceiling)" in text
    assert "parse gained only from allcores processes (2.0 times)" in text
    assert "standard threads were between 0.80 and 0.91 times serial, as the GIL" in text
    assert text.count(".\n") + text.endswith(".") == 1


def test_the_sentence_admits_that_nothing_sped_up() -> None:
    text = conclude([record("parse", {"standard processes": 0.9})], 2, gil=True)
    assert "nothing sped up parse, where the best of all modes was 1.11 times serial" in text


def test_the_gil_is_blamed_only_where_there_is_one() -> None:
    assert "as the GIL" not in conclude([record("parse", {})], 2, gil=False)
    assert "as the GIL" not in conclude([record("parse", {"standard threads": 0.5})], 2, gil=True)


def test_nothing_measured_is_said() -> None:
    skipped = JobRecord("parse", "title", False, skipped="nothing")
    assert conclude([skipped], 2).startswith("Nothing was measured")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0000123, "12 us"),
        (0.00123, "1.23 ms"),
        (0.0123, "12.3 ms"),
        (0.123, "123 ms"),
        (0.99951, "1.00 s"),
        (12.345, "12.35 s"),
        (123.4, "123 s"),
    ],
)
def test_times_have_three_digits(value: float, text: str) -> None:
    assert seconds(value) == text
