#!/usr/bin/env bash
# Resolves pyproject.toml into the lock files, for every platform and both Python versions, with hashes.
# uv is needed here only: installing uses plain pip. `[tool.uv] override-dependencies` is why pip cannot resolve it itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
uv=$(command -v uv) || { echo "lock: uv is needed: pip install uv" >&2; exit 2; }
compile() { "$uv" pip compile -q "$@" --python-version 3.12 --universal --generate-hashes --no-header --no-annotate; }
compile pyproject.toml "$@" -o requirements.lock
compile pyproject.toml "$@" --group dev -o requirements-dev.lock
# What builds the wheel in the container image: the same versions as in the development lock.
compile - -c requirements-dev.lock -o requirements-build.lock <<<"hatchling"
