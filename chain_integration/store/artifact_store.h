#ifndef CHAIN_INTEGRATION_STORE_ARTIFACT_STORE_H_
#define CHAIN_INTEGRATION_STORE_ARTIFACT_STORE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chain_integration/store/durable_file.h"
#include "chain_integration/store/index.h"
#include "chain_integration/store/records.h"

// Modules, artifacts and verdicts on disk. In: what was compiled. Out: the same
// after any crash. A folder of the store holds modules/ and artifacts/, files
// named by their SHA-256; index/, what is known of each key; quarantine/, what
// was refused; scratch/, files being written.
//
// Holds: whatever comes out was hashed as it lies in memory, and an artifact is
// one of the key that was asked for, by what is written in it; bytes that are
// something else are moved to quarantine/, logged, counted and reported as
// missing. Nobody's writing is ever seen half done. Any number of threads.

namespace ingot::store {

struct StoreOptions {
  std::string folder = {};
  // Told of each quarantine; a line for a log.
  std::function<void(const std::string& line)> log = {};
  // Records that Collect leaves however little room there is.
  uint64_t least_records = 4096;
};

struct StoreEntry {
  Key key;
  Record record;
  bool module_stored = false;
  bool artifact_stored = false;
};

struct CollectReport {
  uint64_t bytes_before = 0;
  uint64_t bytes_after = 0;
  uint64_t files_removed = 0;
  uint64_t records_removed = 0;
};

struct CheckReport {
  uint64_t records = 0;
  uint64_t modules = 0;
  uint64_t artifacts = 0;
  uint64_t quarantined = 0;
  // Modules that are missing, so that the verifier could not price the code.
  uint64_t artifacts_without_module = 0;
};

class ArtifactStore {
 public:
  // Opens or makes a store. Files that a dead process was writing are removed.
  static absl::StatusOr<std::unique_ptr<ArtifactStore>> Open(
      StoreOptions options);
  ~ArtifactStore();

  absl::StatusOr<Digest> PutModule(std::span<const uint8_t> bytes);
  // kNotFound when there is none, or what is there is something else.
  absl::StatusOr<std::shared_ptr<const StoredFile>> Module(
      const Digest& digest);
  bool HasModule(const Digest& digest) const;

  // The verdict under `gas_limit`, if it is known; without the artifact's
  // bytes. A non-OK status is a fault of the disk.
  absl::StatusOr<std::optional<sandbox::Verdict>> Find(const Key& key,
                                                       uint64_t gas_limit);
  // kNotFound when nothing is known.
  absl::StatusOr<Record> RecordFor(const Key& key) const;
  // Keeps a verdict that was computed under `gas_limit`, with its artifact.
  // Never forgets more than it learns. kInternal, and nothing is changed, when
  // it contradicts what is stored: one of the two is wrong.
  absl::Status Put(const sandbox::Verdict& verdict, uint64_t gas_limit);

  // The artifact of a key: hashed, and by its own identity one of this key.
  // With `expected` another digest is kFailedPrecondition. kNotFound: compile.
  absl::StatusOr<std::shared_ptr<const StoredFile>> Artifact(
      const Key& key, const std::optional<Digest>& expected = std::nullopt);

  // Takes a peer's artifact: its digest is `expected`, its identity is that of
  // the key, the module is stored, and the verifier accepts both together.
  // Otherwise kFailedPrecondition or an ArtifactError, and nothing is kept.
  absl::Status Admit(const Key& key, std::span<const uint8_t> artifact,
                     const Digest& expected);

  // Takes a record that the caller trusts; an accepted one only if its artifact
  // is there. kFailedPrecondition otherwise, or when it contradicts what is
  // stored.
  absl::Status Learn(const Key& key, const Record& record);

  // A pinned key's module and artifact are never evicted. kNotFound when the
  // key is unknown.
  absl::Status Pin(const Key& key, bool pinned);

  // Removes least recently used artifacts, then modules that no pinned key
  // needs, until modules and artifacts take at most `max_bytes`. Never touches
  // what is pinned or in use. What is known of verdicts stays, as far as an
  // eighth of `max_bytes` holds it: records beyond that go, the least recently
  // used first, but not of what is pinned or has its artifact stored.
  absl::StatusOr<CollectReport> Collect(uint64_t max_bytes);

  absl::StatusOr<std::vector<StoreEntry>> List() const;

  // Loads and verifies everything; what is refused goes to quarantine.
  absl::StatusOr<CheckReport> CheckAll();

  uint64_t quarantines() const { return quarantines_; }

 private:
  explicit ArtifactStore(StoreOptions options);

  std::string ModulePath(const Digest& digest) const;
  std::string ArtifactPath(const Digest& digest) const;
  // A name that no other store uses, of this process or of another.
  std::string FreshName();
  absl::Status WriteFile(const std::string& path,
                         std::span<const uint8_t> bytes);
  // For a file that somebody else wrote, who may not have flushed its folder.
  absl::Status KeepSafe(const std::string& path);
  void NoteSafe(const std::string& path);
  // Before a file is moved away or removed.
  void Forget(const std::string& path);
  // Reads a file whose digest must be its name.
  absl::StatusOr<std::shared_ptr<const StoredFile>> Load(
      const std::string& path, const Digest& digest);
  void Quarantine(const std::string& path, std::string_view why);
  void Log(const std::string& line) const;
  absl::Status CollectFiles(uint64_t max_bytes, CollectReport* report);
  absl::Status CollectRecords(uint64_t max_bytes, CollectReport* report);
  void Touch(const Key& key);
  absl::Status FlushUses();
  bool InUse(const std::string& path);

  const StoreOptions options_;
  std::unique_ptr<Index> index_;
  std::atomic<uint64_t> quarantines_{0};
  const uint64_t nonce_;
  std::atomic<uint64_t> next_name_{0};
  std::mutex mutex_;
  uint64_t next_use_ = 1;                    // guarded by mutex_
  absl::btree_map<Key, uint64_t> uses_;      // guarded by mutex_; not yet stored
  // What readers hold, by path; guarded by mutex_.
  absl::btree_map<std::string, std::weak_ptr<const StoredFile>> open_;
  // As many entries as are looked through for readers that are gone.
  static constexpr size_t kFewOpen = 256;
  size_t open_swept_ = kFewOpen;  // guarded by mutex_
  // Paths that outlive a power loss; guarded by mutex_.
  absl::btree_set<std::string> safe_;
};

// What the reader and the verifier say of an artifact under a key. With an
// empty `module` only what the artifact alone shows.
absl::Status CheckArtifact(const Key& key, std::span<const uint8_t> artifact,
                           std::span<const uint8_t> module);

}  // namespace ingot::store

#endif  // CHAIN_INTEGRATION_STORE_ARTIFACT_STORE_H_
