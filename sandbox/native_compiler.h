#ifndef SANDBOX_NATIVE_COMPILER_H_
#define SANDBOX_NATIVE_COMPILER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "compiler/base/status.h"
#include "runtime/digest.h"

// The compiler's native build behind a hosted interface: the bootstrap and a
// test tool. In: module bytes, a profile, the digest of the compiler.wasm that
// it stands in for. Out: the artifact, or the Status of a refusal. Holds: an
// accepted module gives the bytes that the sandbox gives. It counts no gas,
// and where its memory ends is its own affair: verdicts are defined by
// compiler.wasm in the sandbox.

namespace ingot::sandbox {

struct NativeOptions {
  // Compile each batch in a copy of the memory that Plan left, in reverse
  // order, in a region at another address: the result must not change.
  bool shuffle = false;
  // Batches compiled at a time, each thread in a copy of the memory that Plan
  // left. Changes neither the verdict nor the bytes.
  uint32_t threads = 1;
  // Pages of the compiler's memory; 0: as the profile says.
  uint32_t memory_pages = 0;
};

struct NativeResult {
  Status verdict;                 // ok: accepted
  std::vector<uint8_t> artifact;  // accepted only
  Digest artifact_digest;         // accepted only
  uint32_t batches = 0;
};

absl::StatusOr<NativeResult> CompileNatively(
    std::span<const uint8_t> module_bytes, const Profile& profile,
    const Digest& compiler_digest, const NativeOptions& options = {});

}  // namespace ingot::sandbox

#endif  // SANDBOX_NATIVE_COMPILER_H_
