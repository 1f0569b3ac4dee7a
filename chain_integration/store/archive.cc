// The stream: "INGOTST1", then items. An item is a kind, the length of its
// payload (8 bytes, little-endian) and the payload: a module's bytes; an
// artifact's key and bytes; a record's key and bytes; the end, whose payload is
// the SHA-256 over the digests of all items before it. In and out: see the
// header. Holds: an item's length is checked before memory is taken for it.

#include "chain_integration/store/archive.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "runtime/artifact/artifact_error.h"

namespace ingot::store {
namespace {

constexpr std::string_view kMagic = "INGOTST1";
constexpr size_t kKeyBytes = 96;
// No module and no artifact that a profile allows is larger.
constexpr uint64_t kMaxItemBytes = uint64_t{2} << 30;

enum class Item : char { kModule = 'M', kArtifact = 'A', kRecord = 'R',
                         kEnd = 'E' };

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
std::string_view Text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The running digest over items.
class Seal {
 public:
  void Add(Item kind, std::string_view payload) {
    chain_.push_back(static_cast<char>(kind));
    chain_ += std::string(Text(Sha256(Bytes(payload)).bytes));
    chain_ = std::string(Text(Sha256(Bytes(chain_)).bytes));
  }
  const std::string& value() const { return chain_; }

 private:
  std::string chain_;
};

class Writer {
 public:
  explicit Writer(const ChunkSink& sink) : sink_(sink) {}

  absl::Status Begin() { return Send(kMagic); }
  absl::Status Write(Item kind, std::string_view head, std::string_view body) {
    std::string payload(head);
    payload += body;
    std::string start(1, static_cast<char>(kind));
    for (int i = 0; i < 8; ++i) {
      start.push_back(static_cast<char>(uint64_t{payload.size()} >> (8 * i)));
    }
    if (absl::Status sent = Send(start); !sent.ok()) return sent;
    seal_.Add(kind, payload);
    return Send(payload);
  }
  absl::Status End() {
    const std::string seal = seal_.value();
    return Write(Item::kEnd, seal, "");
  }

 private:
  absl::Status Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t size = std::min(bytes.size(), kChunkBytes);
      if (absl::Status sent = sink_(bytes.substr(0, size)); !sent.ok()) {
        return sent;
      }
      bytes.remove_prefix(size);
    }
    return absl::OkStatus();
  }

  const ChunkSink& sink_;
  Seal seal_;
};

class Reader {
 public:
  explicit Reader(const ChunkSource& source) : source_(source) {}

  // Exactly `size` bytes.
  absl::StatusOr<std::string> Take(uint64_t size) {
    while (buffer_.size() < size) {
      absl::StatusOr<std::string> more = source_();
      if (!more.ok()) return more.status();
      if (more->empty()) {
        return absl::DataLossError("the stream ends too early");
      }
      buffer_ += *more;
    }
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  absl::StatusOr<std::pair<Item, std::string>> Next() {
    absl::StatusOr<std::string> start = Take(9);
    if (!start.ok()) return start.status();
    uint64_t size = 0;
    for (int i = 0; i < 8; ++i) {
      size |= uint64_t{static_cast<uint8_t>((*start)[i + 1])} << (8 * i);
    }
    if (size > kMaxItemBytes) {
      return absl::DataLossError("the stream holds an item of an absurd size");
    }
    absl::StatusOr<std::string> payload = Take(size);
    if (!payload.ok()) return payload.status();
    const Item kind = static_cast<Item>((*start)[0]);
    const std::string sealed = seal_.value();
    if (kind == Item::kEnd && *payload != sealed) {
      return absl::DataLossError("the stream was altered");
    }
    seal_.Add(kind, *payload);
    return std::pair(kind, *std::move(payload));
  }

 private:
  const ChunkSource& source_;
  std::string buffer_;
  Seal seal_;
};

absl::Status ImportArtifact(ArtifactStore& store, std::string_view payload,
                            TransferReport* report) {
  const std::optional<Key> key = KeyFromBytes(payload.substr(0, kKeyBytes));
  if (!key) return absl::DataLossError("the stream holds a key cut short");
  const std::span<const uint8_t> bytes = Bytes(payload.substr(kKeyBytes));
  const absl::Status admitted = store.Admit(*key, bytes, Sha256(bytes));
  if (admitted.ok()) {
    ++report->artifacts;
  } else if (runtime::ArtifactErrorOf(admitted) !=
                 runtime::ArtifactError::kNone ||
             absl::IsFailedPrecondition(admitted) ||
             absl::IsNotFound(admitted)) {
    ++report->refused;
  } else {
    return admitted;
  }
  return absl::OkStatus();
}

absl::Status ImportRecord(ArtifactStore& store, std::string_view payload,
                          TransferReport* report) {
  const std::optional<Key> key = KeyFromBytes(payload.substr(0, kKeyBytes));
  if (!key) return absl::DataLossError("the stream holds a key cut short");
  const std::optional<Record> record =
      Decode(*key, payload.substr(kKeyBytes));
  if (!record) return absl::DataLossError("the stream holds no sound record");
  const absl::Status learned = store.Learn(*key, *record);
  if (learned.ok()) {
    ++report->verdicts;
  } else if (absl::IsFailedPrecondition(learned)) {
    ++report->refused;
  } else {
    return learned;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TransferReport> Export(ArtifactStore& store,
                                      const ChunkSink& sink) {
  absl::StatusOr<std::vector<StoreEntry>> entries = store.List();
  if (!entries.ok()) return entries.status();
  Writer writer(sink);
  TransferReport report;
  if (absl::Status sent = writer.Begin(); !sent.ok()) return sent;
  std::set<Digest> sent_modules;
  for (const StoreEntry& entry : *entries) {
    if (entry.module_stored && sent_modules.insert(entry.key.module).second) {
      const auto module = store.Module(entry.key.module);
      if (absl::IsNotFound(module.status())) continue;
      if (!module.ok()) return module.status();
      absl::Status sent =
          writer.Write(Item::kModule, "", Text((*module)->bytes()));
      if (!sent.ok()) return sent;
      ++report.modules;
    }
    if (entry.artifact_stored) {
      const auto artifact = store.Artifact(entry.key);
      if (absl::IsNotFound(artifact.status())) continue;
      if (!artifact.ok()) return artifact.status();
      absl::Status sent = writer.Write(Item::kArtifact, entry.key.Bytes(),
                                       Text((*artifact)->bytes()));
      if (!sent.ok()) return sent;
      ++report.artifacts;
    }
    if (entry.record.knowledge == Record::Knowledge::kArtifactOnly) continue;
    absl::Status sent = writer.Write(Item::kRecord, entry.key.Bytes(),
                                     Encode(entry.key, entry.record));
    if (!sent.ok()) return sent;
    ++report.verdicts;
  }
  if (absl::Status sent = writer.End(); !sent.ok()) return sent;
  return report;
}

absl::StatusOr<TransferReport> Import(ArtifactStore& store, Trust trust,
                                      const ChunkSource& source) {
  Reader reader(source);
  absl::StatusOr<std::string> magic = reader.Take(kMagic.size());
  if (!magic.ok()) return magic.status();
  if (*magic != kMagic) {
    return absl::DataLossError("this is no stream of a store");
  }
  TransferReport report;
  while (true) {
    absl::StatusOr<std::pair<Item, std::string>> item = reader.Next();
    if (!item.ok()) return item.status();
    const std::string& payload = item->second;
    absl::Status taken;
    switch (item->first) {
      case Item::kEnd: return report;
      case Item::kModule:
        taken = store.PutModule(Bytes(payload)).status();
        ++report.modules;
        break;
      case Item::kArtifact:
        taken = ImportArtifact(store, payload, &report);
        break;
      case Item::kRecord:
        if (trust == Trust::kVerdicts) {
          taken = ImportRecord(store, payload, &report);
        }
        break;
      default: return absl::DataLossError("the stream holds an unknown item");
    }
    if (!taken.ok()) return taken;
  }
}

}  // namespace ingot::store
