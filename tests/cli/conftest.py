"""Makes the helpers of these tests importable, and builds what they read."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cli_helpers import make_folder


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small input: Python files, a text, and a file that is no Python."""
    return make_folder(tmp_path_factory.mktemp("input"))
