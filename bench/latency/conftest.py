"""Single-thread latency under pytest-benchmark: python -m pytest bench/latency --benchmark-only

Figures stand beside each other; they do not alternate, so no bar is judged by them.
"""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)
