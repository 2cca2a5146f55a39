"""The README's sentence: made of a quotable document, and of nothing else."""

from typing import Any

import pytest
from bench.harness.headline import CEILING, ONE_THREAD, headline


def document(**changes: Any) -> dict[str, Any]:
    bars = [
        {"name": ONE_THREAD, "value": {"median": 7.25}},
        {"name": CEILING, "value": {"median": 0.937}},
    ]
    machine = {"cpu": "Some CPU", "cpus_affinity": 2, "gil": True}
    machine["interpreter"] = "CPython 3.13.0 (main)"
    return {
        "quotable": True,
        "cases": [{"bars": bars}],
        "machine": machine,
        "settings": {"workers": 2, "rounds": 9},
        **changes,
    }


def test_the_sentence_tells_figure_machine_and_rounds() -> None:
    text = headline(document())
    for part in ("7.2 times", "93.7%", "Some CPU", "CPython 3.13.0 with the GIL", "median of 9"):
        assert part in text


def test_a_small_run_is_not_quoted() -> None:
    with pytest.raises(ValueError, match="full size"):
        headline(document(quotable=False))


def test_a_missing_bar_is_named() -> None:
    with pytest.raises(ValueError, match="share of the ceiling"):
        headline(document(cases=[{"bars": [{"name": ONE_THREAD, "value": {"median": 1.0}}]}]))
