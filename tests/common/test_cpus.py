"""Counting processors: affinity, quotas of both versions of control groups, the environment."""

import os
from pathlib import Path

import pytest

import allcores
from allcores._common import cpus


def groups(tmp_path: Path, cgroup: str, files: dict[str, str]) -> tuple[str, str]:
    proc, sys_fs = tmp_path / "proc", tmp_path / "sys"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text(cgroup)
    sys_fs.mkdir()
    for name, text in files.items():
        target = sys_fs / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return str(proc), str(sys_fs)


def test_version_2_takes_the_least_on_the_way_up(tmp_path: Path) -> None:
    files = {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "150000 100000\n", "cpu.max": "400000 100000"}
    assert cpus.cgroup_quota(*groups(tmp_path, "0::/a/b\n", files)) == 1.5


def test_version_1_and_a_path_that_the_container_does_not_see(tmp_path: Path) -> None:
    files = {"cpu,cpuacct/cpu.cfs_quota_us": "250000", "cpu,cpuacct/cpu.cfs_period_us": "100000"}
    cgroup = "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n"
    assert cpus.cgroup_quota(*groups(tmp_path, cgroup, files)) == 2.5


@pytest.mark.parametrize("text", ["max 100000", "", "nonsense", "0 100000", "1 0", "a b"])
def test_no_limit_and_nonsense_are_no_quota(tmp_path: Path, text: str) -> None:
    assert cpus.cgroup_quota(*groups(tmp_path, "0::/\n", {"cpu.max": text})) is None


def test_unlimited_version_1_is_no_quota(tmp_path: Path) -> None:
    files = {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}
    assert cpus.cgroup_quota(*groups(tmp_path, "4:cpu:/\n", files)) is None


def test_a_system_without_proc_has_no_quota(tmp_path: Path) -> None:
    assert cpus.cgroup_quota(str(tmp_path / "no"), str(tmp_path / "no")) is None


def test_the_count_is_the_least_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLCORES_THREADS", raising=False)
    monkeypatch.setattr(cpus, "affinity_count", lambda: 8)
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: 1.2)
    assert cpus.cpu_count() == 2
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: 0.1)
    assert cpus.cpu_count() == 1
    monkeypatch.setattr(cpus, "cgroup_quota", lambda: None)
    assert cpus.cpu_count() == 8
    monkeypatch.setenv("ALLCORES_THREADS", "3")
    assert cpus.cpu_count() == 3


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs affinity masks")
def test_affinity_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLCORES_THREADS", raising=False)
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert allcores.cpu_count() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert 1 <= allcores.cpu_count() <= len(before)
