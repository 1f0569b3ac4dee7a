#ifndef RUNTIME_ARTIFACT_ARTIFACT_READER_H_
#define RUNTIME_ARTIFACT_ARTIFACT_READER_H_

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "compiler/abi/artifact.h"
#include "compiler/abi/profile.h"
#include "runtime/digest.h"

// The reader of artifacts (compiler/abi/artifact.h). In: the bytes of a file,
// which may be anything. Out: a view of its sections, or a refusal with a code
// (artifact_errors.def). What holds of a view: every section lies in the file,
// everything but the sections' payload is exactly what the compiler writes for
// that payload, the function, trap and certificate tables are ordered and
// point into the code, the profile decodes and its digest is right, this
// runtime speaks its versions and this processor runs its instructions (unless
// any is asked for).
// That the code itself is harmless is the verifier's part, not the reader's.

namespace ingot::runtime {

// Ranges of the file, which must outlive the view.
struct ArtifactView {
  std::span<const uint8_t> file;
  uint32_t text_offset = 0;           // in the file, a multiple of a page
  std::span<const uint8_t> text;      // padded to pages
  std::span<const uint8_t> rodata;    // padded to pages, follows text
  abi::Identity identity;
  std::span<const uint8_t> profile_bytes;
  Profile profile;
  std::span<const uint8_t> module;    // a wasm module without its bodies
  std::span<const abi::FunctionEntry> functions;
  uint32_t first_function = 0;        // index of the first in its module
  std::span<const abi::TrapEntry> traps;
  std::span<const abi::CertificateEntry> certificates;

  Digest ModuleDigest() const { return ToDigest(identity.module_digest); }
  Digest CompilerDigest() const { return ToDigest(identity.compiler_digest); }
  Digest ProfileDigest() const { return ToDigest(identity.profile_digest); }

 private:
  static Digest ToDigest(const uint8_t (&bytes)[32]);
};

// What the caller knows of the artifact it wants; what is absent is not
// compared.
struct ExpectedArtifact {
  std::optional<Digest> file = std::nullopt;
  std::optional<Digest> module = std::nullopt;
  std::optional<Digest> compiler = std::nullopt;
  // Compared by digest; a refusal names the first field that differs.
  const Profile* profile = nullptr;
  // Also one that this processor cannot run: to verify it, not to load it.
  bool any_processor = false;
};

// `file` begins at a multiple of 16.
absl::StatusOr<ArtifactView> ReadArtifact(std::span<const uint8_t> file,
                                          const ExpectedArtifact& expected);

}  // namespace ingot::runtime

#endif  // RUNTIME_ARTIFACT_ARTIFACT_READER_H_
