"""What a case is made of: settings, comparisons, and what came out of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.harness.contender import Contender, Sample
from bench.harness.spread import Spread, paired_ratios

SIZES = ("tiny", "quick", "full")
QUOTABLE_ROUNDS = 9


@dataclass(frozen=True)
class Settings:
    """How much is done.

    Attributes
    ----------
    size : str
        ``"tiny"`` to see that it runs, ``"quick"`` to look, ``"full"`` to quote.
    rounds : int
    workers : int
        How many threads and processes the parallel cells use.
    """

    size: str = "full"
    rounds: int = QUOTABLE_ROUNDS
    workers: int = 1

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ValueError(f"size must be one of {', '.join(SIZES)}, not {self.size!r}")
        if self.rounds < 1 or self.workers < 1:
            raise ValueError("rounds and workers must be at least 1")

    @property
    def cell_s(self) -> float:
        """How long one measurement lasts at least, in seconds."""
        return {"tiny": 0.002, "quick": 0.05, "full": 0.25}[self.size]

    @property
    def quotable(self) -> bool:
        """Whether figures from this run may be quoted."""
        return self.size == "full" and self.rounds >= QUOTABLE_ROUNDS

    def pick(self, tiny: Any, quick: Any, full: Any) -> Any:
        """Return the argument that belongs to this size."""
        return {"tiny": tiny, "quick": quick, "full": full}[self.size]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return asdict(self)


@dataclass
class Comparison:
    """Contenders that do the same work.

    Attributes
    ----------
    unit : str
        What one unit is: figures are seconds for one.
    contenders : sequence of Contender
        The first one is ours, unless `ours` names another.
    detail : str
        Sizes, dtypes, seeds: what a stranger needs to repeat it.
    absent : mapping of str to str
        Contenders that are not here, and why.
    """

    unit: str
    contenders: Sequence[Contender]
    detail: str = ""
    absent: Mapping[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """Close all contenders."""
        for contender in self.contenders:
            contender.close()


Builders = dict[str, Callable[[], Comparison]]


@dataclass(frozen=True)
class Standing:
    """What was measured of one contender.

    `walls` and `cpus` are seconds for one unit, one for each round. A benchmark that another
    tool ran hands over a `wall` spread alone.
    """

    name: str
    wall: Spread
    cpu: Spread | None = None
    walls: Sequence[float] = ()
    cpus: Sequence[float] = ()
    units: Sequence[int] = ()
    checksum: str = ""

    @classmethod
    def of(cls, name: str, samples: Sequence[Sample]) -> "Standing":
        """Summarise samples."""
        walls = [sample.wall_per_unit for sample in samples]
        cpus = [sample.cpu_per_unit for sample in samples]
        return cls(
            name,
            Spread.of(walls),
            Spread.of(cpus),
            walls,
            cpus,
            [sample.units for sample in samples],
            samples[0].checksum,
        )

    def ratio_to(self, ours: "Standing") -> Spread:
        """Return how many times longer this one takes than `ours`, round by round if paired."""
        if len(self.walls) == len(ours.walls) and self.walls:
            return Spread.of(paired_ratios(self.walls, ours.walls))
        return Spread.of([self.wall.median / ours.wall.median])

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return {
            "name": self.name,
            "wall": self.wall.as_dict(),
            "cpu": None if self.cpu is None else self.cpu.as_dict(),
            "walls": list(self.walls),
            "cpus": list(self.cpus),
            "units": list(self.units),
            "checksum": self.checksum,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Standing":
        """Return what `as_dict` described."""
        cpu = fields["cpu"]
        return cls(
            fields["name"],
            Spread.from_dict(fields["wall"]),
            None if cpu is None else Spread.from_dict(cpu),
            *(fields[key] for key in ("walls", "cpus", "units", "checksum")),
        )


@dataclass(frozen=True)
class Outcome:
    """What came out of one comparison; `problem` says why nothing did."""

    name: str
    unit: str = ""
    detail: str = ""
    standings: Sequence[Standing] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def standing(self, name: str) -> Standing | None:
        """Return the standing of a contender, or None if it was not measured."""
        return next((one for one in self.standings if one.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "detail": self.detail,
            "standings": [one.as_dict() for one in self.standings],
            "absent": dict(self.absent),
            "problem": self.problem,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Outcome":
        """Return what `as_dict` described."""
        standings = [Standing.from_dict(one) for one in fields["standings"]]
        return cls(**{**fields, "standings": standings})
