"""The scheduler itself, in C, without an interpreter, against OpenMP and oneTBB."""

from collections.abc import Callable
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Outcome, Settings, Standing
from bench.harness.contender import Sample
from bench.rivals import c_sched

QUESTION = "how fast are our loops and tasks in C, without an interpreter?"
OURS, OPENMP, TBB = "allcores", "OpenMP", "oneTBB"
CHUNKS, FORK_JOIN, FIB = "loop of 1000 empty chunks", "fork and join of an empty loop", "fib(32)"
UNITS = {CHUNKS: "loop", FORK_JOIN: "loop", FIB: "tree of 3.5 million tasks"}
ABSENT = {
    OPENMP: "the compiler takes no -fopenmp",
    TBB: "it is not below CXX_RIVALS, or that is not set",
}

BARS = [
    Bar(f"from C, {CHUNKS}", CHUNKS, OURS, OPENMP, 1.0, issue=6),
    Bar(f"from C, {FORK_JOIN}", FORK_JOIN, OURS, OPENMP, 1.0, issue=6),
    Bar(f"from C, {FIB}", FIB, OURS, OPENMP, 1.0, issue=6),
    Bar(f"from C, {FIB}, oneTBB", FIB, OURS, TBB, 1.0, issue=6),
]


def outcomes(settings: Settings, progress: Callable[[str], None]) -> list[Outcome]:
    """Build and run the program, and turn what it wrote into tables."""
    progress("compiling and running bench/c")
    return from_program(c_sched.measure(settings.rounds, settings.cell_s, settings.workers))


def from_program(content: dict[str, Any]) -> list[Outcome]:
    """Return one outcome for each table of the program."""
    made = []
    for table in content["comparisons"]:
        standings = [
            Standing.of(
                one["name"],
                [Sample(**sample, checksum="results as expected") for sample in one["samples"]],
            )
            for one in table["contenders"]
        ]
        absent = {name: ABSENT[name] for name in content["absent"]}
        name = table["name"]
        made.append(Outcome(name, UNITS[name], "threads that are warm", standings, absent))
    return made
