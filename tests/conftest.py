"""Options of the whole suite: which tests run, and what every test may rely on."""

import os
import random
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "c"))

import c_builds


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--heavy",
        action="store_true",
        help="also run what takes long: sanitizers, packaging, long suites",
    )
    parser.addoption("--seed", type=int, default=None, help="seed of the random tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    stress = config.getoption("markexpr", "") and "stress" in config.getoption("markexpr")
    for item in items:
        if "heavy" in item.keywords and not (config.getoption("--heavy") or stress):
            item.add_marker(pytest.mark.skip(reason="takes long: --heavy runs it"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """When many C tests are to run, build them ahead, beside the tests that come first."""
    programs = sum(item.name.startswith("test_c_program[") for item in session.items)
    if session.config.option.collectonly or programs < 20 or c_builds.processors() < 2:
        return
    heavy = session.config.getoption("--heavy")
    kinds = ["plain", "address", "thread"] if heavy else ["quick"]
    c_builds.ahead = c_builds.Ahead(Path(tempfile.mkdtemp(prefix="allcores-c-")), kinds)


def pytest_unconfigure(config: pytest.Config) -> None:
    if c_builds.ahead is not None:
        c_builds.ahead.end()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A number for a random generator; a failing test shows it, ``--seed`` repeats it."""
    chosen = request.config.getoption("--seed")
    if chosen is None:
        chosen = random.SystemRandom().getrandbits(32)
    print(f"seed: {chosen} (repeat with --seed {chosen})")
    return chosen


@pytest.fixture
def stress_seconds() -> float:
    """How long a stress test goes on."""
    return float(os.environ.get("STRESS_SECONDS", "2"))
