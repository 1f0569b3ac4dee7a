#!/usr/bin/env bash
# Runs the examples of README.md, of the samples and of embedding.md with the
# program and the libraries of this build.
set -euo pipefail
root=$PWD
# What Bazel lays out are links to files; Go wants folders of real ones.
repository=$TEST_TMPDIR/repository
rm -rf "$repository"
mkdir "$repository"
cp -rL chain_integration "$repository/chain_integration"
export GOCACHE=${INGOT_GO_CACHE:-$TEST_TMPDIR/go-cache} GOPATH=$TEST_TMPDIR/go
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOPROXY=off GO111MODULE=on
export PATH=$PATH:$(dirname "${INGOT_GO:-/}"):$(dirname "${INGOT_RUSTC:-/}")
for document in README.md chain_integration/c/samples/README.md \
  docs/embedding.md; do
  python3 docs/run_examples.py --folder "$TEST_TMPDIR/newcomer" \
    --path "bazel-bin/cli/ingot=$root/cli/ingot" \
    --env "INGOT=$repository" \
    --env "INGOT_BUILT=$root/chain_integration/c" "$document"
done
