"""What was measured, as plain data: it travels from the measuring process and into the JSON file."""

import statistics
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["CEILING", "Cell", "JobRecord"]

#: The name of the cells that are no mode: independent processes, as many as workers.
CEILING = "ceiling"


@dataclass
class Cell:
    """One mode with one number of workers; the lists have a value for each round."""

    mode: str
    workers: int
    seconds: list[float] = field(default_factory=list)  # for doing the work once
    cpu_seconds: list[float] = field(default_factory=list)
    passes: list[int] = field(default_factory=list)  # how often it was done, of which this is the mean

    def add(self, seconds: float, cpu_seconds: float, passes: int) -> None:
        """Add a round."""
        self.seconds.append(seconds)
        self.cpu_seconds.append(cpu_seconds)
        self.passes.append(passes)

    @property
    def time(self) -> float:
        """The median of the rounds, in seconds."""
        return statistics.median(self.seconds)

    @property
    def cpu(self) -> float:
        """The median of the rounds, in processor seconds."""
        return statistics.median(self.cpu_seconds)


@dataclass
class JobRecord:
    """One job: its sample, its answer, its cells."""

    name: str
    title: str
    kernel: bool
    sample: str = ""
    skipped: str | None = None  # why nothing was measured
    answer: dict[str, int] = field(default_factory=dict)
    described: str = ""  # the answer, for people
    notes: list[str] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)  # in the order of the table; serial is the first
    ceilings: list[Cell] = field(default_factory=list)

    def find(self, mode: str, workers: int) -> Cell | None:
        """Return a cell, or None if it was not measured."""
        for cell in self.ceilings if mode == CEILING else self.cells:
            if cell.mode == mode and cell.workers == workers:
                return cell
        return None

    def speedup(self, cell: Cell) -> float:
        """Return how many times as fast as the serial run a cell is."""
        return self.cells[0].time / cell.time

    def ceiling(self, workers: int) -> float | None:
        """Return how many times as fast independent processes are, together."""
        cell = self.find(CEILING, workers)
        return None if cell is None else self.speedup(cell)

    def share(self, cell: Cell) -> float | None:
        """Return which part of the ceiling a cell reaches."""
        ceiling = self.ceiling(cell.workers)
        return None if ceiling is None else self.speedup(cell) / ceiling

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON, what follows from the measured values included."""
        record = asdict(self)
        for cell, row in zip(self.cells, record["cells"], strict=True):
            row.update(
                median_seconds=cell.time,
                median_cpu_seconds=cell.cpu,
                speedup=self.speedup(cell),
                ceiling=None if cell is self.cells[0] else self.ceiling(cell.workers),
                share_of_ceiling=None if cell is self.cells[0] else self.share(cell),
            )
        for cell, row in zip(self.ceilings, record["ceilings"], strict=True):
            row.update(
                median_seconds=cell.time, median_cpu_seconds=cell.cpu, speedup=self.speedup(cell)
            )
        return record
