#!/bin/sh
# Install the programs that examine the project (TLS, known weaknesses of what it depends on) beside its environment.
set -eu
python=$1
venv=$2
lock=$(dirname "$0")/scanners.lock
stamp=$venv/.installed
if [ -e "$stamp" ] && cmp -s "$lock" "$stamp"; then
    exit 0
fi
if "$python" -m venv "$venv" && "$venv/bin/pip" install --quiet --require-hashes -r "$lock"; then
    cp "$lock" "$stamp"
    exit 0
fi
echo "The programs of tools/scanners.txt could not be installed; see above. What needs them is skipped." >&2
[ "${CI:-}" = "true" ] && exit 1
exit 0
