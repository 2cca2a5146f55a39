"""What pytest-benchmark says of bench/latency, in the tables of this suite.

It measures one benchmark after the other, not in alternation, so nothing here is a bar.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.harness.bars import Bar
from bench.harness.comparison import Outcome, Settings, Standing
from bench.harness.contender import NotAvailable
from bench.harness.spread import Spread

QUESTION = "what does one call cost on one thread? (pytest-benchmark, not alternating)"
BARS: list[Bar] = []
ROOT = Path(__file__).resolve().parents[2]


def outcomes(settings: Settings, progress: Callable[[str], None]) -> list[Outcome]:
    """Run pytest in a process of its own and return what it wrote."""
    try:
        import pytest_benchmark  # noqa: F401
    except ImportError as error:
        raise NotAvailable(f"pytest-benchmark is not installed ({error})") from None
    progress("pytest bench/latency")
    with tempfile.TemporaryDirectory(prefix="allcores-bench-") as folder:
        output = Path(folder) / "latency.json"
        command = [sys.executable, "-m", "pytest", "bench/latency", "-q", "-p", "no:cacheprovider"]
        command += ["--benchmark-only", f"--benchmark-json={output}", "--benchmark-warmup=on"]
        command.append(f"--benchmark-max-time={settings.pick(0.005, 0.1, 0.25)}")
        command.append(f"--benchmark-min-rounds={settings.rounds}")
        command.append(f"--benchmark-warmup-iterations={settings.pick(10, 1000, 100_000)}")
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 5:
            raise NotAvailable(f"pytest ran nothing: {done.stdout.strip().splitlines()[-1]}")
        if done.returncode:
            raise RuntimeError(f"pytest bench/latency failed:\n{done.stdout}{done.stderr}")
        text = output.read_text(encoding="utf-8")
    return from_pytest_benchmark(json.loads(text) if text else {"benchmarks": []})


def from_pytest_benchmark(content: dict[str, Any]) -> list[Outcome]:
    """Return one outcome for each group of a pytest-benchmark document."""
    groups: dict[str, list[Standing]] = {}
    for one in content["benchmarks"]:
        stats, params = one["stats"], one["params"] or {}
        wall = Spread(
            stats["median"], stats["q1"], stats["q3"], stats["min"], stats["max"], stats["rounds"]
        )
        name = params.get("who") or params.get("name") or one["name"]
        groups.setdefault(one["group"] or one["name"], []).append(Standing(name, wall))
    return [Outcome(name, "call", standings=found) for name, found in groups.items()]
