#include "fuzz/verifier/subject.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {

verifier::CodeParts Subject::Parts() const {
  verifier::CodeParts parts;
  parts.code = code;
  parts.text_bytes = text_bytes;
  parts.rodata = rodata;
  parts.functions = functions;
  parts.traps = traps;
  parts.certificates = certificates;
  parts.arena = &program->arena();
  parts.module = &program->module();
  return parts;
}

verifier::Refusal Subject::VerifyCode() const {
  return verifier::VerifyCode(Parts());
}

verifier::Refusal Subject::VerifyMetering() const {
  const uint64_t bytes =
      (uint64_t{1} << 20) + uint64_t{192} * module_bytes.size();
  const uint64_t limit = bytes / Arena::kPageBytes * Arena::kPageBytes;
  const std::unique_ptr<uint8_t[], void (*)(void*)> region(
      static_cast<uint8_t*>(std::malloc(limit)), &std::free);
  Arena scratch(region.get(), 16, 0, limit);
  return verifier::VerifyMetering(Parts(), module_bytes,
                                  program->profile().execution, scratch);
}

absl::StatusOr<Subject> MakeSubject(std::vector<uint8_t> module_bytes,
                                    const Profile& profile) {
  const auto compiled =
      sandbox::CompileNatively(module_bytes, profile, Digest{});
  if (!compiled.ok()) return compiled.status();
  if (!compiled->verdict.ok()) {
    return absl::FailedPreconditionError("the compiler rejects the module");
  }
  Subject subject;
  subject.artifact = compiled->artifact;
  subject.module_bytes = std::move(module_bytes);
  Status rejection;
  auto program =
      runtime::Program::FromModule(subject.module_bytes, profile, &rejection);
  if (!program.ok()) return program.status();
  if (!rejection.ok()) return absl::InternalError("two verdicts");
  subject.program = *std::move(program);
  const auto view = runtime::ReadArtifact(subject.artifact, {});
  if (!view.ok()) return view.status();
  subject.code.assign(view->text.begin(),
                      view->text.begin() + view->identity.code_bytes);
  subject.text_bytes = static_cast<uint32_t>(view->text.size());
  subject.rodata.assign(view->rodata.begin(), view->rodata.end());
  subject.functions.assign(view->functions.begin(), view->functions.end());
  subject.traps.assign(view->traps.begin(), view->traps.end());
  subject.certificates.assign(view->certificates.begin(),
                              view->certificates.end());
  return subject;
}

std::string Describe(const Subject& subject,
                     const verifier::Refusal& refusal) {
  if (refusal.ok()) return "accepted";
  std::string text = absl::StrCat(
      "V", verifier::RuleOf(refusal.reason), " ",
      verifier::NameOf(refusal.reason), " function ", refusal.function,
      " offset ", refusal.code_offset, ":");
  for (uint64_t i = refusal.code_offset;
       i < std::min<uint64_t>(subject.code.size(),
                              uint64_t{refusal.code_offset} + 16);
       ++i) {
    absl::StrAppend(&text, " ", absl::Hex(subject.code[i], absl::kZeroPad2));
  }
  return text;
}

}  // namespace ingot::fuzz
