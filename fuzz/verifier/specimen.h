#ifndef FUZZ_VERIFIER_SPECIMEN_H_
#define FUZZ_VERIFIER_SPECIMEN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/program.h"
#include "runtime/verifier/verifier.h"

// What the verifier is tried on: a module, compiled, and its artifact as the
// loader sees it, with tables that a test may change.

namespace ingot::fuzz {

struct Specimen {
  std::vector<uint8_t> module_bytes;
  std::vector<uint8_t> artifact;
  std::shared_ptr<const runtime::Program> program;  // the module, with bodies
  std::vector<uint8_t> code;
  uint32_t text_bytes = 0;
  std::vector<uint8_t> rodata;
  std::vector<abi::FunctionEntry> functions;
  std::vector<abi::TrapEntry> traps;
  std::vector<abi::CertificateEntry> certificates;

  verifier::CodeParts Parts() const;
  verifier::Refusal VerifyCode() const;
  verifier::Refusal VerifyMetering() const;
};

// FailedPrecondition: the compiler rejects the module.
absl::StatusOr<Specimen> MakeSpecimen(std::vector<uint8_t> module_bytes,
                                      const Profile& profile = {});

// The code's bytes from `begin` up to `end` or the code's end, each as " 9f".
std::string CodeBytes(const Specimen& specimen, uint64_t begin, uint64_t end);

// "rule V3, …" with the bytes at the place.
std::string Describe(const Specimen& specimen, const verifier::Refusal& refusal);

}  // namespace ingot::fuzz

#endif  // FUZZ_VERIFIER_SPECIMEN_H_
