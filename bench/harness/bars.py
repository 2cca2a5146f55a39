"""A bar: the ratio that an issue asks for, and whether this run reached it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.harness.comparison import Outcome
from bench.harness.spread import Spread, paired_differences, paired_ratios

REACHED, MISSED, ABSENT = "yes", "NOT REACHED", "not available"


@dataclass(frozen=True)
class Bar:
    """What must be reached in one comparison.

    Attributes
    ----------
    name : str
        The row's name.
    comparison, ours, rival : str
        Where it is read: the comparison and two of its contenders.
    at_least : float or None
        The least of rival's time / our time.
    extra_below_s : float or None
        Instead of a ratio: the most seconds that ours may take more.
    clock : str
        ``"wall"``, or ``"cpu"`` for a ratio of processor seconds.
    issue : int
        Which issue asks for it.
    later : bool
        That issue is not finished: the bar is shown, ``--strict`` passes over it.
    """

    name: str
    comparison: str
    ours: str
    rival: str
    at_least: float | None = None
    extra_below_s: float | None = None
    issue: int = 2
    later: bool = False
    clock: str = "wall"

    def __post_init__(self) -> None:
        if self.clock not in ("wall", "cpu"):
            raise ValueError(f"bar {self.name!r}: clock must be 'wall' or 'cpu', not {self.clock!r}")
        if self.clock == "cpu" and self.at_least is None:
            raise ValueError(f"bar {self.name!r}: a bar on processor time is a ratio: give at_least")
        if (self.at_least is None) == (self.extra_below_s is None):
            raise ValueError(f"bar {self.name!r}: give at_least or extra_below_s, one of them")


@dataclass(frozen=True)
class Verdict:
    """What became of a bar. `value` is the ratio, or the extra seconds; spreads are per unit."""

    bar: Bar
    ours: Spread | None = None
    rival: Spread | None = None
    value: Spread | None = None
    reason: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the median is on the right side; None if nothing was measured."""
        if self.value is None:
            return None
        if self.bar.at_least is not None:
            return self.value.median >= self.bar.at_least
        assert self.bar.extra_below_s is not None
        return self.value.median < self.bar.extra_below_s

    @property
    def word(self) -> str:
        """The last column of the table."""
        word = {True: REACHED, False: MISSED, None: f"{ABSENT}: {self.reason}"}[self.reached]
        return f"{word} (later: issue {self.bar.issue})" if self.bar.later else word

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return {
            "name": self.bar.name,
            "comparison": self.bar.comparison,
            "ours": self.bar.ours,
            "rival": self.bar.rival,
            "at_least": self.bar.at_least,
            "extra_below_s": self.bar.extra_below_s,
            "issue": self.bar.issue,
            "later": self.bar.later,
            "clock": self.bar.clock,
            "ours_s": None if self.ours is None else self.ours.as_dict(),
            "rival_s": None if self.rival is None else self.rival.as_dict(),
            "value": None if self.value is None else self.value.as_dict(),
            "reached": self.reached,
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Verdict":
        """Return what `as_dict` described."""
        of_bar = ("name", "comparison", "ours", "rival", "at_least", "extra_below_s", "issue")
        clock = fields.get("clock", "wall")  # files from before there was a choice
        bar = Bar(**{key: fields[key] for key in of_bar}, later=fields["later"], clock=clock)
        ours, rival, value = (
            None if fields[key] is None else Spread.from_dict(fields[key])
            for key in ("ours_s", "rival_s", "value")
        )
        return cls(bar, ours, rival, value, fields["reason"])


def judge(bar: Bar, outcomes: Sequence[Outcome], reason: str = "") -> Verdict:
    """Say what became of a bar.

    Parameters
    ----------
    bar : Bar
    outcomes : sequence of Outcome
        What the bar's case measured.
    reason : str
        Why the whole case measured nothing, if so.
    """
    if reason:
        return Verdict(bar, reason=reason)
    outcome = next((one for one in outcomes if one.name == bar.comparison), None)
    if outcome is None:
        return Verdict(bar, reason=f"there is no comparison {bar.comparison!r} in this run")
    if outcome.problem:
        return Verdict(bar, reason=outcome.problem)
    ours, rival = outcome.standing(bar.ours), outcome.standing(bar.rival)
    for name, standing in ((bar.ours, ours), (bar.rival, rival)):
        if standing is None:
            return Verdict(bar, reason=outcome.absent.get(name, f"{name!r} was not measured"))
    assert ours is not None
    assert rival is not None
    if bar.clock == "cpu":
        if ours.cpu is None or rival.cpu is None:
            return Verdict(bar, reason="processor time was not measured")
        # One tick of a clock that may be coarse: a job that took none is not infinitely better.
        mine, theirs = ([max(cpu, 1e-12) for cpu in one.cpus] for one in (ours, rival))
        return Verdict(bar, ours.cpu, rival.cpu, Spread.of(paired_ratios(theirs, mine)))
    if bar.at_least is not None:
        value = rival.ratio_to(ours)
    else:
        value = Spread.of(paired_differences(ours.walls, rival.walls))
    return Verdict(bar, ours.wall, rival.wall, value)
