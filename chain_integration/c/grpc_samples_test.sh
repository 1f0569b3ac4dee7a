#!/usr/bin/env bash
# The gRPC samples in Python and Go, built and run as their READMEs say, in an
# empty folder and against this build's `ingot serve`. INGOT_GO, INGOT_GO_CACHE
# and INGOT_GO_MODULES are set by third_party/fetch; without the modules, which
# third_party/fetch_go_modules downloads, the sample in Go is left out.
set -euo pipefail
root=$PWD
# What Bazel lays out are links to files; Go wants folders of real ones.
repository=$TEST_TMPDIR/repository
rm -rf "$repository"
mkdir "$repository"
cp -rL chain_integration proto "$repository"
run() {
  python3 docs/run_examples.py --folder "$TEST_TMPDIR/newcomer" \
    --path "bazel-bin/cli/ingot=$root/cli/ingot" \
    --env "INGOT=$repository" "chain_integration/c/samples/$1/README.md"
}

run grpc_python
if [ ! -d "${INGOT_GO_MODULES:-}" ]; then
  echo "SKIPPED: the sample in Go: run third_party/fetch_go_modules"
  exit 0
fi
PATH=$PATH:$(dirname "${INGOT_GO:-/}")
export PATH GOMODCACHE=$INGOT_GO_MODULES GOPATH=$TEST_TMPDIR/go
export GOCACHE=${INGOT_GO_CACHE:-$TEST_TMPDIR/go-cache}
export GOFLAGS=-mod=readonly GOTOOLCHAIN=local GOPROXY=off GO111MODULE=on
run grpc_go
