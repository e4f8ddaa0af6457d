#!/usr/bin/env bash
# What `make check` runs. Every step runs, even after one failed, so that one run shows everything. Arguments: the typed packages.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
failed=()

step() {
  local name=$1; shift
  printf '== %s\n' "$name"
  "$@" || failed+=("$name")
}

schemas() {
  local status=0
  if [[ -f docker-compose.yml ]]; then
    .venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml || status=1
  fi
  # routing_rules/schema/NAME.schema.json (or NAME.json) describes every shipped NAME.yaml.
  local schema name file
  for schema in routing_rules/schema/*.json; do
    [[ -e $schema ]] || continue
    name=$(basename "$schema" .json); name=${name%.schema}
    while read -r file; do
      .venv/bin/check-jsonschema --schemafile "$schema" "$file" || status=1
    done < <(git ls-files "*/$name.yaml" "$name.yaml" 2>/dev/null | grep -v '^tests/' || true)
  done
  return $status
}

step "ruff format" .venv/bin/ruff format --check .
step "ruff check" .venv/bin/ruff check .
step "mypy --strict" .venv/bin/mypy --strict "$@"
step "architecture and house style" .venv/bin/python -m pytest -q -p no:cacheprovider tests/test_architecture.py tests/test_house_style.py
step "schemas" schemas

if [[ ${#failed[@]} -gt 0 ]]; then
  printf 'check: failed: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2
  exit 1
fi
echo "check: all good"
