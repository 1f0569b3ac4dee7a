#ifndef FUZZ_FAULTS_KNOWN_MODULES_H_
#define FUZZ_FAULTS_KNOWN_MODULES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ingot/v1/types.pb.h"
#include "sandbox/compile_job.h"
#include "sandbox/verdict.h"

// Modules and their right verdicts. In: a number. Out: a module that no other
// number gives, compiled here, one at a time, in a sandbox without service,
// worker or store. Holds: nothing under test has a part in the right answer but
// compiler.wasm and the executor.

namespace ingot::faults {

inline constexpr uint64_t kNoGasLimit = uint64_t{1} << 62;

struct KnownModule {
  std::vector<uint8_t> bytes;
  sandbox::Verdict verdict;  // accepted, under no limit

  // How an answer under `limit` differs from the right one; empty: it does not.
  std::string Wrong(const v1::Verdict& answer, uint64_t limit) const;
};

class KnownModules {
 public:
  KnownModules();
  KnownModule Make(uint64_t number) const;

 private:
  std::shared_ptr<const sandbox::SandboxedCompiler> compiler_;
};

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_KNOWN_MODULES_H_
