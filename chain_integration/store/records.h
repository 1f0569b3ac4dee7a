#ifndef CHAIN_INTEGRATION_STORE_RECORDS_H_
#define CHAIN_INTEGRATION_STORE_RECORDS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/digest.h"
#include "sandbox/verdict.h"

// What the store's index holds for each key. In: verdicts with the gas limit
// that they were computed under. Out: bytes for the index and back; the verdict
// for any other limit. Holds: a record that was altered does not decode; an
// answer is the verdict that compiling under that limit gives.

namespace ingot::store {

// H(module) x H(compiler.wasm) x H(profile).
struct Key {
  Digest module;
  Digest compiler;
  Digest profile;

  std::string Bytes() const;
  // For a reader: the first digits of each.
  std::string Short() const;

  friend auto operator<=>(const Key&, const Key&) = default;
};

std::optional<Key> KeyFromBytes(std::string_view bytes);
Key KeyOf(const sandbox::Verdict& verdict);

struct Record {
  enum class Knowledge : uint8_t {
    kVerdict = 1,    // `verdict` is that of a limit of at least its gas
    kNeedsMore = 2,  // every limit up to verdict.compile_gas is out of gas
    // A peer's artifact that the verifier accepted; nothing is known of gas.
    kArtifactOnly = 3,
  };
  Knowledge knowledge = Knowledge::kVerdict;
  sandbox::Verdict verdict;  // without the artifact's bytes
  uint64_t artifact_bytes = 0;
  bool pinned = false;
  uint64_t last_used = 0;  // order of uses, no time

  bool HasArtifact() const {
    return knowledge == Knowledge::kArtifactOnly ||
           (knowledge == Knowledge::kVerdict &&
            verdict.kind == sandbox::VerdictKind::kAccepted);
  }

  friend bool operator==(const Record&, const Record&) = default;
};

// What compiling under `limit` taught.
Record RecordOf(const sandbox::Verdict& verdict, uint64_t limit);

// The verdict under `limit`, without the artifact's bytes; nullopt when the
// record does not say.
std::optional<sandbox::Verdict> AnswerFor(const Record& record, uint64_t limit);

// Ends with a checksum over key and record.
std::string Encode(const Key& key, const Record& record);
std::optional<Record> Decode(const Key& key, std::string_view bytes);

}  // namespace ingot::store

#endif  // CHAIN_INTEGRATION_STORE_RECORDS_H_
