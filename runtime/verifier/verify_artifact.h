#ifndef RUNTIME_VERIFIER_VERIFY_ARTIFACT_H_
#define RUNTIME_VERIFIER_VERIFY_ARTIFACT_H_

#include <optional>
#include <span>

#include "absl/status/status.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/verifier/verifier.h"

// The verifier on artifacts as the host has them. In: what the reader made of
// a file. Out: OK, or an ArtifactError: kVerifier with the rule, function and
// place in its text (RefusalOf: typed), or kModuleDiffers.

namespace ingot::runtime {

verifier::CodeParts PartsOf(const ArtifactView& view, const Arena& arena,
                            const wasm::Module& module);

// The refusal that a status was made of; an absent one for any other status.
verifier::Refusal RefusalOf(const absl::Status& status);

// Part 1, with the module as decoded from the artifact.
absl::Status VerifyCode(const ArtifactView& view, const Arena& arena,
                        const wasm::Module& module);

// Parts 1 and 2, and that the artifact is one of this module: its digest, and
// the sections that it keeps of it. Decodes and validates the module.
// A caller who has hashed the module gives its digest.
absl::Status VerifyWithModule(
    const ArtifactView& view, std::span<const uint8_t> module_bytes,
    const std::optional<Digest>& module_digest = std::nullopt);

}  // namespace ingot::runtime

#endif  // RUNTIME_VERIFIER_VERIFY_ARTIFACT_H_
