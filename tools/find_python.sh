#!/bin/sh
# Prints the path of an interpreter:  tools/find_python.sh 3.12     or 3.13t, free-threaded
#
# Looks at pyenv's versions (the newest patch release), at PATH, and at what
# tools/build_freethreaded.sh built; takes the first that runs and is what its name says.
# Prints nothing if there is none. A pyenv shim is on PATH but does not run unless its version
# is selected, and there is python3.13 inside of pyenv's 3.13.0t: hence the question.
set -eu

want=$1

is_wanted() {
    [ -x "$1" ] && [ "$("$1" -c 'import sys, sysconfig
t = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
print("%d.%d%s" % (sys.version_info[0], sys.version_info[1], t))' 2>/dev/null)" = "$want" ]
}

candidates() {
    {
        [ -z "${PYENV_ROOT:-}" ] || echo "$PYENV_ROOT"
        pyenv root 2>/dev/null || :
        echo "${HOME:-/nonexistent}/.pyenv"
        # Without PYENV_ROOT, pyenv believes in HOME, wherever it lies itself.
        command -v pyenv | sed -n 's|/bin/pyenv$||p'
    } | awk '!seen[$0]++' | while read -r root; do
        printf '%s\n' "$root/versions/${want%t}."*"/bin/python$want" | sort -rV
    done
    printf '%s\n' "$PATH" | tr ':' '\n' | sed "s|\$|/python$want|"
    built=${ALLCORES_FT_PREFIX:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/allcores/python$want}
    [ ! -f "$built/.finished" ] || echo "$built/bin/python$want"
}

candidates | while read -r program; do
    if is_wanted "$program"; then
        echo "$program"
        break
    fi
done
