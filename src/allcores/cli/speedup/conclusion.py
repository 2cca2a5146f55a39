"""One sentence that says what was seen, made of the measurements alone."""

import platform
from collections.abc import Sequence

from allcores.cli.jobs.job import MODES
from allcores.cli.speedup.records import JobRecord
from allcores.parallel.choice import gil_enabled

__all__ = ["conclude"]

#: From here on something counts as faster. Rounds on a busy machine differ by some per cent.
_FASTER = 1.15


def conclude(records: Sequence[JobRecord], workers: int, gil: bool | None = None) -> str:
    """Say in one sentence what the measurements show.

    Parameters
    ----------
    records : sequence of JobRecord
        What was measured.
    workers : int
        The number of workers that is spoken of.
    gil : bool, optional
        Whether the interpreter has a GIL; for tests.

    Returns
    -------
    str
        One sentence.
    """
    measured = [record for record in records if record.skipped is None]
    if not measured:
        return "Nothing was measured: the input holds nothing for the jobs that were asked for."
    gil = gil_enabled() if gil is None else gil
    where = (
        f"On Python {platform.python_version()} {'with' if gil else 'without'} a GIL, "
        f"with {workers} worker{'' if workers == 1 else 's'}"
    )
    faster = [record for record in measured if _speedup(record, "allcores threads", workers)]
    parts = []
    if faster:
        parts.append(f"allcores threads were faster than serial Python on {_list(faster, workers)}")
    slow = [record for record in measured if record not in faster]
    if slow:
        parts.append(_what_helped(slow, workers, bool(faster)))
    parts.append(_standard_threads(measured, workers, gil))
    text = "; ".join(part for part in parts if part)
    return f"{where}, {text}."


def _speedup(record: JobRecord, mode: str, workers: int) -> float | None:
    """Return the speed-up if it is one."""
    cell = record.find(mode, workers)
    if cell is None or record.speedup(cell) < _FASTER:
        return None
    return record.speedup(cell)


def _list(records: Sequence[JobRecord], workers: int) -> str:
    words = []
    for record in records:
        cell = record.find("allcores threads", workers)
        assert cell is not None
        text = f"{record.name} ({record.speedup(cell):.1f} times"
        share = record.share(cell)
        if share is not None:
            text += f", {share:.0%} of the ceiling"
        words.append(text + ")")
    return _and(words)


def _what_helped(records: Sequence[JobRecord], workers: int, some: bool) -> str:
    """Speak of the jobs that our threads did not speed up: whatever did, or that nothing did."""
    helped, not_helped = [], []
    for record in records:
        found = {mode: _speedup(record, mode, workers) for mode in MODES}
        gains = {mode: value for mode, value in found.items() if value is not None}
        if not gains:
            not_helped.append(record)
            continue
        best = max(gains, key=lambda mode: gains[mode])
        helped.append(f"{record.name} gained only from {best} ({gains[best]:.1f} times)")
    parts = helped
    if not_helped:
        cells = [(record, record.find(mode, workers)) for record in not_helped for mode in MODES]
        best_ratio = max(record.speedup(cell) for record, cell in cells if cell is not None)
        names = _and([record.name for record in not_helped])
        parts.append(
            f"nothing sped up {names}, where the best of all modes was {best_ratio:.2f} times serial"
        )
    return ", and ".join(parts)


def _standard_threads(records: Sequence[JobRecord], workers: int, gil: bool) -> str:
    cells = [(record, record.find("standard threads", workers)) for record in records]
    ratios = [record.speedup(cell) for record, cell in cells if cell is not None]
    if not ratios:
        return ""
    least, most = f"{min(ratios):.2f}", f"{max(ratios):.2f}"
    seen = f"were at {least}" if least == most else f"were between {least} and {most}"
    text = f"standard threads {seen} times serial"
    if gil and max(ratios) < _FASTER:
        text += ", as the GIL lets one thread at a time run Python"
    return text


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
