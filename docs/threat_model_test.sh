#!/usr/bin/env bash
# The line counts of docs/threat-model.md, within a sixth. In: the page, and the
# tree that WORKSPACE lies in. Out: a line for each row that is off; code 1 if
# there is one, or if there are too few rows to believe it.
set -euo pipefail
page=$1
root=$(dirname "$(readlink -f "$2")")

# Sources without tests of the folders themselves, not of those below them.
count() {
  local folder total=0 lines
  for folder in $1; do
    lines=$(find "$root/$folder" -maxdepth 1 -type f \
      \( -name '*.cc' -o -name '*.h' -o -name '*.S' -o -name '*.def' \) \
      ! -name '*test*' -exec cat {} + | wc -l)
    [ "$lines" -gt 0 ] || echo "no such code: $folder" >&2
    total=$((total + lines))
  done
  echo "$total"
}

rows=0
bad=0
while IFS='|' read -r _ _ folders claimed _; do
  folders=$(tr -d '\140,' <<<"$folders")
  claimed=$(tr -d ' ,' <<<"$claimed")
  [[ $claimed =~ ^[0-9]+$ ]] || continue
  rows=$((rows + 1))
  found=$(count "$folders")
  if [ $((found * 6)) -lt $((claimed * 5)) ] ||
    [ $((found * 5)) -gt $((claimed * 6)) ]; then
    echo "$folders: the page says $claimed lines, there are $found"
    bad=1
  fi
done <"$page"
[ "$rows" -ge 6 ] || { echo "only $rows rows found"; exit 1; }
exit "$bad"
