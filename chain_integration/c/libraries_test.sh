#!/usr/bin/env bash
# The libraries as a host gets them: what they show, that they are found by
# pkg-config and CMake, that OpenSSL and another protobuf in the same process
# neither disturb them nor are disturbed, shared and static.
set -uo pipefail
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

c=chain_integration/c
prefix=$TEST_TMPDIR/prefix
$c/install "$prefix" $c || fail "install"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
library=$prefix/lib/libingot.so.1

# Only ingot_*, and of those all that the header declares.
shown=$(nm -D --defined-only "$library" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | sort)
declared=$(grep -oE '\bingot_[a-z0-9_]+\(' "$prefix/include/ingot.h" |
  tr -d '(' | sort -u)
diff <(echo "$declared") <(echo "$shown") || fail "symbols other than the header's"
nm -D --undefined-only "$library" | grep -E 'SHA256|OPENSSL|CRYPTO|protobuf' &&
  fail "takes a symbol from OpenSSL, BoringSSL or protobuf"
readelf -d "$library" | grep -q 'SONAME.*\[libingot.so.1\]' || fail "SONAME"
readelf -d "$library" | grep -E 'NEEDED.*(crypto|ssl|protobuf)' &&
  fail "needs OpenSSL, BoringSSL or protobuf"
readelf -lW "$library" | grep -E 'GNU_STACK.*RWE' && fail "executable stack"
global=$(nm -g --defined-only "$prefix/lib/libingot.a" 2>/dev/null |
  awk 'NF == 3 && $3 !~ /^ingot_/ {print $3}')
[ -z "$global" ] || fail "the archive shows $global"

build() { # NAME LINKER-ARGUMENT…
  local name=$1
  shift
  gcc -std=c11 -Wall -Wextra -Werror $(pkg-config --cflags ingot) \
    $c/samples/c/sample.c "$@" -pthread -o "$TEST_TMPDIR/$name" ||
    fail "building $name"
}
check() { # NAME
  LD_LIBRARY_PATH=$prefix/lib "$TEST_TMPDIR/$1" $c/sample.wasm \
    >"$TEST_TMPDIR/$1.out" || fail "$1 ended with $?"
  diff $c/samples/expected.txt "$TEST_TMPDIR/$1.out" || fail "$1's output"
}
build shared $(pkg-config --libs ingot)
check shared
build static "$prefix/lib/libingot.a" \
  $(pkg-config --libs --static ingot | sed 's/-lingot //')
check static
# OpenSSL first on the line, so that its names come first.
build static_openssl -Wl,--no-as-needed -l:libcrypto.so.3 -lprotobuf \
  "$prefix/lib/libingot.a" $(pkg-config --libs --static ingot | sed 's/-lingot //')
check static_openssl

cmake -S $c/samples/c -B "$TEST_TMPDIR/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
  >"$TEST_TMPDIR/cmake.log" 2>&1 &&
  cmake --build "$TEST_TMPDIR/cmake" >>"$TEST_TMPDIR/cmake.log" 2>&1 ||
  { cat "$TEST_TMPDIR/cmake.log"; fail "CMake"; }
cp "$TEST_TMPDIR/cmake/sample" "$TEST_TMPDIR/by_cmake" && check by_cmake

# In a process that has OpenSSL 3 and protobuf, loaded before and after.
$c/beside "$library" $c/sample.wasm || fail "beside OpenSSL and protobuf: $?"

[ "$failures" = 0 ]
