// Going over the whole store: what to evict, what is damaged. In: the files and
// the index as they are. Out: fewer files and records; reports. Holds: pinned files and
// files in use stay; a verdict outlives its artifact, which can be built again
// as long as its module is there. Memory grows with the files, not with the
// records, of which there may be many more.

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "chain_integration/store/artifact_store.h"
#include "runtime/artifact/artifact_error.h"

namespace ingot::store {
namespace {

// Of a record in the index, with the index's own room.
constexpr uint64_t kRecordBytes = 512;
// Which part of the store's room they may take.
constexpr uint64_t kRecordShare = 8;
// As many are removed in one change.
constexpr uint64_t kRecordsAtOnce = 10'000;

struct Candidate {
  std::string path;
  uint64_t bytes = 0;
  uint64_t last_used = 0;
  bool module = false;
  bool pinned = false;
};

// Artifacts before modules, since those can be built again; then by use; then
// by name, so that the order is total.
bool Before(const Candidate& a, const Candidate& b) {
  if (a.module != b.module) return b.module;
  if (a.last_used != b.last_used) return a.last_used < b.last_used;
  return a.path < b.path;
}

}  // namespace

absl::StatusOr<CollectReport> ArtifactStore::Collect(uint64_t max_bytes) {
  CollectReport report;
  absl::Status done = FlushUses();
  if (done.ok()) done = CollectFiles(max_bytes, &report);
  if (done.ok()) done = CollectRecords(max_bytes, &report);
  if (!done.ok()) return done;
  return report;
}

absl::Status ArtifactStore::CollectFiles(uint64_t max_bytes,
                                         CollectReport* report) {
  // A file may belong to several keys: any pin pins it, the last use counts.
  std::map<std::string, Candidate> by_path;
  for (const char* const kind : {"/modules", "/artifacts"}) {
    const std::string folder = options_.folder + kind;
    absl::StatusOr<std::vector<std::string>> names = ListFolder(folder);
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      Candidate candidate;
      candidate.path = folder + "/" + name;
      candidate.bytes = FileBytes(candidate.path);
      candidate.module = folder.ends_with("modules");
      by_path[candidate.path] = candidate;
      report->bytes_before += candidate.bytes;
    }
  }
  report->bytes_after = report->bytes_before;
  if (report->bytes_before <= max_bytes) return absl::OkStatus();
  const auto note = [&](const std::string& path, const Record& record) {
    const auto found = by_path.find(path);
    if (found == by_path.end()) return;
    found->second.pinned |= record.pinned;
    found->second.last_used =
        std::max(found->second.last_used, record.last_used);
  };
  absl::Status read =
      index_->ForEach([&](const Key& key, const Record* record) {
        if (record == nullptr) return;
        note(ModulePath(key.module), *record);
        if (record->HasArtifact()) {
          note(ArtifactPath(record->verdict.artifact_digest), *record);
        }
      });
  if (!read.ok()) return read;
  std::vector<Candidate> order;
  for (const auto& [path, candidate] : by_path) order.push_back(candidate);
  std::sort(order.begin(), order.end(), Before);
  for (const Candidate& candidate : order) {
    if (report->bytes_after <= max_bytes) break;
    if (candidate.pinned || InUse(candidate.path)) continue;
    Forget(candidate.path);
    if (absl::Status removed = Remove(candidate.path); !removed.ok()) {
      return removed;
    }
    report->bytes_after -= candidate.bytes;
    ++report->files_removed;
  }
  return absl::OkStatus();
}

absl::Status ArtifactStore::CollectRecords(uint64_t max_bytes,
                                           CollectReport* report) {
  const uint64_t most = std::max(options_.least_records,
                                 max_bytes / kRecordShare / kRecordBytes);
  while (true) {
    const absl::StatusOr<uint64_t> count = index_->Count();
    if (!count.ok()) return count.status();
    if (*count <= most) return absl::OkStatus();
    const uint64_t wanted = std::min(*count - most, kRecordsAtOnce);
    // The least used so far, the latest of them on top.
    std::priority_queue<std::pair<uint64_t, Key>> least;
    absl::Status read =
        index_->ForEach([&](const Key& key, const Record* record) {
          if (record == nullptr || record->pinned) return;
          if (least.size() == wanted &&
              least.top() <= std::pair(record->last_used, key)) {
            return;
          }
          if (record->HasArtifact() &&
              Exists(ArtifactPath(record->verdict.artifact_digest))) {
            return;
          }
          least.emplace(record->last_used, key);
          if (least.size() > wanted) least.pop();
        });
    if (!read.ok()) return read;
    if (least.empty()) return absl::OkStatus();
    std::vector<Key> keys;
    for (; !least.empty(); least.pop()) keys.push_back(least.top().second);
    absl::Status removed = index_->UpdateAll(
        keys, [&](const Key&, const Record* record) -> std::optional<Record> {
          if (record != nullptr && record->pinned) return *record;
          ++report->records_removed;
          return std::nullopt;
        });
    if (!removed.ok()) return removed;
  }
}

absl::StatusOr<CheckReport> ArtifactStore::CheckAll() {
  CheckReport report;
  const uint64_t before = quarantines_;
  std::vector<Key> altered;
  absl::Status read =
      index_->ForEach([&](const Key& key, const Record* record) {
        if (record == nullptr) altered.push_back(key);
      });
  if (!read.ok()) return read;
  for (const Key& key : altered) {
    // Drops what does not decode.
    if (const auto found = Find(key, 0); !found.ok()) return found.status();
  }
  absl::StatusOr<std::vector<std::string>> modules =
      ListFolder(options_.folder + "/modules");
  if (!modules.ok()) return modules.status();
  for (const std::string& name : *modules) {
    const std::string path = options_.folder + "/modules/" + name;
    absl::StatusOr<std::shared_ptr<const StoredFile>> file = ReadSealed(path);
    if (!file.ok()) return file.status();
    if ((*file)->digest().Hex() == name) {
      ++report.modules;
    } else {
      Quarantine(path, "its SHA-256 is " + (*file)->digest().Hex());
    }
  }
  absl::StatusOr<std::vector<StoreEntry>> entries = List();
  if (!entries.ok()) return entries.status();
  for (const StoreEntry& entry : *entries) {
    ++report.records;
    if (!entry.artifact_stored) continue;
    const auto artifact = Artifact(entry.key);
    if (absl::IsNotFound(artifact.status())) continue;  // quarantined
    if (!artifact.ok()) return artifact.status();
    const auto module = Module(entry.key.module);
    if (!module.ok()) {
      ++report.artifacts;
      ++report.artifacts_without_module;
      continue;
    }
    const absl::Status checked = CheckArtifact(
        entry.key, (*artifact)->bytes(), (*module)->bytes());
    const runtime::ArtifactError error = runtime::ArtifactErrorOf(checked);
    if (checked.ok() || error == runtime::ArtifactError::kIsaUnsupported) {
      ++report.artifacts;
    } else if (error != runtime::ArtifactError::kNone) {
      Quarantine(ArtifactPath((*artifact)->digest()),
                 std::string(checked.message()));
    } else {
      return checked;
    }
  }
  report.quarantined = quarantines_ - before;
  return report;
}

}  // namespace ingot::store
