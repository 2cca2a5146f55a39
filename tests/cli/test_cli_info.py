"""`allcores info`, as text and as JSON, and the machine's record behind it."""

import json
from pathlib import Path

import pytest
from cli_helpers import run

from allcores.cli.info import readable
from allcores.cli.machine import cpu_model, machine_record, shared_memory_limits
from allcores.explanation import explain


def test_info_names_what_matters() -> None:
    done = run("info")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("interpreter", "GIL", "affinity", "quota", "SIMD", "shared memory", "versions"):
        assert word in done.stdout
    assert explain().simd in done.stdout


def test_info_as_json_holds_the_facts() -> None:
    record = json.loads(run("info", "--json").stdout)
    assert record["simd"] == explain().simd
    assert record["gil_enabled"] == explain().gil_enabled
    assert record["cores"] >= 1
    assert set(record["shared_memory"]) == {
        "folder",
        "size_bytes",
        "free_bytes",
        "shmmax",
        "shmall",
        "shmmni",
    }
    assert record["versions"]["allcores"] == record["version"]
    assert record["cpu_model"]


def test_a_record_can_be_written_as_json() -> None:
    record = machine_record()
    assert json.loads(json.dumps(record)) == record


def test_a_processor_without_a_name_still_has_one(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Fast One\n")
    assert cpu_model(str(cpuinfo)) == "Fast One"
    cpuinfo.write_text("processor\t: 0\nBogoMIPS\t: 50.00\n")
    assert cpu_model(str(cpuinfo))
    assert cpu_model(str(tmp_path / "missing"))


def test_limits_that_are_not_there_are_none(tmp_path: Path) -> None:
    limits = shared_memory_limits(str(tmp_path / "no"), str(tmp_path / "no"))
    assert limits["size_bytes"] is None
    assert limits["shmmax"] is None


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (31_500_000, "31.5 MB"), (1 << 63, "no limit")],
)
def test_sizes_read_well(size: int, text: str) -> None:
    assert readable(size) == text
