"""Measures one job, in a process of its own: the rounds, the modes in each, and that they agree."""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from allcores.cli.exits import Failure
from allcores.cli.jobs import job_class
from allcores.cli.jobs.job import MODES, SERIAL, Job, Skip
from allcores.cli.jobs.sample import Input
from allcores.cli.jobs.stopwatch import Stopwatch
from allcores.cli.speedup.ceiling import measure_ceiling
from allcores.cli.speedup.options import Options
from allcores.cli.speedup.records import CEILING, Cell, JobRecord

__all__ = ["Tell", "measure_job"]

#: Told before each cell: what is measured next, and which part of the job is done.
Tell = Callable[[str, float], None]

#: A cell that is over sooner than wished repeats its work no more often than this...
_MOST_PASSES = 200
#: ... and for no longer than this many times the wished time: starting processes is not counted.
_MOST_WAITING = 5


def measure_job(name: str, given: Input, options: Options, tell: Tell) -> JobRecord:
    """Choose a job's sample and measure every mode.

    Parameters
    ----------
    name : str
    given : Input
    options : Options
    tell : callable

    Returns
    -------
    JobRecord

    Raises
    ------
    Failure
        Two modes gave different answers.
    """
    kind = job_class(name)
    record = JobRecord(name, kind.title, kind.kernel, notes=list(kind.notes))
    tell(f"{name}: choosing a sample", 0.0)
    try:
        job = kind(given, options.size)
    except Skip as reason:
        record.skipped = str(reason)
        return record
    record.sample = job.sample
    schedule = list(_schedule(job, options, record))
    for round_number in range(options.rounds):
        for place, cell in enumerate(schedule):
            done = (round_number * len(schedule) + place) / (options.rounds * len(schedule))
            workers = "" if cell.mode == SERIAL else f", {cell.workers} workers"
            tell(f"{name}: {cell.mode}{workers}, round {round_number + 1}", done)
            gc.collect()
            if cell.mode == CEILING:
                _measure_ceiling(job, cell, record, options)
            else:
                _measure_cell(job, cell, record, options.least_seconds)
    record.described = job.describe(record.answer)
    return record


def _schedule(job: Job, options: Options, record: JobRecord) -> Iterator[Cell]:
    """Make the cells, and yield them in the order in which a round measures them.

    A ceiling stands right after the threads that are compared with it.
    """
    many = max(options.workers) > 1
    measured = {mode: Cell(mode, 1) for mode in (SERIAL,)}
    yield measured[SERIAL]
    rows: dict[str, list[Cell]] = {mode: [] for mode in MODES}
    left_out = False
    for workers in options.workers:
        for mode in MODES:
            repeats_serial = job.costly and workers == 1 and mode.startswith("standard")
            if repeats_serial and many and not (options.size.full or options.size.quick):
                left_out = True
                continue
            cell = Cell(mode, workers)
            rows[mode].append(cell)
            yield cell
            if mode == "allcores threads":
                ceiling = Cell(CEILING, workers)
                record.ceilings.append(ceiling)
                yield ceiling
    if left_out:
        record.notes.append(
            "the standard modes with 1 worker only repeat the serial run: --full measures them"
        )
    record.cells = [measured[SERIAL], *(cell for mode in MODES for cell in rows[mode])]


def _measure_cell(job: Job, cell: Cell, record: JobRecord, least_seconds: float) -> None:
    clock = Stopwatch()
    give_up = time.perf_counter() + _MOST_WAITING * least_seconds
    result = _run(job, cell, clock)
    if job.repeatable and clock.seconds < least_seconds:
        # Work that is done several times is measured warm, here and in the ceiling: the first pass
        # takes memory from the system, which costs a kernel as much time as its work.
        clock = Stopwatch()
        del result
        result = _run(job, cell, clock)
    while True:
        if not job.repeatable or clock.seconds >= least_seconds:
            break
        if clock.passes >= _MOST_PASSES or time.perf_counter() >= give_up:
            break
        del result  # or its memory would not be there for the next
        result = _run(job, cell, clock)
    _compare(job, cell, record, result)
    cell.add(clock.seconds / clock.passes, clock.cpu_seconds / clock.passes, clock.passes)


def _run(job: Job, cell: Cell, clock: Stopwatch) -> Any:
    if cell.mode == SERIAL:
        return job.serial(clock)
    return getattr(job, MODES[cell.mode])(cell.workers, clock)


def _compare(job: Job, cell: Cell, record: JobRecord, result: Any) -> None:
    answer = job.answer(result)
    if not record.answer:
        record.answer = answer
    elif answer != record.answer:
        raise Failure(
            f"{job.name}: {cell.mode} with {cell.workers} workers gave another answer than the "
            f"serial run: {answer} instead of {record.answer}"
        )


def _measure_ceiling(job: Job, cell: Cell, record: JobRecord, options: Options) -> None:
    # As often as the threads before it, so that both last about equally long.
    threads = record.find("allcores threads", cell.workers)
    passes = threads.passes[-1] if threads is not None and threads.passes else 1
    seconds, cpu_seconds = measure_ceiling(job, cell.workers, passes)
    cell.add(seconds, cpu_seconds, passes)
