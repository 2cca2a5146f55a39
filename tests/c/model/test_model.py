"""The structures of csrc under the model checker: tests/c/model/README.md says how and what it shows.

The checker's own tests (litmus programs, known-bad algorithms) and two structures run always; the other
structures and all mutants are --heavy. 'make prove' runs the same and shows the numbers.
"""

import re
import subprocess
from pathlib import Path

import pytest
from model_bench import BEGIN, CSRC, END, HERE, Bench, BenchError, mutated, table_names, write_table
from model_mutants import EQUIVALENT, MUTANTS
from model_table import EXEMPT, PROGRAMS, Mutant

OPERATIONS = "load|store|exchange|fetch|cas|fence|gload|gstore|gcas|gexchange|gfetch"
ATOMICS = re.compile(rf"\bac_(?:{OPERATIONS})_\w+\(")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("model"))


def programs() -> list[object]:
    return [
        pytest.param(program.name, id=program.name, marks=[] if program.quick else [pytest.mark.heavy])
        for program in PROGRAMS
    ]


@pytest.mark.parametrize("program", programs())
def test_program(bench: Bench, program: str) -> None:
    """Each interleaving, within the bounds that the program names, passes its checks."""
    bench.check(program)


@pytest.mark.heavy
@pytest.mark.parametrize("number", range(len(MUTANTS)), ids=[m.name[:90] for m in MUTANTS])
def test_mutant_is_killed(bench: Bench, number: int) -> None:
    """What was made wrong is found, and found as what it is."""
    bench.kill(MUTANTS[number], number)


@pytest.mark.heavy
@pytest.mark.parametrize("number", range(len(EQUIVALENT)), ids=[m.name[:90] for m in EQUIVALENT])
def test_equivalent_lives(bench: Bench, number: int) -> None:
    """What the table calls unobservable is not observed."""
    run = bench.mutate(EQUIVALENT[number], 1000 + number)
    assert run.code == 0, run.output[:3000]


def test_texts_of_mutants_stand_once() -> None:
    """A change of csrc that takes a mutant's text away says so at once, not only with --heavy."""
    for mutant in [*MUTANTS, *EQUIVALENT]:
        mutated(mutant)


def test_a_text_that_is_not_there_is_an_error() -> None:
    for old in ("no such text anywhere", "AC_INLINE"):
        with pytest.raises(BenchError, match="not once"):
            mutated(Mutant("mpmc", "queues/ac_mpmc.h", old, "", "race"))


def test_a_mutant_that_lives_is_an_error(bench: Bench) -> None:
    """A change that changes nothing, and one that dies of something else than was said."""
    harmless = Mutant("mutex", "sync/ac_mutex.h", "typedef struct ac_mutex {", "struct ac_never;\n"
                      "typedef struct ac_mutex {", "race", ("try",))
    with pytest.raises(BenchError, match="lives"):
        bench.kill(harmless, 2000)
    racy = Mutant("mutex", "sync/ac_mutex.h", "ac_cas_acquire(&m->word, &unlocked, 1)",
                  "ac_cas_relaxed(&m->word, &unlocked, 1)", "deadlock", ("try",))
    with pytest.raises(BenchError, match="died of race"):
        bench.kill(racy, 2001)


def test_a_failure_prints_a_schedule_that_repeats_it(bench: Bench) -> None:
    wake = "        ac_wake(&m->word, 1, AC_WAIT_PRIVATE);\n"
    mutant = Mutant("mutex", "sync/ac_mutex.h", wake, "        ;\n", "deadlock", ("two",))
    run = bench.kill(mutant, 2002)
    again = re.search(r"again: (--replay \w+ \w+ \w+)", run.output)
    assert again is not None, run.output
    program = bench.folder / "mutex-mutant2002"
    done = subprocess.run([str(program), *again.group(1).split()], capture_output=True, text=True)
    assert done.returncode == 1
    assert "deadlock: nobody can go on" in done.stdout


def files_with_atomics() -> list[str]:
    found = []
    for path in sorted([*CSRC.rglob("*.h"), *CSRC.rglob("*.c")]):
        if path.parent.name != "base" and ATOMICS.search(COMMENT.sub("", path.read_text())):
            found.append(str(path.relative_to(CSRC)))
    return found


def test_everything_with_atomics_is_on_the_bench() -> None:
    """The gate: a model test with mutants, or a written exemption, for each file with atomics."""
    covered = {name for program in PROGRAMS for name in program.files}
    mutated_files = {mutant.file for mutant in MUTANTS}
    files = files_with_atomics()
    missing = [name for name in files if name not in covered and name not in EXEMPT]
    assert not missing, f"no model test and no exemption in model_table.py: {missing}"
    bare = sorted(covered - mutated_files)
    assert not bare, f"no mutants in model_mutants.py: {bare}"
    assert not covered & set(EXEMPT), "covered and exempt"
    gone = sorted((covered | set(EXEMPT)) - set(files))
    assert not gone, f"without atomics, or gone: {gone}"
    assert all(len(reason) > 40 for reason in EXEMPT.values()), "an exemption says why"
    assert all(len(m.expected) > 20 for m in EQUIVALENT), "an equivalent mutant says why"


def test_the_gate_sees_atomics() -> None:
    assert ATOMICS.search("ac_store_release(&x, 1)") and ATOMICS.search("ac_gcas_u32_seq_cst(p, e, d)")
    assert not ATOMICS.search(COMMENT.sub("", "/* ac_store_release(&x, 1) */"))
    assert {"queues/ac_mpmc.h", "sync/ac_event_count.h", "sched/ac_pool.c"} <= set(files_with_atomics())


def test_every_program_is_in_the_table() -> None:
    sources = {path.stem for path in HERE.glob("*.c")} - {"model_core", "model_memory", "model_main"}
    assert {program.name for program in PROGRAMS} == sources
    names = table_names((HERE / "README.md").read_text())
    assert names == [program.name for program in PROGRAMS], "make prove ARGS=--table writes it anew"


def test_table_is_written_between_its_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    monkeypatch.setattr("model_bench.HERE", tmp_path)
    write_table(["| `x` | 1 | 1 | SC: all | 0 |\n"])
    text = readme.read_text()
    assert table_names(text) == ["x"]
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
