"""get_include: an installed package's own headers, else the source tree's, else an error."""

from pathlib import Path

import pytest

from allcores._common import headers


def test_the_directory_is_absolute_and_has_the_headers() -> None:
    place = Path(headers.get_include())
    assert place.is_absolute() and (place / "base" / "ac_base.h").is_file()


def test_an_installed_package_comes_first_and_none_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lib" / "python" / "allcores"
    monkeypatch.setattr(headers, "_PACKAGE", str(package))
    with pytest.raises(FileNotFoundError, match="install it again"):
        headers.get_include()
    for place in (tmp_path / "lib" / "csrc", package / "include"):
        (place / "base").mkdir(parents=True)
        (place / "base" / "ac_base.h").touch()
        assert headers.get_include() == str(place)
