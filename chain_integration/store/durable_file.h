#ifndef CHAIN_INTEGRATION_STORE_DURABLE_FILE_H_
#define CHAIN_INTEGRATION_STORE_DURABLE_FILE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/digest.h"
#include "runtime/platform/platform.h"

// Files that survive a crash, and bytes that nobody can change under a reader.
// In: paths, bytes. Out: files that exist whole or not at all; sealed copies
// whose SHA-256 was taken of the very bytes that are handed out. Holds: a file
// that is cut short or rewritten while it is in use changes nothing for its
// user. Errors name the path.

namespace ingot::store {

// A file's bytes in sealed memory.
class StoredFile {
 public:
  explicit StoredFile(runtime::platform::SealedBytes sealed)
      : sealed_(sealed), digest_(Sha256(sealed.bytes)) {}
  ~StoredFile() { runtime::platform::Unseal(sealed_); }
  StoredFile(const StoredFile&) = delete;
  StoredFile& operator=(const StoredFile&) = delete;

  std::span<const uint8_t> bytes() const { return sealed_.bytes; }
  const Digest& digest() const { return digest_; }

 private:
  runtime::platform::SealedBytes sealed_;
  const Digest digest_;
};

// Copies bytes that did not come from a file.
absl::StatusOr<std::shared_ptr<const StoredFile>> SealBytes(
    std::span<const uint8_t> bytes);

// kNotFound when there is none.
absl::StatusOr<std::shared_ptr<const StoredFile>> ReadSealed(
    const std::string& path);

// Makes a folder and those above it, and their names durable.
absl::Status MakeFolder(const std::string& path);

// Makes the names in a folder durable, whoever made them.
absl::Status FlushFolder(const std::string& path);

// Writes to `scratch`, flushes it to the disk, renames it to `path` and flushes
// the folder. Before it returns OK, nobody sees `path`; afterwards it outlives
// a power loss. The scratch file is locked until it is renamed; kAborted when
// RemoveAbandoned was faster, and another name will do.
absl::Status WriteDurably(const std::string& scratch, const std::string& path,
                          std::span<const uint8_t> bytes);

// Removes a scratch file unless somebody is writing it.
absl::Status RemoveAbandoned(const std::string& scratch);

// Renames and flushes both folders.
absl::Status MoveDurably(const std::string& from, const std::string& to);

// Gives the flushed file `scratch` the name `path`, unless there is such a file
// already, and flushes the folder. `scratch` is gone.
absl::Status LinkDurably(const std::string& scratch, const std::string& path);

bool Exists(const std::string& path);
// 0 when there is no such file.
uint64_t FileBytes(const std::string& path);
absl::Status Remove(const std::string& path);
// Names in a folder, sorted, without those that begin with a dot.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path);

}  // namespace ingot::store

#endif  // CHAIN_INTEGRATION_STORE_DURABLE_FILE_H_
