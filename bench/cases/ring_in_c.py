"""The rings themselves, in C, without an interpreter, against the best ones in C++."""

from collections.abc import Callable
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Outcome, Settings, Standing
from bench.harness.contender import Sample
from bench.harness.spread import Spread
from bench.rivals import c_rings

QUESTION = "how fast are our rings in C, without an interpreter?"
MPMC, SPSC = "allcores ac_mpmc", "allcores ac_spsc"
ALONE, SINGLE = "alone", "one producer, one consumer only"
# What the best C++ ring did when the bars were set: Xeon with two processors, another run.
WHEN_SET = "best C++ ring when the bar was set (other run)"
SECONDS_WHEN_SET = {ALONE: 28e-9, "1+1": 1 / 21e6, "2+2": 1 / 20e6, "4+4": 1 / 19e6}
# Rings with a bound whose tries may be refused, as ours.
RIVALS = ("rigtorp MPMCQueue try", "AtomicQueue try", "AtomicQueue2 try", "AtomicQueueB2 try")
ABSENT = "its header is not below CXX_RIVALS, or that is not set"

BARS = [
    Bar(f"ring in C, {name}", name, MPMC, rival, 1.0, issue=3)
    for name in SECONDS_WHEN_SET
    for rival in (WHEN_SET, *RIVALS)
]


def outcomes(settings: Settings, progress: Callable[[str], None]) -> list[Outcome]:
    """Build and run the program, and turn what it wrote into tables."""
    progress("compiling and running bench/c")
    return from_program(c_rings.measure(settings.rounds, settings.cell_s))


def from_program(content: dict[str, Any]) -> list[Outcome]:
    """Return one outcome for each table of the program."""
    made = []
    for table in content["comparisons"]:
        name = table["name"]
        standings = [
            Standing.of(
                one["name"],
                [Sample(**sample, checksum="all items came out once") for sample in one["samples"]],
            )
            for one in table["contenders"]
        ]
        absent: dict[str, str] = {}
        if name in SECONDS_WHEN_SET:
            standings.append(Standing(WHEN_SET, Spread.of([SECONDS_WHEN_SET[name]])))
        if name != SINGLE:
            absent = dict.fromkeys(content["absent"], ABSENT)
        detail = "64-bit items, capacity 1024; "
        detail += "push and pop, one thread" if name == ALONE else "tries, with pauses between them"
        unit = "push and pop" if name == ALONE else "item"
        made.append(Outcome(name, unit, detail, standings, absent))
    return made
