"""The package as others get it: import cost, wheel, sdist unpacked without git, editable install."""

import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: What `import allcores` must not load: it is for those who use it.
HEAVY = {
    "allcores.kernels",
    "allcores.multiprocessing",
    "allcores.parallel",
    "allcores.queue",
    "allcores._native",
    "asyncio",
    "concurrent.futures",
    "multiprocessing",
    "numpy",
    "threading",
}


def python(code: str, **kwargs) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, **kwargs
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_allcores_loads_no_front_end() -> None:
    bare = set(python("import sys; print(*sys.modules)").split())
    loaded = set(python("import sys, allcores; print(*sys.modules)").split())
    assert not (loaded - bare) & HEAVY


def test_importing_allcores_takes_less_than_30_ms() -> None:
    def seconds(code: str) -> float:
        begin = time.perf_counter()
        python(code)
        return time.perf_counter() - begin

    bare, ours = [], []
    for _ in range(10):
        bare.append(seconds("pass"))
        ours.append(seconds("import allcores"))
    assert min(ours) - min(bare) < 0.030


def test_every_public_name_is_there() -> None:
    code = (
        "import allcores\n"
        "for name in allcores.__all__: getattr(allcores, name)\n"
        "assert set(allcores.__all__) <= set(dir(allcores))\n"
        "try: allcores.nothing\n"
        "except AttributeError as error: print(error)\n"
    )
    assert "'nothing'" in python(code)


# Building takes minutes.

USE = (
    "from array import array\n"
    "import allcores, os\n"
    "from allcores import kernels, queue, parallel\n"
    "assert os.path.isfile(os.path.join(allcores.get_include(), 'sched', 'ac_client.h'))\n"
    "q = queue.Queue(3); q.put(1); assert q.get() == 1\n"
    "assert kernels.sum(array('q', range(10))) == 45\n"
    "assert list(parallel.map(abs, [-1, -2])) == [1, 2]\n"
    "print('works')\n"
)


def copy_tree(target: Path) -> Path:
    """The tree without what a build leaves behind, and without git."""
    ignored = shutil.ignore_patterns(
        ".git", ".venv", ".cache", "build", "dist", "*.so", "*.egg-info", "__pycache__", ".*_cache"
    )
    shutil.copytree(ROOT, target, ignore=ignored)
    for generated in (target / "src" / "allcores" / "_native").glob("*.c"):
        generated.unlink()
    return target


def pip(*arguments: str, cwd: Path) -> None:
    # no isolation: the requirements of the build are those of the tests, and nothing is fetched
    command = [sys.executable, "-m", "pip", *arguments, "--no-deps", "--no-build-isolation", "-q"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=1000, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr


def works(path: Path, cwd: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", USE],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "works\n", done.stderr


@pytest.mark.heavy
def test_an_sdist_without_git_builds_a_wheel_that_works(tmp_path: Path) -> None:
    tree = copy_tree(tmp_path / "tree")
    code = "from setuptools.build_meta import build_sdist; print(build_sdist('../out'))"
    (tmp_path / "out").mkdir()
    name = python(code, cwd=tree).splitlines()[-1]
    with tarfile.open(tmp_path / "out" / name) as archive:
        files = {member.name.partition("/")[2] for member in archive.getmembers()}
        archive.extractall(tmp_path / "unpacked", filter="data")
    native = "src/allcores/_native/"
    for wanted in ("Makefile", "csrc/base/ac_base.h", native + "queues.pyx", "tests/conftest.py"):
        assert wanted in files
    assert not [file for file in files if file.startswith(native) and file.endswith(".c")]
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    pip("wheel", ".", "-w", str(tmp_path / "wheels"), cwd=unpacked)
    (wheel,) = (tmp_path / "wheels").glob("allcores-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert "allcores/py.typed" in names
    assert "allcores/_native/queues.pyi" in names
    for wanted in ("c_queues.pxd", "c_sched.pxd", "c_sync.pxd", "include/sched/ac_client.h"):
        assert f"allcores/{wanted}" in names
    assert sum(name.startswith("allcores/include/") for name in names) == len(
        list((ROOT / "csrc").rglob("*.h"))
    )
    assert not [n for n in names if n.endswith((".c", ".pyx")) or n.startswith("tests")]
    works(tmp_path / "site", tmp_path)
    builds_a_guest(tmp_path / "site", tmp_path / "guest")


def builds_a_guest(path: Path, folder: Path) -> None:
    """An extension module of somebody else compiles against what was installed, and runs."""
    folder.mkdir()
    script = ROOT / "tests" / "native" / "third_party" / "build_and_run.py"
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.endswith("works\n"), (done.stdout + done.stderr)[-4000:]


@pytest.mark.heavy
def test_an_editable_install_works(tmp_path: Path) -> None:
    tree = copy_tree(tmp_path / "tree")
    pip("install", "-e", ".", "--target", str(tmp_path / "site"), cwd=tree)
    # --target makes no .pth that is read: what it points to is what counts
    works(tree / "src", tmp_path)
