"""The beginning of `allcores speedup`: options, input, one job after the other, the summary."""

import argparse
import platform
import sys
import textwrap

from allcores._common.cpus import cpu_count
from allcores.cli.jobs.sample import Input, megabytes, total_size
from allcores.cli.machine import cpu_model
from allcores.cli.speedup.conclusion import conclude
from allcores.cli.speedup.inputs import read_input
from allcores.cli.speedup.options import Options, read_options
from allcores.cli.speedup.progress import Progress
from allcores.cli.speedup.records import JobRecord
from allcores.cli.speedup.report import report, write_json
from allcores.cli.speedup.supervisor import supervise
from allcores.cli.speedup.table import job_block, summary
from allcores.parallel.choice import gil_enabled

__all__ = ["speedup"]


def speedup(arguments: argparse.Namespace) -> int:
    """Run the main job and print what was seen.

    Parameters
    ----------
    arguments : argparse.Namespace
        As `allcores.cli.main` reads them.

    Returns
    -------
    int
        The exit code, 0.

    Raises
    ------
    UsageError
        An argument or the input is wrong.
    Failure
        A job failed, or two modes gave different answers.
    """
    options = read_options(arguments)
    progress = Progress(len(options.jobs))
    try:
        return _run(options, progress)
    finally:
        progress.clear()


def _run(options: Options, progress: Progress) -> int:
    given = read_input(options.input, options.size.full)
    _print(_heading(options), _input(given))
    for note in given.notes:
        _print(f"note: {note}")
    records: list[JobRecord] = []
    for name in options.jobs:
        progress.begin_job()
        record = supervise(name, given, options, progress)
        records.append(record)
        progress.clear()
        _print("", *job_block(record))
    most = max(options.workers)
    sentence = conclude(records, most)
    _print("", *summary(records, most), "", *textwrap.wrap(sentence, 100))
    if options.json is not None:
        write_json(options.json, report(options, given.title, records, sentence))
        print(f"allcores: wrote {options.json}", file=sys.stderr)
    return 0


def _heading(options: Options) -> str:
    gil = "with a GIL" if gil_enabled() else "without a GIL"
    return (
        f"Python {platform.python_version()} {gil}, {cpu_count()} cores, {cpu_model()}; median of "
        f"{options.rounds} rounds.\nCPU is the seconds of all processors together; starting "
        "processes is not counted. The ceiling is\nwhat as many independent processes reach, which "
        "share and merge nothing; share is the part of it."
    )


def _input(given: Input) -> str:
    size = megabytes(total_size(given.sources))
    files = f"{len(given.sources):,} file{'' if len(given.sources) == 1 else 's'}"
    return f"Input: {given.title}, {'' if given.complete else 'the first '}{size} in {files}."


def _print(*lines: str) -> None:
    # At once: a job takes half a minute, and whoever reads through a pipe wants it then.
    print("\n".join(lines), flush=True)
