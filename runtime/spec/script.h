#ifndef RUNTIME_SPEC_SCRIPT_H_
#define RUNTIME_SPEC_SCRIPT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "runtime/program.h"
#include "runtime/store.h"

// Runs a script of the specification's test suite against an engine.

namespace ingot::runtime::spec {

// How an engine gets from module bytes to something that runs.
struct Engine {
  std::string name;
  // Null with *rejection when the module is refused; a status is a fault.
  std::function<absl::StatusOr<std::shared_ptr<const Program>>(
      std::vector<uint8_t> bytes, const Profile& profile, Status* rejection)>
      load;
  std::function<std::unique_ptr<Store>()> new_store;
};

Engine InterpreterEngine();

struct ScriptResult {
  uint32_t passed = 0;
  // "line N: what was wanted and what came".
  std::vector<std::string> failures;
  // Modules refused as they should be, but as invalid where the suite says
  // malformed or the other way round: a single pass meets errors in the order
  // of the bytes. Described like failures, counted as passed.
  std::vector<std::string> other_reasons;
  // Commands that do not apply, counted by reason.
  absl::btree_map<std::string, uint32_t> skipped;
};

// `json` was written by ConvertScript. A status: the files cannot be read.
absl::StatusOr<ScriptResult> RunScript(const Engine& engine,
                                       const std::string& json,
                                       wasm::Features features);

}  // namespace ingot::runtime::spec

#endif  // RUNTIME_SPEC_SCRIPT_H_
