#include "fuzz/verifier/specimen.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {

verifier::CodeParts Specimen::Parts() const {
  verifier::CodeParts parts;
  parts.code = code;
  parts.text_bytes = text_bytes;
  parts.isa = program->profile().TargetIsa();
  parts.rodata = rodata;
  parts.functions = functions;
  parts.traps = traps;
  parts.certificates = certificates;
  parts.arena = &program->arena();
  parts.module = &program->module();
  return parts;
}

verifier::Refusal Specimen::VerifyCode() const {
  return verifier::VerifyCode(Parts());
}

verifier::Refusal Specimen::VerifyMetering() const {
  const uint64_t bytes =
      (uint64_t{1} << 20) + uint64_t{192} * module_bytes.size();
  const uint64_t limit = bytes / Arena::kPageBytes * Arena::kPageBytes;
  const std::unique_ptr<uint8_t[], void (*)(void*)> region(
      static_cast<uint8_t*>(std::malloc(limit)), &std::free);
  Arena scratch(region.get(), 16, 0, limit);
  return verifier::VerifyMetering(Parts(), module_bytes,
                                  program->profile().execution, scratch);
}

absl::StatusOr<Specimen> MakeSpecimen(std::vector<uint8_t> module_bytes,
                                    const Profile& profile) {
  const auto compiled =
      sandbox::CompileNatively(module_bytes, profile, Digest{});
  if (!compiled.ok()) return compiled.status();
  if (!compiled->verdict.ok()) {
    return absl::FailedPreconditionError("the compiler rejects the module");
  }
  Specimen specimen;
  specimen.artifact = compiled->artifact;
  specimen.module_bytes = std::move(module_bytes);
  Status rejection;
  auto program =
      runtime::Program::FromModule(specimen.module_bytes, profile, &rejection);
  if (!program.ok()) return program.status();
  if (!rejection.ok()) return absl::InternalError("two verdicts");
  specimen.program = *std::move(program);
  const auto view =
      runtime::ReadArtifact(specimen.artifact, {.any_processor = true});
  if (!view.ok()) return view.status();
  specimen.code.assign(view->text.begin(),
                      view->text.begin() + view->identity.code_bytes);
  specimen.text_bytes = static_cast<uint32_t>(view->text.size());
  specimen.rodata.assign(view->rodata.begin(), view->rodata.end());
  specimen.functions.assign(view->functions.begin(), view->functions.end());
  specimen.traps.assign(view->traps.begin(), view->traps.end());
  specimen.certificates.assign(view->certificates.begin(),
                              view->certificates.end());
  return specimen;
}

std::string CodeBytes(const Specimen& specimen, uint64_t begin, uint64_t end) {
  std::string text;
  for (uint64_t i = begin; i < std::min<uint64_t>(specimen.code.size(), end);
       ++i) {
    absl::StrAppend(&text, " ", absl::Hex(specimen.code[i], absl::kZeroPad2));
  }
  return text;
}

std::string Describe(const Specimen& specimen,
                     const verifier::Refusal& refusal) {
  if (refusal.ok()) return "accepted";
  const uint64_t at = refusal.code_offset;
  return absl::StrCat("V", verifier::RuleOf(refusal.reason), " ",
                      verifier::NameOf(refusal.reason), " function ",
                      refusal.function, " offset ", at, ":",
                      CodeBytes(specimen, at, at + 16));
}

}  // namespace ingot::fuzz
