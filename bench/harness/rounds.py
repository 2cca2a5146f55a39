"""The rounds: every contender once a round, in an order that rotates, answers compared."""

import math
import time
from collections.abc import Callable, Sequence

from bench.harness.comparison import Standing
from bench.harness.contender import Contender, Sample, WrongAnswer

MOST_REPS = 10_000_000
LOOK_S = 0.002
QUIET_SHARE = 0.2  # of a processor: the look itself takes some of it
PATIENCE_S = 0.5


def settle(patience_s: float = PATIENCE_S) -> bool:
    """Wait until no thread of this process is at work.

    Threads of one contender that go on spinning after their work (those of OpenBLAS do, for tenths of
    a second) would take a processor away from the next one.

    Returns
    -------
    bool
        False if some still are after `patience_s`.
    """
    end = time.monotonic() + patience_s
    while True:
        wall, cpu = time.monotonic(), time.process_time()
        time.sleep(LOOK_S)
        now = time.monotonic()
        if time.process_time() - cpu < QUIET_SHARE * (now - wall):
            return True
        if now >= end:
            return False


def rotated(contenders: Sequence[Contender], round_: int) -> list[Contender]:
    """Return the contenders in the order of this round: each is first equally often."""
    first = round_ % len(contenders)
    return [*contenders[first:], *contenders[:first]]


def calibrate(contender: Contender, cell_s: float) -> tuple[int, Sample]:
    """Find how many repetitions last about `cell_s`; the runs serve as warm-up.

    Returns
    -------
    (int, Sample)
        The repetitions, and the last sample.
    """
    reps = 1
    sample = contender.measure(1)  # first-time costs: imports, page faults, a pool that starts
    if sample.wall_s >= cell_s:
        return 1, sample
    while True:
        sample = contender.measure(reps)
        if sample.wall_s >= cell_s / 4 or reps >= MOST_REPS:
            break
        grow = cell_s / max(sample.wall_s, 1e-9)
        reps = min(MOST_REPS, max(reps + 1, math.ceil(reps * min(grow, 20.0))))
    return min(MOST_REPS, max(1, math.ceil(reps * cell_s / max(sample.wall_s, 1e-9)))), sample


def alternate(
    contenders: Sequence[Contender],
    rounds: int,
    cell_s: float,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Standing]:
    """Measure all contenders in alternation.

    Parameters
    ----------
    contenders : sequence of Contender
    rounds : int
    cell_s : float
        How long one measurement lasts about; shorter jobs are repeated.
    progress : callable
        Told what is done now.

    Returns
    -------
    list of Standing
        In the order of the contenders.

    Raises
    ------
    WrongAnswer
        A contender's checksum is not that of the first one.
    """
    names = [contender.name for contender in contenders]
    if len(set(names)) < len(names):
        raise ValueError(f"two contenders have the same name: {names}")
    reps: dict[str, int] = {}
    samples: dict[str, list[Sample]] = {}
    expected: str | None = None
    for contender in contenders:
        progress(f"warm-up of {contender.name}")
        reps[contender.name], sample = calibrate(contender, cell_s)
        samples[contender.name] = []
        expected = _agreed(contender.name, sample, expected, names[0])
    for round_ in range(rounds):
        for contender in rotated(contenders, round_):
            progress(f"round {round_ + 1} of {rounds}, {contender.name}")
            settle()
            sample = contender.measure(reps[contender.name])
            expected = _agreed(contender.name, sample, expected, names[0])
            samples[contender.name].append(sample)
    return [Standing.of(name, samples[name]) for name in names]


def _agreed(name: str, sample: Sample, expected: str | None, first: str) -> str:
    if expected is not None and sample.checksum != expected:
        raise WrongAnswer(
            f"{name} came to another result: {sample.checksum[:80]} where {first} has {expected[:80]}"
        )
    return sample.checksum
