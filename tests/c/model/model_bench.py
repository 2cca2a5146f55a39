"""Builds and runs the model tests and their mutants, and keeps the table in README.md.

    python tests/c/model/model_bench.py             everything: what 'make prove' runs
    python tests/c/model/model_bench.py mpmc spsc   these programs and their mutants
    python tests/c/model/model_bench.py --table     everything, and the table in README.md anew

A mutant is a copy of one file of csrc with one text exchanged. It is killed when its program reports a
failure of the kind that model_mutants.py says; a mutant that is not killed is an error, and so is a
text that does not stand in the file exactly once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
CSRC = ROOT / "csrc"
sys.path.insert(0, str(HERE))

from model_mutants import EQUIVALENT, MUTANTS  # noqa: E402
from model_table import PROGRAMS, Mutant  # noqa: E402

COMPILER = os.environ.get("CC") or shutil.which("cc") or "gcc"
FLAGS = ["-std=c11", "-D_GNU_SOURCE=1", "-Wall", "-Wextra", "-Werror", "-g", "-fno-pie"]
FLAGS += ["-fno-strict-aliasing", "-Wno-unused-value"]
#: The compiler puts a call before each plain access; the checker has the functions that are called.
WATCHED = ["-O1", "-fsanitize=thread", "--param", "tsan-instrument-func-entry-exit=0"]
WATCHED += ["-DAC_ATOMIC_BODY=\"model_atomic.h\"", "-include", "model_shim.h"]
CHECKER = ["model_core", "model_memory", "model_main"]
LIMIT_S = 300


class BenchError(Exception):
    """A program does not compile, a mutant's text is not there, or a mutant lives."""


@dataclass
class Run:
    """What one program said."""

    code: int
    output: str
    seconds: float
    tests: list[list[str]] = field(default_factory=list)

    @property
    def failure(self) -> str | None:
        """The kind of the first failure: race, deadlock, ..."""
        for line in self.output.splitlines():
            if line.startswith("FAIL "):
                return line.split()[3].rstrip(":")
        return None


def call(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)}\n{done.stdout[-3000:]}")


class Bench:
    """A folder with the compiled checker; programs and mutants are built beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = []
        for name in CHECKER:
            target = folder / f"{name}.o"
            command = [COMPILER, *FLAGS, "-O2", "-I", str(HERE), "-c", str(HERE / f"{name}.c")]
            call([*command, "-o", str(target)])
            self.objects.append(str(target))

    def build(self, program: str, changed: Path | None = None, name: str = "") -> Path:
        """The program, on csrc or on csrc with the files under `changed` in front of it."""
        target = self.folder / (name or program)
        first = ["-w", "-I", str(changed)] if changed is not None else []
        command = [COMPILER, *FLAGS, *WATCHED, *first, "-I", str(CSRC), "-I", str(HERE)]
        source = HERE / f"{program}.c"
        call([*command, "-c", str(source), "-o", f"{target}.o"])
        call([COMPILER, "-no-pie", f"{target}.o", *self.objects, "-o", str(target)])
        return target

    def run(self, target: Path, *arguments: str) -> Run:
        begin = time.monotonic()
        done = subprocess.run(
            [str(target), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
        )
        run = Run(done.returncode, done.stdout, time.monotonic() - begin)
        run.tests = [line.split() for line in done.stdout.splitlines() if line.startswith("pass ")]
        return run

    def check(self, program: str) -> Run:
        """Runs a program on csrc as it is; an error if one of its tests fails."""
        run = self.run(self.build(program))
        if run.code != 0 or not run.tests:
            raise BenchError(f"{program}: exit {run.code}\n{run.output[:6000]}")
        return run

    def mutate(self, mutant: Mutant, number: int) -> Run:
        """Runs the mutant's program on the mutated file."""
        name = f"{mutant.program}-mutant{number}"
        changed = self.folder / f"{name}.csrc"
        target = changed / mutant.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(mutated(mutant))
        return self.run(self.build(mutant.program, changed, name), *mutant.only)

    def kill(self, mutant: Mutant, number: int) -> Run:
        """An error if the mutant lives, or dies of something else than was said."""
        run = self.mutate(mutant, number)
        if run.code == 0:
            raise BenchError(f"lives: {mutant}\n{run.output[-2000:]}")
        if run.failure not in mutant.expected.split("|"):
            raise BenchError(f"died of {run.failure}: {mutant}\n{run.output[:3000]}")
        return run


def mutated(mutant: Mutant) -> str:
    """The text of the mutant's file with the exchange made."""
    text = (CSRC / mutant.file).read_text()
    count = text.count(mutant.old)
    if count != 1:
        raise BenchError(f"{mutant.file}: {count} times, not once: {mutant.old!r}")
    return text.replace(mutant.old, mutant.new)


# -- the table ------------------------------------------------------------------------------------

BEGIN = "<!-- table: written by model_bench.py --table -->"
END = "<!-- end of table -->"
HEAD = "| structure | states explored | executions | mode | mutants killed |\n|---|---|---|---|---|\n"


def table_row(program: str, run: Run, killed: int) -> str:
    states = sum(int(test[4]) for test in run.tests)
    executions = sum(int(test[3]) for test in run.tests)
    modes = []
    for mode, text in (("sc", "SC"), ("weak", "weak")):
        kinds = {test[6] for test in run.tests if test[2] == mode and test[6] != "found"}
        names = {"all": "all", "bound": "bounded"}
        if kinds:
            modes.append(f"{text}: " + " and ".join(sorted(names[kind] for kind in kinds)))
    return f"| `{program}` | {states:,} | {executions:,} | {'; '.join(modes)} | {killed} |\n"


def table_names(readme: str) -> list[str]:
    """The structures of the table, in its order."""
    table = readme.split(BEGIN)[1].split(END)[0]
    return [line.split("|")[1].strip(" `") for line in table.splitlines() if line.startswith("| `")]


def write_table(rows: list[str]) -> None:
    path = HERE / "README.md"
    text = path.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{HEAD}{''.join(rows)}{END}{after}")


# -- the command ----------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("program", nargs="*", help="these alone")
    parser.add_argument("--table", action="store_true", help="write the table in README.md anew")
    parser.add_argument("--no-mutants", action="store_true", help="the programs alone")
    options = parser.parse_args()
    if options.table and (options.program or options.no_mutants):
        parser.error("--table wants everything to run")
    chosen = options.program or [program.name for program in PROGRAMS]
    faults: list[str] = []
    width = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(width) as pool:
        bench = Bench(Path(folder))
        checks = {name: pool.submit(bench.check, name) for name in chosen}
        mutants = [m for m in MUTANTS if m.program in chosen and not options.no_mutants]
        kills = [pool.submit(bench.kill, m, i) for i, m in enumerate(mutants)]
        same = [m for m in EQUIVALENT if m.program in chosen and not options.no_mutants]
        lives = [pool.submit(bench.mutate, m, 1000 + i) for i, m in enumerate(same)]
        rows = []
        for name in chosen:
            try:
                run = checks[name].result()
            except (BenchError, subprocess.TimeoutExpired) as error:
                faults.append(str(error))
                print(f"{name}: FAILED", flush=True)
                continue
            killed = sum(m.program == name for m in mutants)
            rows.append(table_row(name, run, killed))
            print(f"{run.seconds:6.1f} s  {rows[-1].strip()}", flush=True)
        for mutant, kill in zip(mutants, kills, strict=True):
            try:
                print(f"{kill.result().seconds:6.1f} s  killed: {mutant.name}", flush=True)
            except (BenchError, subprocess.TimeoutExpired) as error:
                faults.append(str(error))
                print(f"MUTANT  {mutant.name}", flush=True)
        for mutant, life in zip(same, lives, strict=True):
            if life.result().code != 0:
                faults.append(f"not equivalent: {mutant}\n{life.result().output[:3000]}")
    for fault in faults:
        print(fault)
    print(f"{len(chosen)} programs, {len(kills)} mutants, {len(faults)} faults")
    if options.table and not faults:
        write_table(rows)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
