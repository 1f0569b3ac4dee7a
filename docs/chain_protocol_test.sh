#!/usr/bin/env bash
# docs/chain-protocol.md has a row for each FaultReason and no other. In: the
# page, the API's files. Out: the names that one of them lacks; code 1 then.
set -euo pipefail
page=$1
shift
wanted=$(grep -ohE '^ *FAULT_REASON_[A-Z_]+ = [0-9]+;' "$@" |
  grep -oE 'FAULT_REASON_[A-Z_]+' | grep -v '_UNSPECIFIED$' | sort)
rows=$(grep -oE '^\| `FAULT_REASON_[A-Z_]+`' "$page" |
  grep -oE 'FAULT_REASON_[A-Z_]+' | sort)
[ -n "$wanted" ] || { echo "no faults found"; exit 1; }
diff <(echo "$wanted") <(echo "$rows") && echo "$(wc -l <<<"$rows") rows"
