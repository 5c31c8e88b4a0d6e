#!/bin/sh
# Make a virtual environment, also where Debian ships Python without the `venv` module's pip.
set -eu
python=$1
venv=$2
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "odopass needs Python 3.11 or newer; $python is $("$python" --version). Give another: make PYTHON=python3.12 …" >&2
    exit 1
}
[ -x "$venv/bin/pip" ] && exit 0
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq python3-venv
    else
        echo "Python's venv module is missing. Install it (Debian, Ubuntu: sudo apt-get install python3-venv) and try again." >&2
        exit 1
    fi
fi
"$python" -m venv "$venv"
