#!/bin/sh
# Creates a virtual environment for this tree:  tools/make_venv.sh PYTHON VENV
#
# The Makefile calls it when VENV/.stamp-venv is absent, or when VENV belongs to another tree
# or lost its interpreter. What a run of ours began is removed and made anew (VENV/.begun marks
# it, VENV/.tree names the tree whose sources it imports); an environment that
# somebody else made is used as it is, and never removed.
#
# With --same it only checks that VENV, if it exists, holds the interpreter PYTHON.
set -eu

only_check=no
if [ "$1" = --same ]; then
    only_check=yes
    shift
fi
python=$1
venv=$2

die() {
    echo "error: $*" >&2
    exit 1
}

# Prints the version, a t for free-threaded, and the program, symbolic links resolved.
describe() {
    "$1" -c 'import os, platform, sys, sysconfig
t = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
print(platform.python_version() + t, os.path.realpath(getattr(sys, "_base_executable", sys.executable)))'
}

# A name like python3.12 may be a pyenv shim that does not run, or not be on PATH.
if ! found=$(describe "$python" 2>/dev/null); then
    case $python in
        python3.[0-9]*) program=$(sh tools/find_python.sh "${python#python}") ;;
        *) program= ;;
    esac
    if [ -n "$program" ]; then
        python=$program
    elif command -v "$python" >/dev/null; then
        "$python" -c '' || :
        die "'$python' does not run (its own message is above): name another, make PYTHON=python3"
    else
        die "there is no '$python' on PATH: install Python 3.11 or newer
       Debian, Ubuntu: apt install python3 python3-venv python3-dev; Fedora: dnf install python3 python3-devel; macOS: brew install python"
    fi
    found=$(describe "$python")
fi

if [ -x "$venv/bin/python" ] && [ -f "$venv/.stamp-venv" ]; then
    holds=$(describe "$venv/bin/python" 2>/dev/null) || holds=
    if [ -n "$holds" ] && [ "$holds" != "$found" ]; then
        die "$venv holds Python $holds, and PYTHON=$python is $found
       give the other one its own place, make VENV=.cache/venv-${found%% *}, or remove $venv"
    fi
fi
[ $only_check = no ] || exit 0

if [ -d "$venv" ] && [ ! -f "$venv/.begun" ] && [ -n "$(ls -A "$venv")" ]; then
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
        die "$venv exists and is not a virtual environment with pip: remove it, or give another VENV="
    "$venv/bin/python" tools/check_build_env.py
    echo "using $venv with Python $(describe "$venv/bin/python")"
else
    "$python" tools/check_build_env.py
    echo "creating $venv with Python ${found%% *}"
    rm -rf "$venv"
    mkdir -p "$venv"
    : >"$venv/.begun"
    "$python" -m venv "$venv"
fi
pwd -P >"$venv/.tree"
: >"$venv/.stamp-venv"
