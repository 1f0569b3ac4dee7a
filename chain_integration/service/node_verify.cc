// CompilerService.Verify. In: an artifact that a client holds. Out: which
// checks were made, and the first that failed. Holds: nothing of the artifact
// is run; it is kept only under the digest that the client names, after parts 1
// and 2 of the verifier accept it with its stored module.

#include <utility>

#include "absl/strings/str_cat.h"
#include "chain_integration/service/faults.h"
#include "chain_integration/service/node.h"
#include "chain_integration/service/wire.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/native/native_program.h"
#include "runtime/verifier/verify_artifact.h"

namespace ingot::service {
namespace {

using runtime::ArtifactError;
using runtime::MakeArtifactError;
using store::StoredFile;

// A check's name and what came of it.
class Checks {
 public:
  explicit Checks(v1::VerifyResponse& response) : response_(response) {}

  // False when it failed; then no other check follows. A fault is kept.
  bool Add(const char* name, const absl::Status& status) {
    const ArtifactError error = runtime::ArtifactErrorOf(status);
    if (!status.ok() && error == ArtifactError::kNone) {
      fault_ = status;
      return false;
    }
    response_.add_checks(name);
    if (status.ok()) return true;
    response_.set_code(std::string(runtime::ArtifactErrorName(error)));
    response_.set_message(std::string(status.message()));
    return false;
  }

  const absl::Status& fault() const { return fault_; }

 private:
  v1::VerifyResponse& response_;
  absl::Status fault_;
};

absl::Status Same(bool same, ArtifactError error) {
  return same ? absl::OkStatus() : MakeArtifactError(error);
}

// All that the artifact itself shows, and its module if there is one.
bool CheckContents(std::span<const uint8_t> artifact, const Target& target,
                   const std::shared_ptr<const StoredFile>& module,
                   Checks& checks) {
  const auto view = runtime::ReadArtifact(artifact, {.any_processor = true});
  if (!checks.Add("format", view.status())) return false;
  if (!checks.Add("compiler digest",
                  Same(view->CompilerDigest() == target.compiler,
                       ArtifactError::kCompilerDiffers)) ||
      !checks.Add("profile digest",
                  Same(view->ProfileDigest() == target.profile->digest,
                       ArtifactError::kProfileDiffers))) {
    return false;
  }
  const absl::Status loaded =
      runtime::NativeProgram::Load(artifact, {}).status();
  const bool loads =
      runtime::ArtifactErrorOf(loaded) != ArtifactError::kIsaUnsupported;
  if (loads && !checks.Add("native code", loaded)) return false;
  if (!module) return true;
  return checks.Add("module digest",
                    Same(view->ModuleDigest() == module->digest(),
                         ArtifactError::kModuleDiffers)) &&
         checks.Add(loads ? "metering" : "native code and metering",
                    runtime::VerifyWithModule(*view, module->bytes()));
}

}  // namespace

absl::StatusOr<sandbox::Verdict> Node::Recompile(
    const Target& target, std::span<const uint8_t> module, Call& call) {
  return RunBesideCache(call, [&]() -> absl::StatusOr<sandbox::Verdict> {
    auto verdict = CompileInWorker(target, module, uint64_t{1} << 62);
    return verdict.ok() ? verdict
                        : AsFault(verdict.status(),
                                  v1::FAULT_REASON_WORKER_LOST);
  });
}

absl::StatusOr<v1::VerifyResponse> Node::Answer(
    const v1::VerifyRequest& request, Call& call) {
  const auto target = targets_->Find(request.target());
  if (!target.ok()) return target.status();
  std::shared_ptr<const StoredFile> module;
  if (request.module_case() == v1::VerifyRequest::kModuleBytes) {
    const auto sealed = store::SealBytes(SpanOf(request.module_bytes()));
    if (!sealed.ok()) {
      return AsFault(sealed.status(), v1::FAULT_REASON_INTERNAL);
    }
    module = *sealed;
  } else if (request.module_case() == v1::VerifyRequest::kModuleSha256) {
    const auto digest = DigestFrom(request.module_sha256(), "module_sha256");
    if (!digest.ok()) return digest.status();
    const auto stored = store_->Module(*digest);
    if (!stored.ok()) {
      return StoreFault(stored.status(), v1::FAULT_REASON_UNKNOWN_MODULE,
                        call);
    }
    module = *stored;
  }
  if (!module && (request.recompile() || !request.admit_sha256().empty())) {
    return Fault(v1::FAULT_REASON_BAD_REQUEST,
                 "module: recompile and admit_sha256 need it");
  }
  const auto artifact = store::SealBytes(SpanOf(request.artifact()));
  if (!artifact.ok()) {
    return AsFault(artifact.status(), v1::FAULT_REASON_INTERNAL);
  }
  const Digest digest = (*artifact)->digest();
  v1::VerifyResponse response;
  response.set_artifact_sha256(BytesOf(digest));
  Checks checks(response);
  std::optional<Digest> admit;
  if (!request.admit_sha256().empty()) {
    const auto named = DigestFrom(request.admit_sha256(), "admit_sha256");
    if (!named.ok()) return named.status();
    admit = *named;
  }
  bool accepted =
      (!admit || checks.Add("digest", Same(*admit == digest,
                                           ArtifactError::kDigestMismatch))) &&
      CheckContents((*artifact)->bytes(), **target, module, checks);
  if (accepted && request.recompile()) {
    const auto again = Recompile(**target, module->bytes(), call);
    if (!again.ok()) return again.status();
    response.add_checks("same bytes");
    accepted = again->kind == sandbox::VerdictKind::kAccepted &&
               again->artifact_digest == digest;
    if (!accepted) {
      response.set_code("artifact_bytes_differ");
      response.set_message("compiling the module again gives other bytes");
    }
  }
  if (!checks.fault().ok()) {
    return AsFault(checks.fault(), v1::FAULT_REASON_INTERNAL);
  }
  response.set_accepted(accepted);
  if (accepted && admit) {
    const absl::Status kept = store_->Admit(
        {module->digest(), (*target)->compiler, (*target)->profile->digest},
        (*artifact)->bytes(), *admit);
    if (!kept.ok()) {
      return StoreFault(kept, v1::FAULT_REASON_UNKNOWN_MODULE, call);
    }
    response.set_admitted(true);
  }
  return response;
}

}  // namespace ingot::service
