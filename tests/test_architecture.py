"""The house's rules, read off the sources: who may import whom, what csrc may not contain.

A gate names the rung, the file and the line, so that its message says what to move. Each gate is
shown to fail on a sample that breaks its rule (the last section).
"""

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src" / "allcores"
CSRC = ROOT / "csrc"

# -- the import ladder ----------------------------------------------------------------------------

#: Rungs from the bottom; a module may import from its own rung's package or from lower rungs.
#: Front-ends are siblings: they do not know each other.
PYTHON_LADDER = [
    ["errors"],
    ["_common"],
    ["_native"],
    ["queue", "threading", "kernels", "multiprocessing", "subprocess"],
    ["futures"],
    ["parallel", "distributed"],
    ["explanation"],
    [""],  # the root re-exports, lazily
    ["cli"],
    ["__main__"],
]

def python_rung(package: str) -> int:
    for height, names in enumerate(PYTHON_LADDER):
        if package in names:
            return height
    raise AssertionError(f"{package!r} stands on no rung of PYTHON_LADDER: put it on one")


def package_of(module: str) -> str:
    """'allcores.parallel.mapping' -> 'parallel'; the root is ''."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def module_name(path: Path, root: Path = SRC) -> str:
    parts = ["allcores", *path.relative_to(root).with_suffix("").parts]
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def python_imports(source: str) -> Iterator[tuple[int, str]]:
    """Module-level imports of allcores, those for type checking left out."""
    tree = ast.parse(source)
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "allcores":
                    yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "allcores":
            if node.module == "allcores":
                for alias in node.names:
                    yield node.lineno, f"allcores.{alias.name}"
            else:
                yield node.lineno, str(node.module)


CYTHON_IMPORT = re.compile(r"^\s*(?:from\s+(allcores[\w.]*)\s+c?import\s|c?import\s+(allcores[\w.]*))")


def cython_imports(source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.splitlines(), 1):
        found = CYTHON_IMPORT.match(line)
        if found:
            yield number, found.group(1) or found.group(2)


def ladder_faults(name: str, imports: Iterator[tuple[int, str]]) -> list[str]:
    package = package_of(name)
    faults = []
    for line, target in imports:
        other = package_of(target)
        if other == package:
            continue
        # `from allcores import x` with x a name of the root, not a module
        if package_of(target) not in [entry for rung in PYTHON_LADDER for entry in rung]:
            other = ""
        if python_rung(other) >= python_rung(package):
            faults.append(
                f"{name}:{line} imports {target}: rung {python_rung(package)} "
                f"({package or 'root'}) may not import rung {python_rung(other)} ({other or 'root'})"
            )
    return faults


def test_python_imports_go_down_only() -> None:
    faults = []
    for path in sorted(SRC.rglob("*.py")):
        # __init__ of the root re-exports lazily, under functions: those are its imports
        faults += ladder_faults(module_name(path), python_imports(path.read_text()))
    for pattern in ("*.pyx", "*.pxd"):
        for path in sorted(SRC.rglob(pattern)):
            faults += ladder_faults(module_name(path), cython_imports(path.read_text()))
    assert not faults, "\n".join(faults)


def test_modules_have_no_import_cycle() -> None:
    graph: dict[str, set[str]] = {}
    names = {module_name(path) for path in SRC.rglob("*.py")}
    for path in SRC.rglob("*.py"):
        name = module_name(path)
        top_level = {
            target
            for line, target in python_imports(path.read_text())
            if target in names and target != name and not _inside_function(path, line)
        }
        graph[name] = top_level
    done: set[str] = set()
    trail: list[str] = []

    def walk(name: str) -> None:
        if name in trail:
            raise AssertionError("import cycle: " + " -> ".join([*trail[trail.index(name) :], name]))
        if name in done:
            return
        trail.append(name)
        for target in sorted(graph[name]):
            walk(target)
        trail.pop()
        done.add(name)

    for name in sorted(graph):
        walk(name)


def _inside_function(path: Path, line: int) -> bool:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= line <= (
            node.end_lineno or node.lineno
        ):
            return True
    return False


# -- the include ladder ---------------------------------------------------------------------------

C_LADDER = [["base"], ["wait"], ["sync"], ["queues", "shm"], ["sched"], ["kernels"]]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def c_rung(room: str) -> int:
    for height, names in enumerate(C_LADDER):
        if room in names:
            return height
    raise AssertionError(f"csrc/{room} stands on no rung of C_LADDER: put it on one")


def include_faults(room: str, name: str, source: str) -> list[str]:
    faults = []
    for target in INCLUDE.findall(source):
        if "/" not in target:
            faults.append(f'{name} includes "{target}": write the room, "room/{target}"')
            continue
        other = target.split("/")[0]
        if other != room and c_rung(other) >= c_rung(room):
            faults.append(f"{name} includes {target}: {room} may not include {other}")
    return faults


def c_files() -> list[Path]:
    return sorted([*CSRC.rglob("*.c"), *CSRC.rglob("*.h")])


def test_c_includes_go_down_only() -> None:
    faults = []
    for path in c_files():
        name = str(path.relative_to(CSRC))
        faults += include_faults(path.parent.name, name, path.read_text())
    assert not faults, "\n".join(faults)


def test_c_file_names_are_unique_and_prefixed() -> None:
    names = [path.name for path in c_files()]
    assert sorted(set(names)) == sorted(names)
    assert [name for name in names if not name.startswith("ac_")] == []


# -- what csrc may not contain --------------------------------------------------------------------

#: The only files with mutable globals, and why.
GLOBALS_ALLOWED = {"ac_process": "the process's one pool; linked into one module alone"}

#: The only files that may touch atomics directly.
ATOMICS_HOME = {"ac_atomic.h"}
ATOMICS = re.compile(r"\b(atomic_\w+|__sync_\w+|__atomic_\w+|_Atomic)\b|<stdatomic\.h>")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def atomics_faults(name: str, source: str) -> list[str]:
    code = COMMENT.sub("", source)
    return [f"{name}: {found.group(0)}" for found in ATOMICS.finditer(code)]


def test_atomics_only_through_their_header() -> None:
    faults = []
    for path in c_files():
        if path.name not in ATOMICS_HOME:
            faults += atomics_faults(path.name, path.read_text())
    assert not faults, "\n".join(faults)


def test_csrc_never_includes_python() -> None:
    for path in c_files():
        code = COMMENT.sub("", path.read_text())
        assert "Python.h" not in code and "PyObject" not in code, path.name


def mutable_globals(obj: Path) -> list[str]:
    """Symbols of an object file that lie in writable memory."""
    listing = subprocess.run(
        ["nm", "--format=posix", str(obj)], check=True, capture_output=True, text=True
    ).stdout
    found = []
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) >= 2 and fields[1] in "BbCDd" and not fields[0].startswith("__odr_asan"):
            found.append(fields[0])
    return found


def compile_plain(source: Path, target: Path) -> None:
    # Not position-independent: else constant tables of pointers count as data to relocate.
    command = ["cc", "-std=c11", "-D_GNU_SOURCE=1", "-O0", "-fno-pic", "-fno-pie"]
    command += ["-I", str(CSRC), "-c", str(source), "-o", str(target)]
    subprocess.run(command, check=True)


def test_csrc_has_no_mutable_globals(tmp_path: Path) -> None:
    def faults_of(path: Path) -> list[str]:
        target = tmp_path / (path.stem + ".o")
        compile_plain(path, target)
        if path.stem in GLOBALS_ALLOWED:
            return []
        return [f"{path.name}: {symbol}" for symbol in mutable_globals(target)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [fault for some in pool.map(faults_of, sorted(CSRC.rglob("*.c"))) for fault in some]
    assert not faults, "\n".join(faults)


def test_every_header_compiles_alone(tmp_path: Path) -> None:
    def fault_of(path: Path) -> str | None:
        unit = tmp_path / f"alone-{path.stem}.c"
        unit.write_text(f'#include "{path.relative_to(CSRC)}"\ntypedef int ac_not_empty;\n')
        command = ["cc", "-std=c11", "-D_GNU_SOURCE=1", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
        done = subprocess.run(
            [*command, "-I", str(CSRC), str(unit)], capture_output=True, text=True
        )
        return f"{path.name} does not compile alone:\n{done.stderr}" if done.returncode else None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = list(filter(None, pool.map(fault_of, sorted(CSRC.rglob("*.h")))))
    assert not faults, "\n".join(faults)


# -- every source has its test --------------------------------------------------------------------

PLATFORM = re.compile(r"_(linux|macos|windows|posix)$")
PROCESSOR = re.compile(r"_(avx512|neon)$")


SLEEPS = re.compile(r"\bac_(?:wait|wake|ec_wait|ec_prepare|ec_notify_\w+)\(")


def proven_to_wake(page: str) -> set[str]:
    """The files that are named in those sections of a page that say why no wake-up is lost."""
    sections = re.split(r"^## ", page, flags=re.MULTILINE)
    proofs = [section for section in sections if "lost wake-up" in section.lower()]
    return set(re.findall(r"`(ac_\w+)", " ".join(proofs)))


def test_every_sleeping_protocol_has_its_page() -> None:
    """A file that sleeps or wakes is named beside it, where it says why no wake-up is lost."""
    missing = []
    for path in sorted([*CSRC.rglob("*.h"), *CSRC.rglob("*.c")]):
        code = COMMENT.sub("", path.read_text())
        if path.parent.name == "wait" or not SLEEPS.search(code):
            continue
        pages = [page.read_text() for page in path.parent.glob("*.md")]
        if not any(path.stem in proven_to_wake(page) for page in pages):
            missing.append(path.name)
    assert not missing, f"no page says why these lose no wake-up: {missing}"
    page = "## a `ac_x.h`\n\n## b `ac_y.h`\nThe lost wake-up: `ac_z`"
    assert proven_to_wake(page) == {"ac_y", "ac_z"}


def test_every_c_source_has_its_test() -> None:
    tests = {path.stem for path in (ROOT / "tests" / "c").glob("test_*.c")}
    missing = set()
    for path in c_files():
        stem = PLATFORM.sub("", path.stem)
        if f"test_{stem}" not in tests and f"test_{PROCESSOR.sub('', stem)}" not in tests:
            missing.add(str(path.relative_to(ROOT)))
    assert not missing, f"no tests/c/test_<name>.c for: {sorted(missing)}"


def test_every_python_module_has_its_test() -> None:
    """A test named after it; for the parts of the command, which tests run as a whole, also one named
    after their folder, or one that imports them by name."""
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    stems = {path.stem for path in tests}
    imported = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in imported_names(node)
    }
    missing = []
    for path in sorted([*SRC.rglob("*.py"), *SRC.rglob("*.pyx")]):
        if path.name in ("__init__.py", "__main__.py"):
            continue
        named = {f"test_{path.stem}", f"test_{path.parent.name}_{path.stem}"} & stems
        stem = PLATFORM.sub("", path.stem.removesuffix("_other"))
        within_command = "cli" in path.parts and (
            module_name(path) in imported
            or {f"test_cli_{path.parent.name}", f"test_cli_{stem}"} & stems
        )
        if not named and not within_command:
            missing.append(str(path.relative_to(ROOT)))
    assert not missing, f"no test_<name>.py for: {missing}"


def imported_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def test_every_compiled_module_has_its_stub() -> None:
    for path in SRC.rglob("*.pyx"):
        assert path.with_suffix(".pyi").exists(), f"{path.name} has no stub"


# -- size -----------------------------------------------------------------------------------------

#: Files over 600 lines, each with its reason.
LONG_FILES: dict[str, str] = {}


@pytest.mark.parametrize("folder", ["src", "csrc", "tests", "bench"])
def test_no_file_outgrows_one_sitting(folder: str) -> None:
    for path in (ROOT / folder).rglob("*"):
        generated = path.suffix == ".c" and path.with_suffix(".pyx").exists()
        if path.suffix not in (".py", ".pyx", ".c", ".h") or generated:
            continue
        name = str(path.relative_to(ROOT))
        lines = len(path.read_text().splitlines())
        assert lines <= 600 or name in LONG_FILES, f"{name}: {lines} lines; is it one idea?"


# -- the gates themselves -------------------------------------------------------------------------


def test_the_gates_notice_what_they_forbid(tmp_path: Path) -> None:
    up = iter([(1, "allcores.cli.main")])
    assert ladder_faults("allcores.queue", up)
    assert ladder_faults("allcores.kernels", iter([(1, "allcores.queue")]))
    assert not ladder_faults("allcores.parallel.mapping", iter([(1, "allcores.queue")]))
    assert list(cython_imports("cimport allcores.cli\nfrom allcores.queue cimport x")) == [
        (1, "allcores.cli"),
        (2, "allcores.queue"),
    ]
    assert include_faults("base", "x.h", '#include "sync/ac_mutex.h"')
    assert include_faults("sync", "x.h", '#include "ac_base.h"')
    assert atomics_faults("x.c", "int x = atomic_load(&y);")
    assert not atomics_faults("x.c", "/* atomic_load */")
    source = tmp_path / "ac_bad.c"
    source.write_text("static int counter; int next(void) { return ++counter; }")
    target = tmp_path / "ac_bad.o"
    compile_plain(source, target)
    assert mutable_globals(target) == ["counter"]
