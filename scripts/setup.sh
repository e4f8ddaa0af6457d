#!/usr/bin/env bash
# Makes .venv from requirements-dev.lock and puts `llmgw` in it. Nothing is written outside the checkout.
# A stamp holds the digest of everything the result depends on, so a second run costs milliseconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

STAMP=.venv/.llmgw-setup
say() { printf 'setup: %s\n' "$*" >&2; }
stop() { say "$@"; exit 2; }

# The checkout's path is part of the digest: a virtual environment that was moved has wrong paths in its scripts.
wanted_stamp() { { cat requirements-dev.lock pyproject.toml scripts/setup.sh; pwd; } | sha256sum | cut -d' ' -f1; }

if [[ -x .venv/bin/llmgw && -f $STAMP && "$(<"$STAMP")" == "$(wanted_stamp)" ]] && .venv/bin/python -c '' 2>/dev/null; then
  exit 0
fi

# Two `make` runs at once must not install into the same folder.
exec 9<pyproject.toml
if command -v flock >/dev/null; then flock 9; fi

# A pyenv shim may exist and still refuse to run, so each candidate is asked for its version.
suits() { "$1" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

candidates() {
  [[ -n ${PYTHON:-} ]] && echo "$PYTHON"
  local minor root
  for minor in 13 12; do
    echo "python3.$minor"
    for root in "${PYENV_ROOT:-}" "${HOME:-}/.pyenv" /opt/pyenv; do
      [[ $root == /* && -d $root/versions ]] || continue
      find "$root/versions" -mindepth 1 -maxdepth 1 -name "3.$minor*" | sort -rV | sed 's|$|/bin/python3|'
    done
    find "${HOME:-/nonexistent}/.local/share/uv/python" -mindepth 1 -maxdepth 1 -name "cpython-3.$minor*" 2>/dev/null |
      sort -rV | sed 's|$|/bin/python3|'
    echo "/usr/local/bin/python3.$minor"
    echo "/usr/bin/python3.$minor"
  done
  echo python3
}

find_python() {
  local candidate path
  while read -r candidate; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    if suits "$path"; then
      if "$path" -c 'import venv, ensurepip, sqlite3, ssl' >/dev/null 2>&1; then echo "$path"; return 0; fi
      say "$path is the right version but lacks venv, ensurepip, sqlite3 or ssl (Debian: apt-get install python3-venv)"
    fi
  done < <(candidates)
  return 1
}

python=$(find_python) || stop "Python 3.13 or 3.12 is needed and was not found on PATH nor under pyenv ($(python3 --version 2>&1 || echo 'no python3') is what python3 says).
  Get it with one of:
    pyenv install 3.13            (https://github.com/pyenv/pyenv)
    apt-get install python3.13-venv   (Debian 13; Debian 12 has only 3.11)
    uv python install 3.13
  or name one: make setup PYTHON=/path/to/python3.13"

# An environment that is whole, of the right version and at its own path is brought up to date in place.
if ! suits .venv/bin/python || [[ ! -f .venv/.llmgw-home || "$(<.venv/.llmgw-home)" != "$(pwd)" ]]; then
  say "making .venv with $("$python" --version) ($python)"
  "$python" -m venv --clear .venv
  pwd >.venv/.llmgw-home
fi
rm -f "$STAMP"

pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input -qq)
say "installing the locked dependencies (hashes checked); the first time this takes a minute or two"
"${pip[@]}" install --no-deps --require-hashes -r requirements-dev.lock ||
  stop "pip could not install requirements-dev.lock (see above). A package index must be reachable once; a mirror is set with PIP_INDEX_URL."
"${pip[@]}" install --no-deps --no-build-isolation --editable . || stop "pip could not install this checkout (see above)"

wanted_stamp >"$STAMP"
say "done: .venv/bin/llmgw"
