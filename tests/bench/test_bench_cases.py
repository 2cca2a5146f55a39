"""Every case runs, on inputs too small to say anything, and judges its own bars."""

import re
from pathlib import Path
from typing import Any

import pytest
from bench.cases.latency import from_pytest_benchmark
from bench.harness import results
from bench.harness.bars import judge
from bench.harness.cases import OK, case_names, load
from bench.harness.comparison import Outcome, Settings
from bench.harness.contender import NotAvailable
from bench.harness.isolation import run_isolated
from bench.harness.rounds import alternate

TINY = Settings("tiny", 2, 2)
# NumPy is optional, and has no wheel for every interpreter.
MAY_LACK = re.compile("NumPy is not installed")


@pytest.mark.parametrize("name", case_names())
def test_a_case_has_a_question_and_bars_it_can_judge(name: str) -> None:
    module = load(name)
    assert module.__doc__
    assert module.QUESTION.endswith("?") or name == "latency"
    if not hasattr(module, "comparisons"):
        return
    try:
        there = module.comparisons(Settings("full", 9, 2))
    except NotAvailable as error:
        pytest.skip(str(error))
    assert {bar.comparison for bar in module.BARS} <= set(there)


@pytest.mark.parametrize("name", case_names())
def test_a_case_runs(name: str) -> None:
    result = run_isolated(name, TINY)
    if result.status != OK:
        assert MAY_LACK.search(result.reason)
        return
    there = {outcome.name for outcome in result.outcomes if not outcome.problem}
    for outcome in result.outcomes:
        assert not outcome.problem or MAY_LACK.search(outcome.problem)
        for standing in outcome.standings:
            assert standing.wall.low > 0
            assert all(units > 0 for units in standing.units)
    absent = {(one.name, rival) for one in result.outcomes for rival in one.absent}
    for verdict in result.verdicts:
        if (verdict.bar.comparison, verdict.bar.rival) in absent:
            assert verdict.reached is None
        elif verdict.bar.comparison in there:
            assert verdict.reached is not None, verdict.word
            assert verdict.value is not None
    assert not results.problems(
        {
            **results.document({}, TINY, [result]),
            "machine": dict.fromkeys(results._MACHINE),
        }
    )


def test_pytest_benchmark_groups_become_comparisons() -> None:
    stats = {"median": 2.0, "q1": 1.0, "q3": 3.0, "min": 0.5, "max": 9.0, "rounds": 5}
    content = {
        "benchmarks": [
            {"group": "g", "name": "test[a]", "params": {"name": "a"}, "stats": stats},
            {"group": "g", "name": "test[b]", "params": {"who": "b"}, "stats": stats},
            {"group": None, "name": "test_alone", "params": None, "stats": stats},
        ]
    }
    outcomes = from_pytest_benchmark(content)
    assert [outcome.name for outcome in outcomes] == ["g", "test_alone"]
    assert [one.name for one in outcomes[0].standings] == ["a", "b"]
    assert outcomes[0].standings[0].wall.count == 5
    assert outcomes[1].standings[0].wall.high == 9.0


def test_the_case_in_the_readme_runs() -> None:
    readme = (Path(load("crc32").__file__ or "").parents[1] / "README.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    case: dict[str, Any] = {"__name__": "readme"}
    exec(code, case)
    (name, build), *_ = case["comparisons"](TINY).items()
    comparison = build()
    standings = alternate(comparison.contenders, 2, 0.001)
    outcome = Outcome(name, comparison.unit, standings=standings)
    assert judge(case["BARS"][0], [outcome]).reached is not None
