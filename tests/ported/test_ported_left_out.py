"""The list of what is left out is true: complete, not out of date, and shown by README.md."""

from pathlib import Path

import left_out
import ported_subjects
import pytest
from ported_worker import listing, no_test_package

README = Path(__file__).with_name("README.md")
needs_tests = pytest.mark.skipif(no_test_package() is not None, reason=str(no_test_package()))


@pytest.mark.parametrize("name", left_out.NOT_YET)
def test_what_is_not_yet_written_is_not_yet_written(name: str) -> None:
    module, cls, *_ = name.split(".")
    assert cls in ported_subjects.UNDER_TEST[module], f"{name} is not under test"
    ported_subjects.look_up("std", name)  # it names something
    try:
        ported_subjects.look_up("ours", name)
    except ported_subjects.NotOurs:
        return
    pytest.fail(f"allcores.{name} is there: delete it from NOT_YET in tests/ported/left_out.py")


@pytest.mark.parametrize(
    "name", [f"{module}.{cls}" for module, names in ported_subjects.UNDER_TEST.items() for cls in names]
)
def test_what_is_not_listed_is_ours(name: str) -> None:
    if name not in left_out.NOT_YET:
        ported_subjects.look_up("ours", name)


@needs_tests
def test_every_entry_names_a_test_that_there_is() -> None:
    tests = {f"{case}.{test}" for case, names in listing()["cases"].items() for test in names}
    seen = set()
    for entry in left_out.TESTS:
        assert entry.versions and set(entry.versions) <= set(left_out.EVERY), entry
        assert entry.subject in ("ours", "std", "both"), entry
        assert entry.how in ("fails", "skips", "not run"), entry
        assert entry.reason, entry
        if left_out.RUNNING in entry.versions:
            assert entry.test in tests, f"{entry.test} does not exist on {left_out.RUNNING}"
        for version in entry.versions:
            for subject in ("ours", "std") if entry.subject == "both" else (entry.subject,):
                assert (entry.test, subject, version) not in seen, f"listed twice: {entry}"
                seen.add((entry.test, subject, version))


@needs_tests
def test_every_class_of_cpython_is_run_or_listed() -> None:
    listed = {entry.name for entry in left_out.CLASSES if left_out.RUNNING in entry.versions}
    run = {name for name in listing()["origins"].values() if name.startswith("test.")}
    there = set(listing()["classes"])
    assert run <= there
    assert listed & run == set(), "both run and left out"
    assert there - run - listed == set(), "neither run nor listed in left_out.CLASSES"
    assert listed - there == set(), f"listed, but not there on {left_out.RUNNING}"


@needs_tests
def test_classes_said_not_to_name_our_types_do_not() -> None:
    named = listing()["classes"]
    for entry in left_out.CLASSES:
        assert entry.reason, entry
        if entry.reason == left_out.THREADS:
            assert not named.get(entry.name), f"{entry.name} is about {named[entry.name]}"


def test_readme_shows_the_list() -> None:
    text = README.read_text()
    shown = text.split("<!-- left out: begin -->\n")[1].split("<!-- left out: end -->")[0]
    assert shown.strip() == left_out.tables().strip(), "run: python tests/ported/left_out.py"
