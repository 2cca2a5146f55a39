"""csrc elsewhere: aarch64 and riscv64 under an emulator, macOS and Windows as far as the linker.

What this shows and what not is in tests/c/README.md. ``make prove`` (PROVE=1) does it, in about two and
a half minutes; a test whose compiler is missing is skipped and says what to install.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
PROGRAMS = sorted((ROOT / "tests" / "c").glob("test_*.c"))
PROVE = os.environ.get("PROVE") == "1"

pytestmark = pytest.mark.skipif(not PROVE, reason="make prove runs the other machines")

FLAGS = ["-std=c11", "-D_GNU_SOURCE=1", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", "-pthread"]
GCC_FLAGS = ["-Wno-maybe-uninitialized"]  # a guess of gcc's that differs with every back end
FLAGS += ["-I", str(CSRC), "-I", str(ROOT / "tests" / "c")]

#: What the emulated machine is called by the compiler's package.
EMULATED = {"aarch64": "arm64", "riscv64": "riscv64"}

#: Skipped under the emulator, each with its reason.
NOT_EMULATED = dict.fromkeys(
    ["test_ac_robust_lock", "test_ac_shm_queue", "test_ac_shm_queue_open", "test_ac_shm_queue_kills",
     "test_ac_shm_bell"],
    "qemu-user has no robust futexes: set_robust_list does nothing, or fails",
) | dict.fromkeys(
    ["test_ac_peer", "test_ac_shared_id", "test_ac_shared_permits", "test_ac_shm_claims",
     "test_ac_shm_lease", "test_ac_shm_party", "test_ac_shm_take"],
    "qemu-user makes /proc/self/stat itself, with another start time than other processes read",
) | {
    "test_ac_shm_region": "qemu-user ignores the madvise that gives memory to a range",
    "test_nomemory": "replaces malloc, which a static program cannot",
}

#: Compiled and linked for the system, of the C tests: all that do not fork or map memory themselves.
TARGETS = {
    "x86_64-macos": "macos",
    "aarch64-macos": "macos",
    "x86_64-windows-gnu": "windows",
    "aarch64-windows-gnu": "windows",
}
POSIX_ONLY = ("<sys/", "<unistd.h>", "<signal.h>", "kill_step.h")

#: csrc/shm is for Linux alone: robust locks and sealed memory files exist nowhere else.
ROOMS = ["wait", "sync", "queues", "sched", "kernels"]
SYSTEMS = ("_linux", "_macos", "_windows")


def many(commands: list[list[str]], environment: dict[str, str] | None = None) -> None:
    """Run compilers side by side; fail with what the first that fails printed."""

    def one(command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=environment, timeout=280
        )

    with ThreadPoolExecutor(os.cpu_count() or 2) as threads:
        for command, done in zip(commands, threads.map(one, commands), strict=True):
            assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def emulate(emulator: str, program: Path, limit_s: float = 200) -> str:
    """Runs one program, ends its children, and says what is wrong: they could hold a pipe open."""
    with open(f"{program}.out", "w+", encoding="utf-8", errors="replace") as output:
        running = subprocess.Popen(
            [emulator, str(program)],
            env={**os.environ, "TEST_SCALE": "2"},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        try:
            code: object = running.wait(limit_s)
        except subprocess.TimeoutExpired:
            code = f"no end after {limit_s} s"
        finally:
            try:
                os.killpg(running.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            running.wait()
        output.seek(0)
        return "" if code == 0 else f"{code}\n{output.read()[-2000:]}"


@pytest.mark.parametrize("machine", EMULATED)
def test_c_tests_under_the_emulator(machine: str, tmp_path: Path) -> None:
    compiler = shutil.which(f"{machine}-linux-gnu-gcc")
    emulator = shutil.which(f"qemu-{machine}") or shutil.which(f"qemu-{machine}-static")
    if compiler is None or emulator is None:
        pytest.skip(
            f"needs: apt-get install gcc-{machine}-linux-gnu libc6-dev-{EMULATED[machine]}-cross "
            "qemu-user"
        )
    objects = []
    commands = []
    for source in sorted(CSRC.glob("*/*.c")):
        target = tmp_path / f"{source.stem}.o"
        commands.append([compiler, *FLAGS, *GCC_FLAGS, "-O2", "-c", str(source), "-o", str(target)])
        objects.append(str(target))
    many(commands)
    archive = tmp_path / "libac.a"
    many([["ar", "rcs", str(archive), *objects]])
    programs = [path for path in PROGRAMS if path.stem not in NOT_EMULATED]
    many([
        [compiler, *FLAGS, *GCC_FLAGS, "-O2", "-static", str(path), str(archive), "-lm", "-o",
         str(tmp_path / path.stem)]
        for path in programs
    ])
    # One after the other would wait for a clock most of the time; more would starve the spins.
    with ThreadPoolExecutor(os.cpu_count() or 2) as threads:
        said = threads.map(lambda path: emulate(emulator, tmp_path / path.stem), programs)
        wrong = [f"{path.stem}: {text}" for path, text in zip(programs, said, strict=True) if text]
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="session")
def zig() -> list[str]:
    """The cross compiler of the PyPI package ziglang, or of the PATH."""
    found = os.environ.get("ZIG") or shutil.which("zig")
    if found is not None:
        return [found]
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("needs a cross compiler: pip install ziglang (or ZIG=/path/to/zig)")
    return [sys.executable, "-m", "ziglang"]


@pytest.mark.parametrize("target", TARGETS)
def test_the_core_builds_for(target: str, zig: list[str], tmp_path: Path) -> None:
    """Every C file but those of csrc/shm compiles, and the portable C tests link with them."""
    environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": str(tmp_path / "cache")}
    environment.setdefault("ZIG_GLOBAL_CACHE_DIR", str(ROOT / ".cache" / "zig"))
    # gcc's attribute that prefers wide vectors is not clang's, nor is its pragma about loops.
    compile_for = [*zig, "cc", "-target", target, *FLAGS, "-O1"]
    compile_for += ["-Wno-ignored-attributes", "-Wno-unknown-pragmas"]
    sources = [
        path
        for room in ROOMS
        for path in sorted((CSRC / room).glob("*.c"))
        if not path.stem.endswith(SYSTEMS) or path.stem.endswith(TARGETS[target])
    ]
    assert any(path.stem == f"ac_wait_{TARGETS[target]}" for path in sources)
    objects = [str(tmp_path / f"{path.stem}.o") for path in sources]
    named = zip(sources, objects, strict=True)
    many([[*compile_for, "-c", str(path), "-o", made] for path, made in named], environment)
    portable = [
        path
        for path in PROGRAMS
        if not any(sign in path.read_text() for sign in (*POSIX_ONLY, '"shm/'))
    ]
    assert len(portable) > 20
    libraries = ["-lapi-ms-win-core-synch-l1-2-0"] if TARGETS[target] == "windows" else []
    many(
        [
            [*compile_for, str(path), *objects, *libraries, "-o", str(tmp_path / path.stem)]
            for path in portable
        ],
        environment,
    )
