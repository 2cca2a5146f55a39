"""bench/harness/bars.py: reached, not reached, not available."""

import pytest
from bench.harness.bars import Bar, Verdict, judge
from bench.harness.comparison import Outcome, Standing
from bench.harness.contender import Sample
from bench.harness.spread import Spread

BAR = Bar("row", "here", "mine", "theirs", at_least=2.0)
EXTRA = Bar("row", "here", "mine", "theirs", extra_below_s=0.030)


def standing(name: str, *walls: float) -> Standing:
    return Standing.of(name, [Sample(wall, wall, 1, "x") for wall in walls])


def outcome(mine: list[float], theirs: list[float]) -> Outcome:
    return Outcome("here", "call", "", [standing("mine", *mine), standing("theirs", *theirs)])


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    verdict = judge(BAR, [outcome([1, 1, 5], [2.5, 2.5, 12.5])])
    assert verdict.value is not None
    assert verdict.value.median == 2.5
    assert verdict.reached is True
    assert verdict.word == "yes"


@pytest.mark.parametrize(("theirs", "word"), [(2.0, "yes"), (1.999, "NOT REACHED")])
def test_the_bar_itself_is_reached_and_anything_less_is_not(theirs: float, word: str) -> None:
    assert judge(BAR, [outcome([1.0], [theirs])]).word == word


def test_a_bar_on_extra_seconds_takes_the_difference() -> None:
    verdict = judge(EXTRA, [outcome([0.050, 0.049], [0.021, 0.020])])
    assert verdict.value is not None
    assert verdict.value.median == pytest.approx(0.029)
    assert verdict.reached is True
    assert judge(EXTRA, [outcome([0.052], [0.020])]).word == "NOT REACHED"


def test_a_bar_on_processor_time_looks_at_no_clock_on_the_wall() -> None:
    mine = Standing.of("mine", [Sample(9.0, 1.0, 1, "x"), Sample(9.0, 2.0, 1, "x")])
    theirs = Standing.of("theirs", [Sample(1.0, 3.0, 1, "x"), Sample(1.0, 6.0, 1, "x")])
    there = [Outcome("here", "call", "", [mine, theirs])]
    verdict = judge(Bar("row", "here", "mine", "theirs", 3.0, clock="cpu"), there)
    assert verdict.value is not None
    assert verdict.value.median == 3.0
    assert verdict.word == "yes"
    assert judge(Bar("row", "here", "mine", "theirs", 3.1, clock="cpu"), there).reached is False
    assert Verdict.from_dict(verdict.as_dict()) == verdict


def test_a_bar_on_processor_time_needs_it_measured_and_a_ratio() -> None:
    wall_only = Standing("theirs", Spread.of([1.0]))
    there = [Outcome("here", "call", "", [standing("mine", 1.0), wall_only])]
    verdict = judge(Bar("row", "here", "mine", "theirs", 1.0, clock="cpu"), there)
    assert verdict.reason == "processor time was not measured"
    with pytest.raises(ValueError, match="give at_least"):
        Bar("row", "here", "mine", "theirs", extra_below_s=1.0, clock="cpu")
    with pytest.raises(ValueError, match="'wall' or 'cpu'"):
        Bar("row", "here", "mine", "theirs", 1.0, clock="moon")


def test_a_bar_of_a_later_issue_says_so() -> None:
    later = Bar("row", "here", "mine", "theirs", 2.0, issue=3, later=True)
    assert judge(later, [outcome([1], [1])]).word == "NOT REACHED (later: issue 3)"


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ([], "there is no comparison 'here' in this run"),
        ([Outcome("here", problem="no such module")], "no such module"),
        (
            [Outcome("here", standings=[standing("mine", 1)], absent={"theirs": "not installed"})],
            "not installed",
        ),
        ([Outcome("here", standings=[standing("theirs", 1)])], "'mine' was not measured"),
    ],
)
def test_what_was_not_measured_is_not_available(outcomes: list[Outcome], reason: str) -> None:
    verdict = judge(BAR, outcomes)
    assert verdict.reached is None
    assert verdict.word == f"not available: {reason}"


def test_a_verdict_survives_json() -> None:
    for verdict in (judge(BAR, [outcome([1, 2], [4, 5])]), judge(EXTRA, [], "nothing ran")):
        assert Verdict.from_dict(verdict.as_dict()) == verdict


def test_a_bar_has_exactly_one_measure() -> None:
    with pytest.raises(ValueError, match="one of them"):
        Bar("row", "here", "mine", "theirs")
    with pytest.raises(ValueError, match="one of them"):
        Bar("row", "here", "mine", "theirs", 2.0, 0.1)
