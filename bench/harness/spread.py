"""Median and spread of repeated measurements, and the ratio of two rivals, round by round."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Spread:
    """What is told of repeated measurements: never one number alone.

    Attributes
    ----------
    median, q1, q3, low, high : float
        The middle, the quartiles (linear interpolation), the extremes.
    count : int
        How many measurements there were.
    """

    median: float
    q1: float
    q3: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise at least one value."""
        if not values:
            raise ValueError("a spread needs at least one measurement, got none")
        if len(values) == 1:
            q1 = q3 = values[0]
        else:
            q1, _, q3 = statistics.quantiles(values, n=4, method="inclusive")
        return cls(statistics.median(values), q1, q3, min(values), max(values), len(values))

    @classmethod
    def from_dict(cls, fields: dict[str, float]) -> "Spread":
        """Return what `as_dict` described."""
        return cls(**{**fields, "count": int(fields["count"])})  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, float]:
        """Return the fields, for JSON."""
        return asdict(self)


def paired_ratios(rival: Sequence[float], ours: Sequence[float]) -> list[float]:
    """Return rival / ours for each round: above 1 we are ahead.

    Both were measured within the same round, so what slowed the machine down for a while slowed
    both, and leaves their quotient alone.
    """
    return [theirs / mine for theirs, mine in zip(rival, ours, strict=True)]


def paired_differences(ours: Sequence[float], rival: Sequence[float]) -> list[float]:
    """Return ours - rival for each round: what ours costs more."""
    return [mine - theirs for mine, theirs in zip(ours, rival, strict=True)]
