"""allcores.explain(): facts as attributes, items and text; asking changes nothing."""

import subprocess
import sys
import sysconfig

import pytest

import allcores
from allcores import explanation


def test_facts_agree_with_what_they_are_about() -> None:
    facts = allcores.explain()
    assert facts.version == allcores.__version__
    assert facts.cores == allcores.cpu_count()
    assert facts.free_threaded_build == bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    assert facts.gil_enabled == getattr(sys, "_is_gil_enabled", lambda: True)()
    assert facts.map_python == ("processes" if facts.gil_enabled else "threads")
    assert facts.map_kernels == "threads"


def test_facts_are_attributes_items_and_a_dict() -> None:
    facts = allcores.explain()
    assert facts["simd"] == facts.simd
    assert dict(facts) == facts.as_dict()
    with pytest.raises(KeyError):
        facts["lines"]


def test_it_prints_as_text_that_says_why() -> None:
    facts = allcores.explain()
    text = str(facts)
    assert repr(facts) == text
    assert facts.map_python_reason in text
    assert facts.simd in text
    assert len(text.splitlines()) == len(facts.lines())


@pytest.mark.parametrize(
    ("build", "enabled", "says"),
    [(False, True, "one thread at a time"), (True, False, "none"), (True, True, "turned on")],
)
def test_the_gil_is_described_as_it_is(build: bool, enabled: bool, says: str) -> None:
    facts = explanation.Explanation(
        **{**allcores.explain().as_dict(), "free_threaded_build": build, "gil_enabled": enabled}
    )
    assert says in str(facts)


def test_variables_are_shown_when_they_are_set() -> None:
    facts = explanation.Explanation(
        **{**allcores.explain().as_dict(), "threads_variable": 3, "simd_variable": "portable"}
    )
    assert "ALLCORES_THREADS=3" in str(facts)
    assert "ALLCORES_SIMD=portable" in str(facts)


def test_asking_leaves_the_start_method_to_be_chosen() -> None:
    code = (
        "import allcores, multiprocessing as mp\n"
        "before = allcores.explain().start_method\n"
        "assert mp.get_start_method(allow_none=True) is None\n"
        "assert mp.get_start_method() == before\n"
        "mp.set_start_method('spawn', force=True)\n"
        "assert allcores.explain().start_method == 'spawn'\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
