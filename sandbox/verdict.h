#ifndef SANDBOX_VERDICT_H_
#define SANDBOX_VERDICT_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/abi/traps.h"
#include "compiler/base/status.h"
#include "runtime/digest.h"

// What a compilation came to. In: nothing; this is the vocabulary between the
// sandbox and those who ask it to compile. Holds: everything in a Verdict but
// `defect` follows from module bytes, compiler.wasm, profile and gas limit
// alone, so every node computes the same; what does not follow from them (a
// dead process, no memory left on the host) is an absl::Status and never a
// Verdict.

namespace ingot::sandbox {

enum class VerdictKind : uint8_t {
  kAccepted,
  kRejected,     // `code` says why, `function` and `offset` where
  kOutOfGas,     // compile_gas is the limit
  kOutOfMemory,  // the compiler's linear memory, in pages of the profile
};

// The verdict's name in JSON: "accepted", "rejected", "out_of_gas" or
// "out_of_memory".
std::string_view VerdictName(VerdictKind kind);

// Where compiler.wasm trapped. For the alarm only: the verdict that consensus
// sees is the code compiler_defect.
struct Defect {
  TrapCode trap = TrapCode::kNone;
  uint32_t function = kNowhere;  // in compiler.wasm
  uint32_t offset = kNowhere;    // in compiler.wasm

  friend bool operator==(const Defect&, const Defect&) = default;
};

struct Verdict {
  VerdictKind kind = VerdictKind::kAccepted;
  Code code = Code::kOk;  // kOk for accepted and out_of_gas
  uint32_t function = kNowhere;
  uint32_t offset = kNowhere;
  uint64_t compile_gas = 0;
  Digest module_digest;
  Digest compiler_digest;
  Digest profile_digest;
  std::vector<uint8_t> artifact;  // kAccepted only
  Digest artifact_digest;         // kAccepted only: SHA-256 of `artifact`
  Defect defect;                  // code kCompilerDefect only

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

}  // namespace ingot::sandbox

#endif  // SANDBOX_VERDICT_H_
