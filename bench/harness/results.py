"""Results as JSON: everything that was measured, with the machine's record.

``schema`` is 1. Times are seconds for one unit. A change that a reader could trip over raises it.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.harness.cases import CaseResult
from bench.harness.comparison import Settings

SCHEMA = 1

_MACHINE = {"cpu", "cpus_online", "caches", "kernel", "compiler", "interpreter", "gil", "versions"}
_MACHINE |= {"commit", "date", "load_average_before", "load_average_after"}
_CASE = {"name", "question", "status", "reason", "comparisons", "bars", "seconds", "gil"}
_OUTCOME = {"name", "unit", "detail", "standings", "absent", "problem"}
_STANDING = {"name", "wall", "cpu", "walls", "cpus", "units", "checksum"}
_SPREAD = {"median", "q1", "q3", "low", "high", "count"}
_BAR = {"name", "comparison", "ours", "rival", "at_least", "extra_below_s", "issue", "later"}
_BAR |= {"ours_s", "rival_s", "value", "reached", "reason"}


def document(
    machine: dict[str, Any], settings: Settings, results: Sequence[CaseResult]
) -> dict[str, Any]:
    """Return the whole as JSON data."""
    return {
        "schema": SCHEMA,
        "machine": machine,
        "settings": settings.as_dict(),
        "quotable": settings.quotable,
        "cases": [result.as_dict() for result in results],
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a document: whole or not at all, and only if `problems` finds none."""
    wrong = problems(content)
    if wrong:
        raise ValueError(f"not a results document: {'; '.join(wrong)}")
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict[str, Any], list[CaseResult]]:
    """Return a document, and its cases as objects.

    Raises
    ------
    ValueError
        It is not one; the message says what is wrong.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON: {error}") from None
    wrong = problems(content)
    if wrong:
        raise ValueError(f"{path}: not a results document: {'; '.join(wrong[:3])}")
    return content, [CaseResult.from_dict(one) for one in content["cases"]]


def problems(content: Any) -> list[str]:
    """Return what keeps this from being a results document; nothing if it is one."""
    if not isinstance(content, dict):
        return ["the top is no object"]
    if content.get("schema") != SCHEMA:
        return [f"schema is {content.get('schema')!r}, this program reads {SCHEMA}"]
    wrong = _lacking("the top", content, {"machine", "settings", "quotable", "cases"})
    if wrong:
        return wrong
    wrong += _lacking("machine", content["machine"], _MACHINE)
    for case in content["cases"]:
        where = f"case {case.get('name')}"
        lacking = _lacking(where, case, _CASE)
        wrong += lacking
        if lacking:
            continue
        for outcome in case["comparisons"]:
            wrong += _of_outcome(f"{where}, {outcome.get('name')}", outcome)
        for bar in case["bars"]:
            wrong += _lacking(f"{where}, bar {bar.get('name')}", bar, _BAR)
    return wrong


def _of_outcome(where: str, outcome: dict[str, Any]) -> list[str]:
    wrong = _lacking(where, outcome, _OUTCOME)
    if wrong:
        return wrong
    for standing in outcome["standings"]:
        lacking = _lacking(where, standing, _STANDING)
        wrong += lacking
        if lacking:
            continue
        wrong += _lacking(f"{where}, {standing['name']}", standing["wall"], _SPREAD)
        if len({len(standing[key]) for key in ("walls", "cpus", "units")}) != 1:
            wrong.append(f"{where}, {standing['name']}: walls, cpus and units differ in length")
    return wrong


def _lacking(where: str, fields: Any, wanted: set[str]) -> list[str]:
    if not isinstance(fields, dict):
        return [f"{where} is no object"]
    lacking = sorted(wanted - fields.keys())
    return [f"{where} lacks {', '.join(lacking)}"] if lacking else []
