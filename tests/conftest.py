"""Options of the whole suite: which tests run, and what every test may rely on."""

import os
import random

import pytest


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
