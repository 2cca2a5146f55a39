"""Finds the cases and runs one of them.

A case is a module of bench/cases with ``QUESTION`` (a sentence), ``BARS`` (a list of `Bar`) and
``comparisons(settings)``, which returns a builder for each comparison, by name. A builder that
lacks something raises `NotAvailable` or `ImportError`; the others go on. A case that has another
tool measure has ``outcomes(settings, progress)`` instead.
"""

import fnmatch
import importlib
import pkgutil
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from bench import cases
from bench.harness.bars import Verdict, judge
from bench.harness.comparison import Builders, Outcome, Settings
from bench.harness.contender import NotAvailable, gil_enabled
from bench.harness.rounds import alternate

OK, UNAVAILABLE, FAILED = "ok", "not available", "failed"
# What is sensitive to the state of the process or the machine comes first.
FIRST = ("import_time", "queue_uncontended", "latency")


@dataclass
class CaseResult:
    """What came out of a case."""

    name: str
    question: str
    status: str = OK
    reason: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    seconds: float = 0.0
    gil: bool = True  # at the end: an extension module that was imported may have turned it on

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return {
            "name": self.name,
            "question": self.question,
            "status": self.status,
            "reason": self.reason,
            "comparisons": [one.as_dict() for one in self.outcomes],
            "bars": [one.as_dict() for one in self.verdicts],
            "seconds": self.seconds,
            "gil": self.gil,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "CaseResult":
        """Return what `as_dict` described."""
        keys = ("name", "question", "status", "reason", "seconds", "gil")
        plain = {key: fields[key] for key in keys}
        return cls(
            **plain,
            outcomes=[Outcome.from_dict(one) for one in fields["comparisons"]],
            verdicts=[Verdict.from_dict(one) for one in fields["bars"]],
        )


def case_names() -> list[str]:
    """Return the names of all cases, in the order in which they run."""
    found = sorted(module.name for module in pkgutil.iter_modules(cases.__path__))
    return [name for name in FIRST if name in found] + [n for n in found if n not in FIRST]


def select(patterns: Sequence[str]) -> list[str]:
    """Return the cases that any of the names or globs means; all, without any.

    Raises
    ------
    LookupError
        A pattern means none.
    """
    names = case_names()
    if not patterns:
        return names
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise LookupError(f"no case is called {pattern!r}; there are {', '.join(names)}")
    return [name for name in names if any(fnmatch.fnmatch(name, one) for one in patterns)]


def load(name: str) -> ModuleType:
    """Import the module of a case."""
    return importlib.import_module(f"{cases.__name__}.{name}")


def run_case(
    name: str, settings: Settings, progress: Callable[[str], None] = lambda text: None
) -> CaseResult:
    """Run one case in this process, whatever happens in it but an interrupt.

    Parameters
    ----------
    name : str
    settings : Settings
    progress : callable
        Told what is done now.
    """
    start = time.monotonic()
    module = load(name)
    result = CaseResult(name, module.QUESTION)
    try:
        if hasattr(module, "outcomes"):
            result.outcomes = module.outcomes(settings, progress)
        else:
            _run_comparisons(module.comparisons(settings), settings, progress, result)
    except (NotAvailable, ImportError) as error:
        result.status, result.reason = UNAVAILABLE, _sentence(error)
    except Exception as error:
        result.status, result.reason = FAILED, _sentence(error)
        traceback.print_exc()
    whole = "" if result.outcomes else result.reason
    result.verdicts = [judge(bar, result.outcomes, whole) for bar in module.BARS]
    result.seconds = time.monotonic() - start
    result.gil = gil_enabled()
    return result


def _run_comparisons(
    builders: Builders, settings: Settings, progress: Callable[[str], None], result: CaseResult
) -> None:
    for name, build in builders.items():

        def tell(text: str, name: str = name) -> None:
            progress(f"{name}: {text}")

        tell("preparing")
        try:
            comparison = build()
        except (NotAvailable, ImportError) as error:
            result.outcomes.append(Outcome(name, problem=_sentence(error)))
            continue
        try:
            standings = alternate(comparison.contenders, settings.rounds, settings.cell_s, tell)
        except Exception as error:
            result.status = FAILED
            result.reason = f"{name}: {_sentence(error)}"
            result.outcomes.append(Outcome(name, problem=f"failed: {_sentence(error)}"))
            traceback.print_exc()
            continue
        finally:
            comparison.close()
        result.outcomes.append(
            Outcome(name, comparison.unit, comparison.detail, standings, dict(comparison.absent))
        )


def _sentence(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    said = text[0] if text else ""
    if isinstance(error, NotAvailable):
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
