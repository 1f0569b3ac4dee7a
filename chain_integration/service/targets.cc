// Compilers and profiles. In and out: see the header.

#include "chain_integration/service/targets.h"

#include "absl/strings/str_cat.h"
#include "chain_integration/service/faults.h"
#include "chain_integration/service/wire.h"
#include "sandbox/bootstrap.h"

namespace ingot::service {
namespace {

std::vector<uint8_t> Canonical(const Profile& profile) {
  std::vector<uint8_t> bytes(kProfileBytes);
  Encode(profile, bytes);
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Targets>> Targets::Create(
    std::vector<std::vector<uint8_t>> compilers,
    const std::vector<Profile>& profiles,
    const sandbox::WorkerOptions* workers) {
  std::unique_ptr<Targets> table(new Targets);
  table->compilers_ = std::move(compilers);
  for (const Profile& profile : profiles) {
    const std::vector<uint8_t> bytes = Canonical(profile);
    auto known = std::make_unique<KnownProfile>();
    known->digest = Sha256(bytes);
    known->canonical.assign(bytes.begin(), bytes.end());
    known->profile = profile;
    table->profiles_.push_back(std::move(known));
  }
  for (const std::vector<uint8_t>& wasm : table->compilers_) {
    const Digest compiler = Sha256(wasm);
    table->compiler_digests_.push_back(compiler);
    absl::btree_map<std::vector<uint8_t>, sandbox::WorkerPool*> by_schedule;
    for (const auto& profile : table->profiles_) {
      sandbox::WorkerPool*& pool =
          by_schedule[Canonical(sandbox::CompilerProfile(profile->profile))];
      if (pool == nullptr && workers != nullptr) {
        const auto artifact =
            sandbox::BuildCompilerArtifact(wasm, profile->profile);
        if (!artifact.ok()) {
          return absl::Status(
              artifact.status().code(),
              absl::StrCat("compiler ", compiler.Hex(), ": ",
                           std::string(artifact.status().message())));
        }
        auto made = sandbox::WorkerPool::Create(wasm, *artifact,
                                                profile->profile, *workers);
        if (!made.ok()) return made.status();
        pool = made->get();
        table->pools_.push_back(*std::move(made));
      }
      table->targets_[{compiler, profile->digest}] = {compiler, profile.get(),
                                                      pool, &wasm};
    }
  }
  return table;
}

absl::StatusOr<const Target*> Targets::Find(const v1::Target& target) const {
  const absl::StatusOr<Digest> compiler =
      DigestFrom(target.compiler_sha256(), "target.compiler_sha256");
  if (!compiler.ok()) return compiler.status();
  const absl::StatusOr<Digest> profile =
      DigestFrom(target.profile_sha256(), "target.profile_sha256");
  if (!profile.ok()) return profile.status();
  if (const Target* const found = Find(*compiler, *profile)) return found;
  for (const Digest& known : compiler_digests_) {
    if (known == *compiler) {
      return Fault(v1::FAULT_REASON_UNKNOWN_PROFILE,
                   "this node has no profile " + profile->Hex());
    }
  }
  return Fault(v1::FAULT_REASON_UNKNOWN_COMPILER,
               "this node has no compiler " + compiler->Hex());
}

const Target* Targets::Find(const Digest& compiler,
                            const Digest& profile) const {
  const auto found = targets_.find({compiler, profile});
  return found == targets_.end() ? nullptr : &found->second;
}

absl::StatusOr<std::shared_ptr<const sandbox::SandboxedCompiler>>
Targets::Interpreted(const Target& target) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto& compiler = interpreted_[{target.compiler, target.profile->digest}];
  if (!compiler) {
    auto loaded = sandbox::LoadInterpretedCompiler(*target.compiler_wasm,
                                                   target.profile->profile);
    if (!loaded.ok()) return loaded.status();
    compiler = std::make_shared<const sandbox::SandboxedCompiler>(
        *std::move(loaded));
  }
  return compiler;
}

}  // namespace ingot::service
