#!/usr/bin/env bash
# The samples in Python, Rust and Go print what the C sample prints; every answer
# of a callback, for every import, under 50 gas limits, is the same on both
# engines from C, Rust and Go; and Go's runtime gets on with Ingot's signals.
# INGOT_GO and INGOT_RUSTC are set by third_party/fetch. An argument is the
# number of calls of the last part (default 4,000).
set -uo pipefail
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

c=$PWD/chain_integration/c
out=$TEST_TMPDIR
$c/install "$out/prefix" "$c" || fail "install"
export PKG_CONFIG_PATH=$out/prefix/lib/pkgconfig
export LD_LIBRARY_PATH=$out/prefix/lib
sample() { # NAME COMMAND…
  local name=$1
  shift
  "$@" "$c/sample.wasm" >"$out/$name.out" || fail "$name's sample: $?"
  diff "$c/samples/expected.txt" "$out/$name.out" || fail "$name's output"
}
matrix() { # NAME COMMAND…
  local name=$1
  shift
  "$@" "$c/matrix.wasm" >"$out/$name.out" || fail "$name's matrix: $?"
  tail -n 5 "$out/$name.out"
  grep -q '^2100 cases.* 0 differences$' "$out/$name.out" ||
    fail "$name's matrix"
}

gcc -O1 -std=c11 -Wall -Wextra -Werror $(pkg-config --cflags ingot) \
  "$c/matrix/matrix.c" $(pkg-config --libs ingot) -o "$out/c_matrix" ||
  fail "building matrix.c"
matrix c "$out/c_matrix"

sample python python3 "$c/samples/python/sample.py"

if [ -x "${INGOT_RUSTC:-}" ]; then
  for source in samples/rust/sample matrix/matrix; do
    "$INGOT_RUSTC" --edition 2021 -O "$c/$source.rs" -L "$out/prefix/lib" \
      -l ingot -o "$out/rust_$(basename $source)" || fail "building $source.rs"
  done
  sample rust "$out/rust_sample"
  matrix rust "$out/rust_matrix"
else
  fail "no Rust compiler: run third_party/fetch"
fi

if [ -x "${INGOT_GO:-}" ]; then
  # Go compiles its own library once for each cache; outside of the test's
  # folder it outlives the test.
  export GOCACHE=${INGOT_GO_CACHE:-$out/go-cache} GOPATH=$out/go GO111MODULE=on
  export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOPROXY=off
  cp -rL "$c/samples/go" "$out/go-samples"
  cd "$out/go-samples" || exit 1
  for program in sample matrix stress; do
    "$INGOT_GO" build -o "$out/go_$program" "./$program" ||
      fail "building $program in Go"
  done
  sample go "$out/go_sample"
  matrix go "$out/go_matrix"
  "$out/go_stress" "$c/sample.wasm" "${1:-4000}" || fail "Go's runtime: $?"
else
  fail "no Go: run third_party/fetch"
fi

[ "$failures" = 0 ]
