#!/bin/sh
# Builds the extensions and installs the package, editable, into VENV:
#   tools/install_editable.sh VENV
#
# pip compiles an editable package in a temporary folder, all of it, every time. Telling the
# build where its folder is makes it incremental: only what changed is compiled.
set -eu

venv=$1
python=$venv/bin/python

# Two builds in one tree (one for each of two interpreters, say) would write the same generated C.
mkdir -p build
if command -v flock >/dev/null && [ -z "${ALLCORES_BUILD_LOCKED:-}" ]; then
    export ALLCORES_BUILD_LOCKED=1
    exec flock build/.lock sh "$0" "$@"
fi
unset ALLCORES_BUILD_LOCKED

$python tools/check_build_env.py
$python tools/requirements.py build >"$venv/.requirements-new"
if ! cmp -s "$venv/.requirements-new" "$venv/.requirements-build"; then
    echo "installing the build requirements"
    $python -m pip install -q -r "$venv/.requirements-new"
    mv "$venv/.requirements-new" "$venv/.requirements-build"
fi

$python - >"$venv/.build.cfg" <<'END'
import sys, sysconfig

# One folder for each binary interface, and not the build/lib.* that wheels are packed from:
# the module of a source that is gone would go into them.
abi = sysconfig.get_platform() + "-" + sys.implementation.cache_tag
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    abi += "t"
print("[build_ext]")
print(f"build_lib = build/editable.{abi}/lib")
print(f"build_temp = build/editable.{abi}/temp")
END
echo "building allcores in $venv"
DIST_EXTRA_CONFIG=$PWD/$venv/.build.cfg
case $venv in /*) DIST_EXTRA_CONFIG=$venv/.build.cfg ;; esac
export DIST_EXTRA_CONFIG
$python -m pip install -q --no-build-isolation --no-deps -e .
