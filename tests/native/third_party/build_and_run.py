"""Compile guest.pyx in a directory against the allcores that PYTHONPATH leads to, and use it.

    python build_and_run.py DIRECTORY
"""

import os
import subprocess
import sys
from pathlib import Path

SETUP = """
from Cython.Build import cythonize
from setuptools import Extension, setup
import allcores
setup(name="guest", ext_modules=cythonize(
    [Extension("guest", ["guest.pyx"], include_dirs=[allcores.get_include()])]))
"""

USE = """
import sys, threading
from array import array
import guest
from allcores import parallel
from allcores._native import runtime

values = array("d", range(1000))
assert guest.squares(values, 3) == 0 and values == array("d", [i * i for i in range(1000)])
assert runtime.pool_workers() == 2  # of the process's one pool, which this one shares
assert guest.squares(array("d", [3.0])) == 0
assert guest.failure() == 7
assert guest.fib(20) == 6765

values = array("d", range(1000))
parallel.for_range(guest.__pyx_capi__["twice"], 1000, values, threads=3)
assert values == array("d", [2 * i for i in range(1000)])
try: parallel.for_range(guest, 3)
except TypeError as error: assert "__pyx_capi__" in str(error), error

guest.pipeline_start()
got = []
consumer = threading.Thread(target=lambda: got.append(guest.consume())); consumer.start()
producer = threading.Thread(target=guest.produce, args=(20000,)); producer.start()
assert guest.wait_for_end()
consumer.join(60); producer.join(60)
assert got == [(sum(range(20000)), sum(range(20000)) * 0.5)], got
assert guest.pointer_queue() == 6
print("gil", getattr(sys, "_is_gil_enabled", lambda: True)())
print("works")
"""


def main(folder: Path) -> None:
    guest = Path(__file__).with_name("guest.pyx")
    (folder / "guest.pyx").write_text(guest.read_text())
    (folder / "setup.py").write_text(SETUP)
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{os.environ['PYTHONPATH']}"}
    for command in (["setup.py", "-q", "build_ext", "--inplace"], ["-c", USE]):
        done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, timeout=250)
        if done.returncode != 0:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
