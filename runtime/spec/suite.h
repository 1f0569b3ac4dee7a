#ifndef RUNTIME_SPEC_SUITE_H_
#define RUNTIME_SPEC_SUITE_H_

#include <string>

#include "runtime/spec/script.h"

// All scripts that apply, under one engine. In: the engine. Out: a row per
// script and totals on standard output; each assertion that fails, and each
// script that cannot be read, is a test failure. Holds: what is not run is
// counted with its reason.
//
//   core-2.0                    version 2.0 without vectors, under the features
//                               of version 2.0
//   tail-call, extended-const   the scripts of those proposals, under all
//                               features
//
// The core scripts are those of INGOT_CORPUS/spec, else of INGOT_SPEC, which
// third_party/fetch_spec fills; the proposals' are those of INGOT_SPEC. Without
// any script the test is skipped; without the proposals' a line says so.

namespace ingot::runtime::spec {

void RunSuite(const Engine& engine);

}  // namespace ingot::runtime::spec

#endif  // RUNTIME_SPEC_SUITE_H_
