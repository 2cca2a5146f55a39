"""What people read: a block for each job as it ends, and the summary that ten seconds are for."""

from collections.abc import Iterator, Sequence

from allcores.cli.jobs.job import MODES
from allcores.cli.speedup.records import Cell, JobRecord

__all__ = ["job_block", "seconds", "summary"]

_COLUMNS = f"{'':20}{'workers':>8}{'time':>10}{'CPU':>10}{'speed-up':>10}{'ceiling':>9}{'share':>7}"


def job_block(record: JobRecord) -> Iterator[str]:
    """Yield the lines of one job.

    Parameters
    ----------
    record : JobRecord
    """
    yield f"{record.name}: {record.title}"
    if record.skipped is not None:
        yield f"  skipped: {record.skipped}"
        return
    yield f"  {record.sample}"
    yield f"  {record.described}; the same in every mode"
    yield _COLUMNS
    before = ""
    for cell in record.cells:
        name = cell.mode if cell.mode != before else ""
        before = cell.mode
        yield _row(record, cell, name)
    yield from _kernel_lines(record)
    for note in record.notes:
        yield f"  note: {note}"


def _row(record: JobRecord, cell: Cell, name: str) -> str:
    line = f"{name:20}{cell.workers:8}{seconds(cell.time):>10}{seconds(cell.cpu):>10}"
    line += f"{record.speedup(cell):10.2f}"
    ceiling, share = record.ceiling(cell.workers), record.share(cell)
    if cell is not record.cells[0] and ceiling is not None and share is not None:
        line += f"{ceiling:9.2f}{share:7.0%}"
    return line


def _kernel_lines(record: JobRecord) -> Iterator[str]:
    """What the compiled kernel does, and what the threads do: two things that one number would mix."""
    one = record.find("allcores threads", 1)
    if not record.kernel or one is None:
        return
    text = f"  kernel on one thread {record.speedup(one):.1f} times serial Python"
    more = [
        f"{one.time / cell.time:.2f} times more on {cell.workers}"
        for cell in record.cells
        if cell.mode == "allcores threads" and cell.workers > 1
    ]
    yield "; ".join([text, *more])


def seconds(value: float) -> str:
    """Return a time with three digits and its unit."""
    if value < 0.0009995:
        return f"{value * 1e6:.0f} us"
    if value < 0.9995:
        return f"{value * 1e3:.{0 if value >= 0.09995 else 1 if value >= 0.009995 else 2}f} ms"
    return f"{value:.2f} s" if value < 99.95 else f"{value:.0f} s"


def summary(records: Sequence[JobRecord], workers: int) -> Iterator[str]:
    """Yield one line for each job: the speed-up of every mode with the most workers.

    Parameters
    ----------
    records : sequence of JobRecord
    workers : int
    """
    measured = [record for record in records if record.skipped is None]
    if not measured:
        return
    plural = "" if workers == 1 else "s"
    yield f"speed-up over serial Python, with {workers} worker{plural}"
    heads = [mode.replace(" ", "\n").split("\n") for mode in MODES]
    for row, end in ((0, "machine's    allcores threads"), (1, "ceiling      reach of it")):
        yield f"{'':10}" + "".join(f"{head[row]:>11}" for head in heads) + f"   {end}"
    for record in measured:
        line = f"{record.name:10}"
        for mode in MODES:
            cell = record.find(mode, workers)
            line += f"{record.speedup(cell):11.2f}" if cell is not None else f"{'-':>11}"
        ceiling = record.ceiling(workers)
        threads = record.find("allcores threads", workers)
        share = None if threads is None else record.share(threads)
        if ceiling is not None and share is not None:
            line += f"{ceiling:12.2f}{share:20.0%}"
        yield line
