"""bench/harness/results.py, report.py, table.py, machine.py: what is kept and what is shown."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from bench.harness import report, results
from bench.harness.bars import Bar, judge
from bench.harness.cases import FAILED, CaseResult
from bench.harness.comparison import Outcome, Settings, Standing
from bench.harness.contender import Sample
from bench.harness.machine import machine_record, results_name
from bench.harness.table import as_text, seconds, times

BAR = Bar("a row", "here", "mine", "theirs", at_least=2.0)


@pytest.fixture(scope="module")
def machine() -> dict[str, Any]:
    return {**machine_record(), "load_average_after": 0.0}


def case(theirs: float = 3e-6) -> CaseResult:
    standings = [
        Standing.of("mine", [Sample(1e-6, 1e-6, 1, "x")] * 9),
        Standing.of("theirs", [Sample(theirs, theirs, 1, "x")] * 9),
    ]
    outcome = Outcome("here", "call", "nine equal samples", standings, {"other": "not | there"})
    return CaseResult(
        "a_case", "how fast?", outcomes=[outcome], verdicts=[judge(BAR, [outcome])], seconds=0.5
    )


def document(machine: dict[str, Any]) -> dict[str, Any]:
    broken = CaseResult("broken", "why?", FAILED, "it broke", verdicts=[judge(BAR, [], "it broke")])
    return results.document(machine, Settings("full", 9, 2), [case(), broken])


def test_a_document_survives_the_file(machine: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    results.write(path, document(machine))
    content, cases = results.read(path)
    assert content == json.loads(json.dumps(document(machine)))
    assert [one.as_dict() for one in cases] == content["cases"]
    assert list(tmp_path.iterdir()) == [path], "no half-written file stays"


def _cut(content: dict[str, Any], path: list[Any]) -> None:
    for key in path[:-1]:
        content = content[key]
    del content[path[-1]]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (["schema"], "schema is None"),
        (["cases"], "the top lacks cases"),
        (["machine", "cpu"], "machine lacks cpu"),
        (["cases", 0, "question"], "case a_case lacks question"),
        (["cases", 0, "comparisons", 0, "unit"], "a_case, here lacks unit"),
        (["cases", 0, "comparisons", 0, "standings", 0, "wall", "q3"], "here, mine lacks q3"),
        (["cases", 0, "comparisons", 0, "standings", 1, "units", 0], "differ in length"),
        (["cases", 1, "bars", 0, "reached"], "bar a row lacks reached"),
    ],
)
def test_what_is_missing_is_named_and_never_written(
    machine: dict[str, Any], tmp_path: Path, path: list[Any], said: str
) -> None:
    content = copy.deepcopy(document(machine))
    _cut(content, path)
    assert any(said in problem for problem in results.problems(content))
    with pytest.raises(ValueError, match="not a results document"):
        results.write(tmp_path / "out.json", content)
    assert not list(tmp_path.iterdir())
    (tmp_path / "by-hand.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match="not a results document"):
        results.read(tmp_path / "by-hand.json")


def test_a_file_that_is_no_json_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"x\.json: not JSON"):
        results.read(tmp_path / "x.json")


def test_the_machine_record_has_what_a_stranger_needs(machine: dict[str, Any]) -> None:
    assert machine["cpu"]
    assert machine["cpus_online"] >= 1
    assert isinstance(machine["gil"], bool)
    assert machine["versions"]["allcores"]
    assert json.loads(json.dumps(machine)) == machine
    assert " " not in results_name(machine)
    assert results_name(machine).endswith(machine["date"][:10])


def test_the_tables_show_ratio_bar_and_verdict() -> None:
    text = report.bars_text([case(), case(theirs=1.5e-6)])
    reached, missed = text.splitlines()[2:4]
    assert " ".join(reached.split()) == "a row 1.00 µs theirs: 3.00 µs 3.00 >= 2.00 yes"
    assert missed.endswith("1.50  >= 2.00  NOT REACHED")
    assert "1 of 2 bars reached, 1 not reached, 0 not available." in text


def test_wall_processor_time_and_absentees_stand_in_the_table_of_a_case() -> None:
    text = report.case_text(case())
    assert "contender" in text
    assert "CPU" in text
    assert "3.00 (3.00 .. 3.00)" in text
    assert "not available: not | there" in text


def test_markdown_has_machine_bars_and_tables(machine: dict[str, Any]) -> None:
    content = document(machine)
    text = report.markdown(content, [CaseResult.from_dict(one) for one in content["cases"]])
    assert machine["cpu"] in text
    assert machine["commit"] in text
    assert "| a row | 1.00 µs | theirs: 3.00 µs | 3.00 | >= 2.00 | yes |" in text
    assert "| a row | - | theirs: - | - | >= 2.00 | not available: it broke |" in text
    assert "not available: not \\| there" in text
    assert "failed: it broke" in text


@pytest.mark.parametrize(
    ("settings", "warned"), [(Settings("full", 9), False), (Settings("quick", 9), True)]
)
def test_what_may_not_be_quoted_says_so(
    machine: dict[str, Any], settings: Settings, warned: bool
) -> None:
    content = results.document({**machine, "load_average_before": 0.0}, settings, [])
    assert any("not to quote" in text for text in report.warnings(content)) is warned
    busy = results.document({**machine, "load_average_before": 1.5}, settings, [])
    assert any("busy" in text for text in report.warnings(busy))


def test_a_gil_that_came_back_is_told(machine: dict[str, Any]) -> None:
    free = {**machine, "gil": False, "load_average_before": 0.0}
    content = results.document(free, Settings("full", 9), [case()])
    assert "something that was imported turned the GIL on in a_case" in report.warnings(content)
    content["cases"][0]["gil"] = False
    assert not any("GIL" in text for text in report.warnings(content))


def test_figures_go_between_the_marks_and_nothing_else_changes(tmp_path: Path) -> None:
    path = tmp_path / "doc.md"
    path.write_text(f"head\n{report.BEGIN} (a word) -->\nold\n{report.END}\ntail\n", "utf-8")
    report.put_between_marks(path, "new\n")
    assert path.read_text("utf-8") == (
        f"head\n{report.BEGIN} (a word) -->\n\nnew\n\n{report.END}\ntail\n"
    )
    path.write_text("no marks\n", "utf-8")
    with pytest.raises(ValueError, match="needs one"):
        report.put_between_marks(path, "new")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5.81e-8, "58.1 ns"),
        (2.957e-6, "2.96 µs"),
        (0.0124, "12.4 ms"),
        (1.87, "1.87 s"),
        (187.2, "187 s"),
        (9.999e-7, "1.00 µs"),
        (-0.0004, "-400 µs"),
        (0.0, "0.00 ns"),
    ],
)
def test_times_have_three_digits_and_a_unit(value: float, text: str) -> None:
    assert seconds(value) == text


def test_ratios_have_two_decimals_or_one() -> None:
    assert [times(value) for value in (0.934, 9.99, 51.04)] == ["0.93", "9.99", "51.0"]


def test_columns_are_aligned() -> None:
    text = as_text(["a", "b", "c"], [["long name", "1", "x"], ["n", "200", "y"]])
    assert text.splitlines() == [
        "a            b  c",
        "---------  ---  -",
        "long name    1  x",
        "n          200  y",
    ]
