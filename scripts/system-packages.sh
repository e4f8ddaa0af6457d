#!/usr/bin/env bash
# Debian packages whose programs the tests start by themselves: "command package", one a line.
# Installed only where missing and only as root; otherwise the exact line is printed. No service is started or relied on.
set -euo pipefail

NEEDED="
redis-server redis-server
promtool prometheus
"

missing=()
while read -r program package; do
  [[ -z $program ]] && continue
  PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$program" >/dev/null || missing+=("$package")
done <<<"$NEEDED"
[[ ${#missing[@]} -eq 0 ]] && exit 0

line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if [[ ${LLMGW_SYSTEM_PACKAGES:-} == skip ]]; then
  echo "test: going on without ${missing[*]}; tests that need them are skipped" >&2
  exit 0
fi
if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
  printf 'test: missing %s. As root, run:\n\n  %s\n\nor leave out the tests that need them: LLMGW_SYSTEM_PACKAGES=skip make test\n' "${missing[*]}" "$line" >&2
  exit 2
fi

echo "test: installing ${missing[*]}" >&2
# Debian starts a service right after installing it, unless this file says no (invoke-rc.d, status 101: forbidden).
deny=/usr/sbin/policy-rc.d
if [[ ! -e $deny ]]; then
  printf '#!/bin/sh\nexit 101\n' >"$deny"
  chmod 755 "$deny"
  trap 'rm -f "$deny"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
  tail -20 "$log" >&2
  printf 'test: could not install them. Run: %s\n' "$line" >&2
  exit 2
fi
rm -f "$log"
