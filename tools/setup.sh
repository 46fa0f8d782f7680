#!/bin/sh
# Puts everything the project needs into .venv, from the package registry alone, as uv.lock pins it.
# Does nothing when that has been done already for this lock file. Needs Python 3.11 or newer; takes
# the compiler-free build of hnswlib by itself where g++ or Python.h is missing.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "setup: $*" >&2; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13)))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    say "no Python 3.11 to 3.13 found; install one (for example: apt-get install python3 python3-venv) or set PYTHON=/path/to/python3"
    return 1
}

python=$(find_python)
stamp=.venv/.ready-$(cat uv.lock pyproject.toml | cksum | tr ' ' '-')
[ -f "$stamp" ] && exit 0

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    uv=build/uv/bin/uv
    if [ ! -x "$uv" ]; then
        say "fetching the installer (uv)"
        mkdir -p build
        "$python" -m venv build/uv || {
            say "this Python cannot make virtual environments; install its venv module (Debian: apt-get install python3-venv)"
            exit 1
        }
        build/uv/bin/python -m pip install --quiet uv
    fi
fi

can_compile() {
    command -v "${CXX:-g++}" >/dev/null 2>&1 &&
        "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))'
}

# UV_PYTHON_DOWNLOADS=never: only the package registry is needed, never an interpreter from elsewhere.
export UV_PYTHON_DOWNLOADS=never
say "installing the locked dependencies into .venv"
rm -f .venv/.ready-*
if can_compile; then
    "$uv" sync --quiet --frozen --all-groups --python "$python"
else
    say "no C++ compiler with Python.h here: taking the prebuilt hnswlib (to build it yourself: apt-get install g++ python3-dev)"
    [ -x .venv/bin/python ] || "$uv" venv --quiet --python "$python" .venv
    mkdir -p build
    "$uv" export --quiet --frozen --all-groups --no-emit-project --no-emit-package hnswlib --no-hashes >build/requirements.txt
    "$uv" pip install --quiet --python .venv/bin/python -r build/requirements.txt chroma-hnswlib
    "$uv" pip install --quiet --python .venv/bin/python --no-deps -e .
fi
touch "$stamp"
