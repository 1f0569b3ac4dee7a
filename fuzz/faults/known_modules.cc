// See the header.

#include "fuzz/faults/known_modules.h"

#include "absl/strings/str_cat.h"
#include "compiler/abi/profile.h"
#include "compiler/base/check.h"
#include "sandbox/bootstrap.h"
#include "sandbox/test_modules.h"

namespace ingot::faults {
namespace {

// Several batches, and some milliseconds in each phase.
constexpr uint32_t kFunctions = 60;
constexpr uint32_t kOperations = 40;

std::string Bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), 32};
}

}  // namespace

std::string KnownModule::Wrong(const v1::Verdict& answer,
                               uint64_t limit) const {
  const bool accepted = limit >= verdict.compile_gas;
  v1::Verdict right;
  right.set_kind(accepted ? v1::VERDICT_KIND_ACCEPTED
                          : v1::VERDICT_KIND_OUT_OF_GAS);
  right.set_compile_gas(accepted ? verdict.compile_gas : limit);
  right.set_module_sha256(Bytes(verdict.module_digest));
  right.set_compiler_sha256(Bytes(verdict.compiler_digest));
  right.set_profile_sha256(Bytes(verdict.profile_digest));
  if (accepted) {
    right.set_artifact_sha256(Bytes(verdict.artifact_digest));
    right.set_artifact_bytes(verdict.artifact.size());
  }
  if (answer.SerializeAsString() == right.SerializeAsString()) return "";
  return absl::StrCat("{", answer.ShortDebugString(), "} and not {",
                      right.ShortDebugString(), "}");
}

KnownModules::KnownModules() {
  auto compiler =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, Profile());
  INGOT_CHECK(compiler.ok());
  compiler_ = *std::move(compiler);
}

KnownModule KnownModules::Make(uint64_t number) const {
  KnownModule module;
  module.bytes = sandbox::SyntheticModule(kFunctions, kOperations);
  // A custom section makes it another module.
  const std::string name = absl::StrCat("number ", number);
  module.bytes.push_back(0);
  module.bytes.push_back(static_cast<uint8_t>(name.size() + 1));
  module.bytes.push_back(static_cast<uint8_t>(name.size()));
  module.bytes.insert(module.bytes.end(), name.begin(), name.end());
  auto verdict =
      sandbox::CompileInSandbox(*compiler_, module.bytes, Profile());
  INGOT_CHECK(verdict.ok() &&
              verdict->kind == sandbox::VerdictKind::kAccepted);
  module.verdict = *std::move(verdict);
  return module;
}

}  // namespace ingot::faults
