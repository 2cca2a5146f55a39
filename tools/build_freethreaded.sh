#!/bin/bash
# Builds a free-threaded CPython 3.13 from Debian's source package into a cache folder.
#
#   tools/build_freethreaded.sh        prints the interpreter's path, last line of stdout
#
# For machines that have no python3.13t of their own (CI, mostly). Does nothing but print the
# path when the cache is complete. Progress goes to stderr, the compiler's output to a log.
#
#   ALLCORES_FT_PREFIX   where to install, ${XDG_CACHE_HOME:-~/.cache}/allcores/python3.13t
#   ALLCORES_FT_JOBS     parallel compile jobs, the number of processors
#
# A build is complete when its folder holds .finished; that file appears by a rename, last.
# A folder holding .unfinished instead is ours and half done: it is removed and built again.
set -euo pipefail

package=python3.13  # Debian's name of the source package
suite=trixie        # the first suite that has it
binary=python3.13t
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# What the standard test suite and pip need of the interpreter: module, Debian package with its header.
wanted="ctypes:libffi-dev ssl:libssl-dev zlib:zlib1g-dev bz2:libbz2-dev lzma:liblzma-dev
        sqlite3:libsqlite3-dev"

say() { echo "build_freethreaded: $*" >&2; }
die() { say "$*"; exit 1; }

home=${HOME:-/nonexistent}
prefix=${ALLCORES_FT_PREFIX:-${XDG_CACHE_HOME:-$home/.cache}/allcores/$binary}
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
jobs=${ALLCORES_FT_JOBS:-$(nproc 2>/dev/null || echo 2)}
parent=$(dirname "$prefix")
work=$prefix.build  # one name, under the lock: what a killed run left is found and removed
log=$prefix.log

is_finished() { [ -f "$prefix/.finished" ] && [ -x "$prefix/bin/$binary" ]; }

# Runs a phase with its output in the log; shows the log's end if it fails.
phase() {
    local title=$1 start=$SECONDS
    shift
    say "$title"
    if ! "$@" >>"$log" 2>&1 </dev/null; then
        say "failed after $((SECONDS - start)) s: $title; the end of $log:"
        tail -n 40 "$log" >&2
        exit 1
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# A new machine may still be busy with its own updates: wait for the lock.
install_packages() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y "$@"
}

# Prints the URI of the Debian archive, as the machine's own apt sources name it: the entry
# that offers the packages of a release (not its security updates).
archive_uri() {
    local etc=/etc/apt file
    for file in "$etc"/sources.list "$etc"/sources.list.d/*.list "$etc"/sources.list.d/*.sources; do
        [ -r "$file" ] || continue
        case $file in
            # deb [options] URI suite components...
            *.list) sed -n 's/^[[:space:]]*deb\(-src\)\{0,1\}[[:space:]]\{1,\}\(\[[^]]*\]\)\{0,1\}//p' "$file" ;;
            # Paragraphs of "Field: values"; printed as lines of the older form.
            *.sources) awk '
                function flush(   i, j, n, m, u, s) {
                    n = split(uris, u); m = split(suites, s)
                    if (enabled != "no")
                        for (i = 1; i <= n; i++)
                            for (j = 1; j <= m; j++) print u[i], s[j], components
                    uris = suites = components = enabled = field = ""
                }
                /^#/ { next }
                /^[[:space:]]*$/ { flush(); next }
                /^[^[:space:]]/ { field = tolower($1); sub(/^[^:]*:/, "") }
                field == "uris:" { uris = uris " " $0 }
                field == "suites:" { suites = suites " " $0 }
                field == "components:" { components = components " " $0 }
                field == "enabled:" { enabled = tolower($1) }
                END { flush() }' "$file" ;;
        esac
    done | awk '
        { path = $1; sub(/\/+$/, "", path) }
        path !~ /\/debian$/ && path !~ /^mirror/ { next }
        $2 ~ /security/ { next }
        (" " $0 " ") ~ / main / { print $1; exit }'
}

install_build_dependencies() {
    local entry lacking=""
    for entry in gcc:gcc make:make xz:xz-utils; do
        command -v "${entry%%:*}" >/dev/null || lacking="$lacking ${entry#*:}"
    done
    for entry in libc:libc6-dev $wanted; do
        dpkg-query -W -f '${Status}' "${entry#*:}" 2>/dev/null | grep -q '^install ok installed$' ||
            lacking="$lacking ${entry#*:}"
    done
    [ -n "$lacking" ] || return 0
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
        die "these packages are lacking and only root can install them:$lacking"
    fi
    phase "updating the package lists" as_root apt-get update
    # shellcheck disable=SC2086  # a list of packages
    phase "installing$lacking" install_packages --no-install-recommends $lacking
}

# apt with a private list of sources, so that the machine's configuration stays as it is.
# Signatures are verified as always; only the sandbox user is given up, since it could not
# write below a home directory.
private_apt() {
    apt-get -q -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" \
        -o APT::Sandbox::User="$(id -un)" "$@"
}

# apt-get update reports a missing key as a warning and exits 0: make it an error.
private_update() { private_apt -o APT::Update::Error-Mode=any update; }

download() {
    local uri
    uri=$(archive_uri)
    [ -n "$uri" ] || die "no Debian archive among this machine's apt sources: cannot get $package"
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/download"
    echo "deb-src [signed-by=$keyring] $uri $suite main" >"$work/apt/sources.list"
    say "reading the list of sources of $suite"
    if ! private_update >>"$log" 2>&1 </dev/null; then
        # An older release learns the keys of its successors by an update of this package.
        phase "updating debian-archive-keyring" as_root apt-get update
        phase "installing debian-archive-keyring" install_packages debian-archive-keyring
        phase "reading the list of sources of $suite again" private_update
    fi
    cd "$work/download"
    phase "downloading the source of $package" private_apt source --download-only --tar-only "$package"
    cd "$work"
    mkdir source
    phase "unpacking" tar -xf "$(echo "$work"/download/*.orig.tar.*z)" -C source --strip-components=1
}

build() {
    cd "$work/source"
    # -g1: a crash shows its lines, at little cost. No PGO: nothing is measured against this one's speed.
    phase "configuring" ./configure --prefix="$prefix" --disable-gil --without-ensurepip \
        OPT="-DNDEBUG -g1 -fwrapv -O2 -Wall"
    phase "compiling with $jobs jobs (some minutes)" make -j"$jobs"
    phase "installing to $prefix" make install DESTDIR="$work/stage"
    touch "$work/stage/$prefix/.unfinished"
    mv "$work/stage/$prefix" "$prefix"
}

finish() {
    local entry modules=""
    for entry in $wanted; do modules="$modules${modules:+, }${entry%%:*}"; done
    # Only now: the scripts that pip writes hold the path of the interpreter that runs it.
    phase "adding pip" "$prefix/bin/$binary" -m ensurepip
    phase "checking" "$prefix/bin/$binary" -c "
import sys, $modules, test.support, _testcapi, _testinternalcapi
assert not sys._is_gil_enabled()
print(sys.version)"
    mv "$prefix/.unfinished" "$prefix/.finished"
}

if ! is_finished; then
    command -v flock >/dev/null || die "flock is missing (package util-linux)"
    command -v apt-get >/dev/null || die "no apt-get here: install a free-threaded Python as $binary yourself"
    mkdir -p "$parent"
    exec 9>"$prefix.lock"
    flock -n 9 || { say "waiting for another build"; flock 9; }
fi
if ! is_finished; then  # the other one may just have built it
    if [ -d "$prefix" ] && [ -n "$(ls -A "$prefix")" ] &&
        [ ! -f "$prefix/.unfinished" ] && [ ! -f "$prefix/.finished" ]; then
        die "$prefix exists and is not a build of this script: remove it or set ALLCORES_FT_PREFIX"
    fi
    rm -rf "$prefix" "$work"
    mkdir -p "$work"
    trap 'cd /; rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    : >"$log"
    install_build_dependencies
    download
    build
    finish
    say "built in $SECONDS s"
fi
echo "$prefix/bin/$binary"
