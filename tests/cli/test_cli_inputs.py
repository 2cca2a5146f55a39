"""The input: what is found, in which order, and what is left out."""

import os
import sysconfig
from pathlib import Path

import pytest

from allcores.cli.exits import UsageError
from allcores.cli.speedup import inputs
from allcores.cli.speedup.inputs import read_input


def test_a_folder_is_read_to_its_leaves_in_an_order_that_repeats(folder: Path) -> None:
    given = read_input(str(folder), full=True)
    assert {Path(source.name).name for source in given.sources} == {
        path.name for path in folder.iterdir()
    }
    assert given.complete
    again = read_input(str(folder), full=False)
    assert [source.name for source in again.sources] == [source.name for source in given.sources]


def test_a_file_is_one_source_of_any_bytes(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"name-\xff")
    path.write_bytes(bytes(range(256)))
    given = read_input(str(path), full=False)
    assert [source.data for source in given.sources] == [bytes(range(256))]


def test_without_a_path_it_is_the_standard_library_and_nothing_installed() -> None:
    given = read_input(None, full=False)
    names = [source.name for source in given.sources]
    assert all(name.endswith(".py") and "site-packages" not in name for name in names)
    assert os.path.join(sysconfig.get_path("stdlib"), "ast.py") in names


def test_no_more_is_read_than_samples_can_need(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "_ENOUGH", 300)
    given = read_input(str(folder), full=False)
    assert sum(len(source.data) for source in given.sources) == 300
    assert not given.complete
    assert read_input(str(folder), full=True).complete
    path = next(folder.glob("module5.py"))
    assert len(read_input(str(path), full=False).sources[0].data) == 300


def test_an_interpreter_without_sources_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(UsageError, match="--input"):
        read_input(None, full=False)


def test_a_library_without_its_tests_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module.py").write_text("x = 1\n")
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    assert "lacks its tests" in read_input(None, full=False).title


def test_links_to_nothing_and_pipes_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    (tmp_path / "file").write_text("words")
    given = read_input(str(tmp_path), full=False)
    assert [source.data for source in given.sources] == [b"words"]
