#ifndef RUNTIME_VERIFIER_VERIFIER_H_
#define RUNTIME_VERIFIER_VERIFIER_H_

#include <cstdint>
#include <span>

#include "compiler/abi/artifact.h"
#include "compiler/abi/profile.h"
#include "compiler/base/arena.h"
#include "compiler/base/status.h"
#include "compiler/wasm/module.h"
#include "metering/gas_schedule.h"

// The load-time verifier. In: the parts of an artifact that a reader has found
// well-formed, and its decoded module. Out: nothing, or a refusal with a rule,
// a function and a place. What an absent refusal means: README.md.
//
// It takes no memory but, for VerifyMetering, from the arena that it is given,
// in proportion to the largest body; it does not recurse; its time is linear
// in the artifact but for binary searches in the tables of one function.

namespace ingot::verifier {

inline constexpr uint32_t kVersion = 1;

enum class Reason : uint8_t {
  kNone = 0,
#define INGOT_REFUSAL(name, rule, text) name,
#include "runtime/verifier/refusals.def"
#undef INGOT_REFUSAL
};

struct Refusal {
  Reason reason = Reason::kNone;
  uint32_t function = kNowhere;     // in the module's function space
  uint32_t code_offset = kNowhere;  // in .text

  bool ok() const { return reason == Reason::kNone; }
};

// The rule's number, 1 to 8, and a sentence.
uint32_t RuleOf(Reason reason);
const char* TextOf(Reason reason);
const char* NameOf(Reason reason);

// What holds of it by runtime/artifact/artifact_reader.h: tables ordered and
// inside of the code, frames multiples of 16 and at most 2^30.
struct CodeParts {
  std::span<const uint8_t> code;  // .text without its last padding
  uint32_t text_bytes = 0;        // with it: .rodata begins there
  Isa isa = Isa::kX8664V2;        // the profile's
  std::span<const uint8_t> rodata;
  std::span<const abi::FunctionEntry> functions;
  std::span<const abi::TrapEntry> traps;
  std::span<const abi::CertificateEntry> certificates;
  const Arena* arena = nullptr;   // holds the module
  const wasm::Module* module = nullptr;
};

// Part 1: rules 1-6 and 8. The module needs no bodies.
Refusal VerifyCode(const CodeParts& parts);

// Parts 1 and 2: also rule 7. The module is validated, with bodies; its bytes
// are `module_bytes`. `scratch` is given back as it was.
Refusal VerifyMetering(const CodeParts& parts,
                       std::span<const uint8_t> module_bytes,
                       const GasSchedule& schedule, Arena& scratch);

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_VERIFIER_H_
