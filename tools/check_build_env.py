"""Says in a line or two what this machine lacks to build allcores, and which package brings it.

Run by the interpreter to be used: PYTHON tools/check_build_env.py. Exit code 1 if anything is
lacking. Standard library only, and the syntax of Python 3.6, so that an old interpreter
reaches the message that it is too old.
"""

import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile

OLDEST = (3, 11)

# The core is C11 with atomics and threads; an extension also needs the interpreter's headers.
C11_PROGRAM = """
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
int main(void) { atomic_int n = 0; return printf("%d", atomic_load(&n)) < 0; }
"""


def short_version():
    return "{}.{}".format(*sys.version_info[:2])


def is_system_default():
    """Is this the distribution's own python3, whose packages carry no version in their names?"""
    return os.path.realpath(sys.executable) == os.path.realpath("/usr/bin/python3")


def package(debian, fedora, macos):
    return f"Debian, Ubuntu: apt install {debian}; Fedora: dnf install {fedora}; macOS: {macos}"


def python_package(part, fedora_part):
    name = "python3" if is_system_default() else "python" + short_version()
    fedora = name + fedora_part
    return package(name + part, fedora, "brew install python@" + short_version())


def compiler_package():
    return package("build-essential", "gcc make", "xcode-select --install")


def check_version():
    if sys.version_info[:2] < OLDEST:
        yield (
            f"allcores needs Python {OLDEST[0]}.{OLDEST[1]} or newer, "
            f"and {sys.executable} is {platform.python_version()}",
            "name a newer one: make PYTHON=python3.12 (Debian, Ubuntu: apt install python3 "
            "python3-venv python3-dev; Fedora: dnf install python3 python3-devel; "
            "macOS: brew install python)",
        )


def check_venv():
    if sys.prefix != sys.base_prefix:
        return  # an environment already
    # Debian splits ensurepip off, and python -m venv fails without it.
    lacking = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if lacking:
        yield (
            "{} lacks the module {}".format(sys.executable, " and ".join(lacking)),
            python_package("-venv", "-libs"),
        )


def check_headers():
    header = os.path.join(sysconfig.get_path("include"), "Python.h")
    if not os.path.exists(header):
        yield (
            f"{sys.executable} lacks its C headers ({header} does not exist)",
            python_package("-dev", "-devel"),
        )


def check_compiler():
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    if shutil.which(command[0]) is None:
        yield (
            f"no C compiler: '{command[0]}' is not on PATH (the variable CC names another)",
            compiler_package(),
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "probe.c")
        with open(source, "w") as file:
            file.write(C11_PROGRAM)
        compiled = subprocess.run(
            [*command, "-std=c11", "-pthread", source, "-o", os.path.join(folder, "probe")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    if compiled.returncode != 0:
        said = compiled.stdout.decode(errors="replace").strip().splitlines()
        errors = [line for line in said if "error" in line] or said or ["it said nothing"]
        yield (
            "the C compiler '{}' cannot build a C11 program: {}".format(
                " ".join(command), errors[0].replace(folder + os.sep, "")
            ),
            compiler_package(),
        )


def main():
    problems = list(check_version())
    if not problems:  # too old an interpreter is reason enough
        for check in (check_venv, check_headers, check_compiler):
            problems.extend(check())
    for what, remedy in problems:
        print(f"error: {what}\n       {remedy}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
