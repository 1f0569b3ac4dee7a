#!/usr/bin/env bash
# One fuzz target from its seeds on. In: the program, its seeds, how long
# (-runs=N is the same executions each time, -max_total_time=S is not). Out:
# what libFuzzer prints; a finding is kept in the test's outputs. Fails on a
# finding, and when the program did not get as far as its report.
#
# The seeds are listed, because the order of a folder differs, and operands of
# comparisons are not taken into inputs, because some are addresses.
set -euo pipefail

program=$1 seeds=$2 limit=$3
corpus=$TEST_TMPDIR/corpus
findings=${TEST_UNDECLARED_OUTPUTS_DIR:-$TEST_TMPDIR}
mkdir -p "$corpus"
python3 -m zipfile -e "$seeds" "$corpus"
printf '%s' "$(ls -d "$corpus"/* | paste -sd,)" >"$TEST_TMPDIR/list"

options=()
while read -r key _ value; do
  [ -z "${value:-}" ] || options+=("-$key=$value")
done <"$program.options"

log=$TEST_TMPDIR/log
status=0
"$program" "${options[@]}" "$limit" -seed=1 -use_cmp=0 -detect_leaks=0 \
  -print_final_stats=1 "-artifact_prefix=$findings/" \
  "-seed_inputs=@$TEST_TMPDIR/list" >"$log" 2>&1 || status=$?
grep -vE '^#[0-9]+[[:space:]]+(NEW|REDUCE|pulse|RELOAD)' "$log" | tail -n 60
[ "$status" = 0 ] || exit "$status"
grep -q '^REPORT' "$log"
if grep -q '^REPORT.* valid=0 ' "$log"; then
  echo "not one input was valid" >&2
  exit 1
fi
