"""The memory limit of queues."""

import os
from pathlib import Path

from allcores.multiprocessing.limits import queue_limit_bytes, usable_memory_bytes


def test_the_limit_is_a_quarter_of_what_may_be_used() -> None:
    assert queue_limit_bytes() == usable_memory_bytes() // 4


def test_the_least_limit_counts(tmp_path: Path) -> None:
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    files = [tmp_path / name for name in ("none", "max", "large", "small")]
    files[1].write_text("max\n")
    files[2].write_text(f"{machine * 8}\n")
    assert usable_memory_bytes(tuple(map(str, files))) == machine
    files[3].write_text("1000000\n")
    assert usable_memory_bytes(tuple(map(str, files))) == 1_000_000
