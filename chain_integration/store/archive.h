#ifndef CHAIN_INTEGRATION_STORE_ARCHIVE_H_
#define CHAIN_INTEGRATION_STORE_ARCHIVE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chain_integration/store/artifact_store.h"

// A store as a stream of chunks, for another node or a backup. In: a store.
// Out: chunks of at most kChunkBytes, and a store from them. Holds: the stream
// ends with a SHA-256 of all before it; whatever a stream says, only modules
// under their own digests and artifacts that the verifier accepts with their
// modules are taken. Verdicts, which nothing can prove, are taken only from a
// stream that the caller trusts.

namespace ingot::store {

inline constexpr size_t kChunkBytes = size_t{1} << 20;

// Where chunks go; a non-OK status ends the export.
using ChunkSink = std::function<absl::Status(std::string_view chunk)>;
// The next bytes of the stream, in pieces of any size; empty at its end.
using ChunkSource = std::function<absl::StatusOr<std::string>()>;

enum class Trust : uint8_t { kNothing, kVerdicts };

struct TransferReport {
  uint64_t modules = 0;
  uint64_t artifacts = 0;
  uint64_t verdicts = 0;
  // Import: artifacts that were refused or that no record needs.
  uint64_t refused = 0;
};

absl::StatusOr<TransferReport> Export(ArtifactStore& store,
                                      const ChunkSink& sink);
// kDataLoss for a stream that is cut short or was altered; what came before
// that place may be stored, each piece of it checked.
absl::StatusOr<TransferReport> Import(ArtifactStore& store, Trust trust,
                                      const ChunkSource& source);

}  // namespace ingot::store

#endif  // CHAIN_INTEGRATION_STORE_ARCHIVE_H_
