// The store: files first, index second, so that the index never names what is
// not there yet. In and out: see the header. Holds: an artifact is read back
// through its own digest, the record's digest and its own identity, so neither
// a damaged file nor two valid ones that were swapped are ever handed out.

#include "chain_integration/store/artifact_store.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compiler/abi/profile.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/native/native_program.h"
#include "runtime/verifier/verify_artifact.h"

namespace ingot::store {
namespace {

using sandbox::Verdict;
using sandbox::VerdictKind;

// What is noted of keys and files is bounded, however many there are. Uses beyond
// these are forgotten, the oldest first, which only costs the order of evictions.
constexpr size_t kMostUses = 16'384;
// Without a note a file's folder is flushed once more.
constexpr size_t kMostSafe = 16'384;
// Records that are changed in one transaction.
constexpr size_t kUsesAtATime = 1'024;

constexpr const char* kFolders[] = {"modules", "artifacts", "index",
                                    "quarantine", "scratch"};

// What both know must agree.
bool Contradicts(const Record& a, const Record& b) {
  const auto knows = [](const Record& record) {
    return record.knowledge == Record::Knowledge::kVerdict;
  };
  if (a.HasArtifact() && b.HasArtifact()) {
    if (a.verdict.artifact_digest != b.verdict.artifact_digest) return true;
  }
  if (knows(a) && knows(b)) return a.verdict != b.verdict;
  const auto needs_more = [&](const Record& less, const Record& exact) {
    return less.knowledge == Record::Knowledge::kNeedsMore && knows(exact) &&
           exact.verdict.compile_gas <= less.verdict.compile_gas;
  };
  return needs_more(a, b) || needs_more(b, a);
}

// The one that answers more; uses and pins are kept.
Record Merge(const Record& have, Record more) {
  more.pinned = have.pinned;
  more.last_used = std::max(have.last_used, more.last_used);
  const auto rank = [](const Record& record) {
    switch (record.knowledge) {
      case Record::Knowledge::kVerdict: return 3;
      case Record::Knowledge::kArtifactOnly: return 2;
      case Record::Knowledge::kNeedsMore: return 1;
    }
    return 0;
  };
  if (rank(have) > rank(more)) return have;
  if (have.knowledge == Record::Knowledge::kNeedsMore &&
      more.knowledge == Record::Knowledge::kNeedsMore) {
    more.verdict.compile_gas =
        std::max(have.verdict.compile_gas, more.verdict.compile_gas);
  }
  return more;
}

}  // namespace

absl::Status CheckArtifact(const Key& key, std::span<const uint8_t> artifact,
                           std::span<const uint8_t> module) {
  runtime::ExpectedArtifact expected;
  expected.module = key.module;
  expected.compiler = key.compiler;
  const auto view = runtime::ReadArtifact(artifact, expected);
  if (!view.ok()) return view.status();
  if (view->ProfileDigest() != key.profile) {
    return runtime::MakeArtifactError(runtime::ArtifactError::kProfileDiffers);
  }
  if (module.empty()) {
    return runtime::NativeProgram::Load(artifact, expected).status();
  }
  return runtime::VerifyWithModule(*view, module);
}

ArtifactStore::ArtifactStore(StoreOptions options)
    : options_(std::move(options)),
      nonce_(uint64_t{std::random_device()()} << 32 | std::random_device()()) {}

absl::StatusOr<std::unique_ptr<ArtifactStore>> ArtifactStore::Open(
    StoreOptions options) {
  std::unique_ptr<ArtifactStore> store(new ArtifactStore(std::move(options)));
  const std::string& folder = store->options_.folder;
  for (const char* const name : kFolders) {
    absl::Status made = MakeFolder(absl::StrCat(folder, "/", name));
    if (!made.ok()) return made;
  }
  absl::StatusOr<std::unique_ptr<Index>> index = Index::Open(folder + "/index");
  if (!index.ok()) return index.status();
  store->index_ = *std::move(index);
  uint64_t newest = 0;
  absl::Status read =
      store->index_->ForEach([&](const Key&, const Record* record) {
        if (record != nullptr) newest = std::max(newest, record->last_used);
      });
  if (!read.ok()) return read;
  store->next_use_ = newest + 1;
  // Process ids say nothing of who writes: a service in a container has the
  // same one after each start.
  absl::StatusOr<std::vector<std::string>> left =
      ListFolder(folder + "/scratch");
  if (!left.ok()) return left.status();
  for (const std::string& name : *left) {
    absl::Status removed = RemoveAbandoned(folder + "/scratch/" + name);
    if (!removed.ok()) return removed;
  }
  return store;
}

ArtifactStore::~ArtifactStore() {
  // Uses only order evictions: losing some is no harm.
  FlushUses().IgnoreError();
}

std::string ArtifactStore::ModulePath(const Digest& digest) const {
  return options_.folder + "/modules/" + digest.Hex();
}

std::string ArtifactStore::ArtifactPath(const Digest& digest) const {
  return options_.folder + "/artifacts/" + digest.Hex();
}

void ArtifactStore::Log(const std::string& line) const {
  if (options_.log) options_.log(line);
}

std::string ArtifactStore::FreshName() {
  return absl::StrCat(absl::Hex(nonce_), "-", next_name_++);
}

absl::Status ArtifactStore::WriteFile(const std::string& path,
                                      std::span<const uint8_t> bytes) {
  absl::Status written;
  // Each try but the last lost against a store that was being opened.
  for (int i = 0; i < 3; ++i) {
    written = WriteDurably(
        absl::StrCat(options_.folder, "/scratch/", FreshName()), path, bytes);
    if (!absl::IsAborted(written)) break;
  }
  if (!written.ok()) return written;
  NoteSafe(path);
  return absl::OkStatus();
}

void ArtifactStore::NoteSafe(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (safe_.size() >= kMostSafe) safe_.clear();
  safe_.insert(path);
}

absl::Status ArtifactStore::KeepSafe(const std::string& path) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (safe_.contains(path)) return absl::OkStatus();
  }
  absl::Status flushed = FlushFolder(path.substr(0, path.rfind('/')));
  if (!flushed.ok()) return flushed;
  NoteSafe(path);
  return absl::OkStatus();
}

void ArtifactStore::Forget(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  safe_.erase(path);
}

void ArtifactStore::Quarantine(const std::string& path, std::string_view why) {
  ++quarantines_;
  Forget(path);
  const std::string to = absl::StrCat(
      options_.folder, "/quarantine/", path.substr(path.rfind('/') + 1), "-",
      FreshName());
  const absl::Status moved = MoveDurably(path, to);
  Log(absl::StrCat("quarantined ", path, ": ", std::string(why),
                   moved.ok() ? "" : "; it could not be moved: ",
                   std::string(moved.message())));
  // What cannot be moved must not be read again either.
  if (!moved.ok()) Remove(path).IgnoreError();
}

absl::StatusOr<std::shared_ptr<const StoredFile>> ArtifactStore::Load(
    const std::string& path, const Digest& digest) {
  absl::StatusOr<std::shared_ptr<const StoredFile>> file = ReadSealed(path);
  if (!file.ok()) return file.status();
  if ((*file)->digest() != digest) {
    Quarantine(path, absl::StrCat("its SHA-256 is ", (*file)->digest().Hex()));
    return absl::NotFoundError(path + " was damaged");
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  // Readers that are gone leave an entry each.
  if (open_.size() >= open_swept_) {
    for (auto entry = open_.begin(); entry != open_.end();) {
      entry = entry->second.expired() ? open_.erase(entry) : std::next(entry);
    }
    open_swept_ = std::max(kFewOpen, 2 * open_.size());
  }
  open_[path] = *file;
  return file;
}

bool ArtifactStore::InUse(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = open_.find(path);
  if (found == open_.end()) return false;
  if (!found->second.expired()) return true;
  open_.erase(found);
  return false;
}

absl::StatusOr<Digest> ArtifactStore::PutModule(
    std::span<const uint8_t> bytes) {
  const Digest digest = Sha256(bytes);
  // A damaged file is replaced.
  const std::string path = ModulePath(digest);
  absl::Status written = HasModule(digest) && Module(digest).ok()
                             ? KeepSafe(path)
                             : WriteFile(path, bytes);
  if (!written.ok()) return written;
  return digest;
}

absl::StatusOr<std::shared_ptr<const StoredFile>> ArtifactStore::Module(
    const Digest& digest) {
  return Load(ModulePath(digest), digest);
}

bool ArtifactStore::HasModule(const Digest& digest) const {
  return Exists(ModulePath(digest));
}

absl::StatusOr<Record> ArtifactStore::RecordFor(const Key& key) const {
  return index_->Get(key);
}

absl::StatusOr<std::optional<Verdict>> ArtifactStore::Find(
    const Key& key, uint64_t gas_limit) {
  absl::StatusOr<Record> record = index_->Get(key);
  if (absl::IsNotFound(record.status())) return std::nullopt;
  if (absl::IsDataLoss(record.status())) {
    ++quarantines_;
    Log("dropped the record of " + key.Short() + ": " +
        std::string(record.status().message()));
    absl::Status dropped = index_->Update(
        key, [](const Record* now) -> std::optional<Record> {
          if (now == nullptr) return std::nullopt;
          return *now;
        });
    if (!dropped.ok()) return dropped;
    return std::nullopt;
  }
  if (!record.ok()) return record.status();
  Touch(key);
  return AnswerFor(*record, gas_limit);
}

absl::Status ArtifactStore::Put(const Verdict& verdict, uint64_t gas_limit) {
  const Key key = KeyOf(verdict);
  Record record = RecordOf(verdict, gas_limit);
  if (record.HasArtifact()) {
    const std::string path = ArtifactPath(verdict.artifact_digest);
    absl::Status written =
        Exists(path) && Load(path, verdict.artifact_digest).ok()
            ? KeepSafe(path)
            : WriteFile(path, verdict.artifact);
    if (!written.ok()) return written;
  }
  Touch(key);
  bool contradiction = false;
  absl::Status updated = index_->Update(
      key, [&](const Record* have) -> std::optional<Record> {
        if (have == nullptr) return record;
        contradiction = Contradicts(*have, record);
        return contradiction ? *have : Merge(*have, record);
      });
  if (!updated.ok()) return updated;
  if (contradiction) {
    Log("contradiction: another verdict is stored for " + key.Short());
    return absl::InternalError(
        "the verdict differs from the one that is stored for " + key.Short());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const StoredFile>> ArtifactStore::Artifact(
    const Key& key, const std::optional<Digest>& expected) {
  absl::StatusOr<Record> record = index_->Get(key);
  if (absl::IsDataLoss(record.status())) {
    return absl::NotFoundError(std::string(record.status().message()));
  }
  if (!record.ok()) return record.status();
  if (!record->HasArtifact()) {
    return absl::NotFoundError("the module has no artifact under this key");
  }
  const Digest& digest = record->verdict.artifact_digest;
  if (expected && *expected != digest) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the artifact is ", digest.Hex(), ", not ", expected->Hex()));
  }
  const std::string path = ArtifactPath(digest);
  absl::StatusOr<std::shared_ptr<const StoredFile>> file = Load(path, digest);
  if (!file.ok()) return file.status();
  const absl::Status checked = CheckArtifact(key, (*file)->bytes(), {});
  if (runtime::ArtifactErrorOf(checked) ==
      runtime::ArtifactError::kIsaUnsupported) {
    return file;  // for another machine; this one will not run it
  }
  if (runtime::ArtifactErrorOf(checked) != runtime::ArtifactError::kNone) {
    Quarantine(path, std::string(checked.message()));
    return absl::NotFoundError(absl::StrCat(
        "the stored artifact was refused: ", std::string(checked.message())));
  }
  if (!checked.ok()) return checked;
  Touch(key);
  return file;
}

absl::Status ArtifactStore::Admit(const Key& key,
                                  std::span<const uint8_t> artifact,
                                  const Digest& expected) {
  absl::StatusOr<std::shared_ptr<const StoredFile>> sealed =
      SealBytes(artifact);
  if (!sealed.ok()) return sealed.status();
  if ((*sealed)->digest() != expected) {
    return runtime::MakeArtifactError(runtime::ArtifactError::kDigestMismatch);
  }
  absl::StatusOr<std::shared_ptr<const StoredFile>> module =
      Module(key.module);
  if (!module.ok()) return module.status();
  absl::Status checked =
      CheckArtifact(key, (*sealed)->bytes(), (*module)->bytes());
  if (!checked.ok()) return checked;
  absl::Status written =
      WriteFile(ArtifactPath(expected), (*sealed)->bytes());
  if (!written.ok()) return written;
  Record record;
  record.knowledge = Record::Knowledge::kArtifactOnly;
  record.verdict.module_digest = key.module;
  record.verdict.compiler_digest = key.compiler;
  record.verdict.profile_digest = key.profile;
  record.verdict.artifact_digest = expected;
  record.artifact_bytes = artifact.size();
  bool contradiction = false;
  absl::Status updated = index_->Update(
      key, [&](const Record* have) -> std::optional<Record> {
        if (have == nullptr) return record;
        contradiction = Contradicts(*have, record) ||
                        (have->knowledge == Record::Knowledge::kVerdict &&
                         !have->HasArtifact());
        return contradiction ? *have : Merge(*have, record);
      });
  if (!updated.ok()) return updated;
  if (contradiction) {
    return absl::FailedPreconditionError(
        "this node compiled the module to something else");
  }
  Touch(key);
  return absl::OkStatus();
}

absl::Status ArtifactStore::Learn(const Key& key, const Record& record) {
  if (record.HasArtifact()) {
    const std::string path = ArtifactPath(record.verdict.artifact_digest);
    if (!Exists(path)) {
      return absl::FailedPreconditionError("the verdict's artifact is missing");
    }
    if (absl::Status safe = KeepSafe(path); !safe.ok()) return safe;
  }
  bool contradiction = false;
  absl::Status updated = index_->Update(
      key, [&](const Record* have) -> std::optional<Record> {
        Record fresh = record;
        fresh.pinned = false;
        fresh.last_used = 0;
        if (have == nullptr) return fresh;
        contradiction = Contradicts(*have, fresh);
        return contradiction ? *have : Merge(*have, fresh);
      });
  if (!updated.ok()) return updated;
  return contradiction ? absl::FailedPreconditionError(
                             "the verdict contradicts the stored one")
                       : absl::OkStatus();
}

absl::Status ArtifactStore::Pin(const Key& key, bool pinned) {
  bool found = false;
  absl::Status updated = index_->Update(
      key, [&](const Record* have) -> std::optional<Record> {
        if (have == nullptr) return std::nullopt;
        found = true;
        Record record = *have;
        record.pinned = pinned;
        return record;
      });
  if (!updated.ok()) return updated;
  return found ? absl::OkStatus()
               : absl::NotFoundError("nothing is stored under " + key.Short());
}

void ArtifactStore::Touch(const Key& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  uses_[key] = next_use_++;
  if (uses_.size() < kMostUses) return;
  for (auto entry = uses_.begin(); entry != uses_.end();) {
    const bool old = entry->second + kMostUses / 2 < next_use_;
    entry = old ? uses_.erase(entry) : std::next(entry);
  }
}

absl::Status ArtifactStore::FlushUses() {
  absl::btree_map<Key, uint64_t> uses;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    uses.swap(uses_);
  }
  std::vector<Key> keys;
  for (const auto& [key, use] : uses) keys.push_back(key);
  for (size_t at = 0; at < keys.size(); at += kUsesAtATime) {
    const size_t count = std::min(kUsesAtATime, keys.size() - at);
    absl::Status updated = index_->UpdateAll(
        {keys.data() + at, count},
        [&](const Key& key, const Record* have) -> std::optional<Record> {
          if (have == nullptr) return std::nullopt;
          Record record = *have;
          record.last_used = std::max(record.last_used, uses.at(key));
          return record;
        });
    if (!updated.ok()) return updated;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoreEntry>> ArtifactStore::List() const {
  std::vector<StoreEntry> entries;
  absl::Status read =
      index_->ForEach([&](const Key& key, const Record* record) {
        if (record != nullptr) entries.push_back({key, *record});
      });
  if (!read.ok()) return read;
  for (StoreEntry& entry : entries) {
    entry.module_stored = HasModule(entry.key.module);
    entry.artifact_stored =
        entry.record.HasArtifact() &&
        Exists(ArtifactPath(entry.record.verdict.artifact_digest));
  }
  return entries;
}

}  // namespace ingot::store
