#!/usr/bin/env bash
# What systemd says of ingot.service: nothing to warn of, and an exposure of at
# most 3 of 10. Where systemd-analyze is not there, or has no offline analysis,
# the test says so.
set -euo pipefail
if ! command -v systemd-analyze >/dev/null; then
  echo "SKIPPED: there is no systemd-analyze"
  exit 0
fi
unit=$TEST_TMPDIR/ingot.service
# It asks for the program that the unit starts.
sed "s,/usr/bin/ingot,$PWD/cli/ingot,g" \
  chain_integration/service/ingot.service >"$unit"
output=$(systemd-analyze verify --man=no "$unit" 2>&1) || {
  echo "$output"
  exit 1
}
if [ -n "$output" ]; then
  echo "FAILED: $output"
  exit 1
fi
if ! systemd-analyze --help | grep -q -- --offline; then
  echo "SKIPPED: this systemd-analyze has no offline analysis"
  exit 0
fi
systemd-analyze security --no-pager --offline=true --threshold=30 "$unit" |
  tail -n 1
