"""bench/harness/spread.py: medians, quartiles, ratios."""

import random

import pytest
from bench.harness.spread import Spread, paired_differences, paired_ratios


def test_a_spread_tells_median_quartiles_extremes_and_count() -> None:
    assert Spread.of([5.0, 1.0, 4.0, 2.0, 3.0]) == Spread(3.0, 2.0, 4.0, 1.0, 5.0, 5)


def test_one_measurement_is_its_own_spread() -> None:
    assert Spread.of([2.5]) == Spread(2.5, 2.5, 2.5, 2.5, 2.5, 1)


def test_no_measurement_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Spread.of([])


def test_the_order_of_measurements_does_not_matter_and_the_parts_are_sorted(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(200):
        values = [chance.lognormvariate(0, 1) for _ in range(chance.randint(1, 30))]
        spread = Spread.of(values)
        shuffled = chance.sample(values, len(values))
        assert Spread.of(shuffled) == spread
        assert spread.low <= spread.q1 <= spread.median <= spread.q3 <= spread.high
        below = sum(value <= spread.median for value in values)
        above = sum(value >= spread.median for value in values)
        assert 2 * min(below, above) >= len(values)


def test_a_spread_survives_json() -> None:
    spread = Spread.of([1.0, 2.0, 4.0])
    assert Spread.from_dict(spread.as_dict()) == spread


def test_ratios_pair_the_rounds() -> None:
    # Round 2 met a machine that was five times slower; the ratio does not see it.
    assert paired_ratios([2.0, 10.0, 2.0], [1.0, 5.0, 1.0]) == [2.0, 2.0, 2.0]
    assert paired_differences([3.0, 13.0], [1.0, 11.0]) == [2.0, 2.0]


def test_rounds_of_different_number_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratios([1.0, 2.0], [1.0])
