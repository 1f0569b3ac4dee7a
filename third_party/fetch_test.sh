#!/usr/bin/env bash
# third_party/fetch on planted differences, in a folder of its own and without
# network: another version is named, a wrong archive is refused and removed,
# the right one is unpacked once.
set -uo pipefail

failures=0
expect() { # WHAT PATTERN TEXT
  if ! grep -q -- "$2" <<<"$3"; then
    echo "FAILED: $1: '$2' is not in: $3"
    failures=$((failures + 1))
  fi
}

tree=$TEST_TMPDIR/tree/third_party
export XDG_CACHE_HOME=$TEST_TMPDIR/cache
mkdir -p "$tree" "$XDG_CACHE_HOME/ingot" "$TEST_TMPDIR/asmjit-x/src/asmjit"
cp third_party/fetch third_party/fetch_crate "$tree"
echo "source" >"$TEST_TMPDIR/asmjit-x/src/asmjit/core.h"
boringssl=$TEST_TMPDIR/boringssl-x
mkdir -p "$boringssl/src/crypto/fipsmodule/"{sha,digest,service_indicator} \
  "$boringssl/src/include/openssl" \
  "$boringssl/linux-x86_64/crypto/fipsmodule"
touch "$boringssl/linux-x86_64/crypto/fipsmodule/sha256-x86_64.S" \
  "$boringssl/src/crypto/"{cpu_intel.c,internal.h,unused.c} \
  "$boringssl/src/crypto/fipsmodule/"{sha/sha256.c,digest/md32_common.h} \
  "$boringssl/src/crypto/fipsmodule/service_indicator/internal.h" \
  "$boringssl/src/include/openssl/sha.h"
tar -C "$TEST_TMPDIR" -cJf "$XDG_CACHE_HOME/ingot/boringssl.orig.tar.xz" \
  boringssl-x
archive=$XDG_CACHE_HOME/ingot/asmjit.orig.tar.xz
tar -C "$TEST_TMPDIR" -cJf "$archive" asmjit-x
sum=$(sha256sum "$archive" | cut -d ' ' -f 1)

mkdir -p "$TEST_TMPDIR/blst-1.0/blst/src"
crate=$XDG_CACHE_HOME/ingot/blst-1.0.crate
tar -C "$TEST_TMPDIR" -czf "$crate" blst-1.0
sha256sum "$crate" | sed "s,$XDG_CACHE_HOME/ingot/,," >"$tree/crates.sha256"

printf '# planted\nbinutils 0.0\n!xz-utils 0.1\npython3 >=3.0\n' \
  >"$tree/versions.txt"
echo "$sum  asmjit.orig.tar.xz" >"$tree/asmjit.sha256"
(cd "$XDG_CACHE_HOME/ingot" && sha256sum boringssl.orig.tar.xz) \
  >"$tree/boringssl.sha256"
output=$("$tree/fetch" 2>&1)
expect "a good archive" "asmjit's source is in place" "$output"
expect "a difference" "binutils is .*; this tree was tested with 0.0" "$output"
expect "a difference in bytes" "compiler.wasm's digest may differ" "$output"
expect "unpacked" "source" "$(cat "$tree/.cache/asmjit/src/asmjit/core.h")"
[ -d "$tree/.cache/crates/blst/blst/src" ] || expect "a crate" "unpacked" "no"
expect "only parts" '^sha256.c$' "$(cd "$tree/.cache/boringssl" &&
  find . -name 'sha256.c' -printf '%f\n' -o -name unused.c -printf '%f\n')"
expect "flags" "action_env=INGOT_PACKAGES=" "$(cat "$tree/.cache/bazelrc")"

output=$("$tree/fetch" 2>&1)
expect "nothing to do" '^$' "$output"

echo "python3 >=99" >"$tree/versions.txt"
output=$("$tree/fetch" 2>&1) && expect "exit code" "non-zero" "zero"
expect "too old" "python3 is .*; at least 99 is needed" "$output"

echo "python3 >=3.0" >"$tree/versions.txt"
echo "tampered" >>"$archive"
rm -rf "$tree/.cache/asmjit"
output=$("$tree/fetch" 2>&1) && expect "exit code" "non-zero" "zero"
expect "a tampered archive" "does not have the SHA-256" "$output"
[ -e "$archive" ] && expect "the tampered archive" "removed" "kept"
[ -e "$tree/.cache/asmjit" ] && expect "nothing of it" "unpacked" "is"

output=$("$tree/fetch_crate" nothing 2>&1) && expect "exit code" "non-zero" "zero"
expect "an unknown crate" "names no crate nothing" "$output"

[ "$failures" = 0 ]
