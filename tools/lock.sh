#!/bin/sh
# Write requirements.lock: every version pinned, every file's hash, no address of any package registry.
set -eu
python=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet uv
"$work/venv/bin/uv" pip compile pyproject.toml --quiet --all-extras --group dev --group bench --universal \
    --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
    --no-annotate -o requirements.lock
"$work/venv/bin/uv" pip compile tools/scanners.txt --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o tools/scanners.lock
