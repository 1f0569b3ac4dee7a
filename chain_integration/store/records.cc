// Records as bytes: little-endian numbers in a fixed order behind a format
// version, then eight bytes of a SHA-256 over key and record. In and out: see
// the header. Holds: Decode(Encode(x)) == x, and nothing else decodes.

#include "chain_integration/store/records.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "metering/gas.h"

namespace ingot::store {
namespace {

using sandbox::Verdict;
using sandbox::VerdictKind;

constexpr uint8_t kFormat = 1;
constexpr size_t kChecksumBytes = 8;

void Append(std::string* out, const Digest& digest) {
  out->append(reinterpret_cast<const char*>(digest.bytes.data()),
              digest.bytes.size());
}

void Append(std::string* out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out->push_back(static_cast<char>(value >> (8 * i)));
  }
}

std::string Checksum(const Key& key, std::string_view fields) {
  const std::string text = key.Bytes() + std::string(fields);
  const Digest digest =
      Sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return std::string(reinterpret_cast<const char*>(digest.bytes.data()),
                     kChecksumBytes);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Number(int bytes) {
    uint64_t value = 0;
    if (!Take(bytes)) return 0;
    for (int i = 0; i < bytes; ++i) {
      value |= uint64_t{static_cast<uint8_t>(bytes_[at_ - bytes + i])}
               << (8 * i);
    }
    return value;
  }
  Digest ReadDigest() {
    Digest digest;
    if (Take(32)) std::memcpy(digest.bytes.data(), &bytes_[at_ - 32], 32);
    return digest;
  }
  bool AtEnd() const { return !failed_ && at_ == bytes_.size(); }

 private:
  bool Take(size_t bytes) {
    if (failed_ || bytes_.size() - at_ < bytes) {
      failed_ = true;
      return false;
    }
    at_ += bytes;
    return true;
  }

  std::string_view bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace

std::string Key::Bytes() const {
  std::string bytes;
  for (const Digest& digest : {module, compiler, profile}) {
    Append(&bytes, digest);
  }
  return bytes;
}

std::string Key::Short() const {
  return module.Hex().substr(0, 12) + "-" + compiler.Hex().substr(0, 8) + "-" +
         profile.Hex().substr(0, 8);
}

std::optional<Key> KeyFromBytes(std::string_view bytes) {
  Reader reader(bytes);
  Key key;
  key.module = reader.ReadDigest();
  key.compiler = reader.ReadDigest();
  key.profile = reader.ReadDigest();
  if (!reader.AtEnd()) return std::nullopt;
  return key;
}

Key KeyOf(const Verdict& verdict) {
  return {verdict.module_digest, verdict.compiler_digest,
          verdict.profile_digest};
}

Record RecordOf(const Verdict& verdict, uint64_t limit) {
  Record record;
  record.verdict = verdict;
  record.verdict.artifact.clear();
  record.verdict.defect = {};
  record.artifact_bytes = verdict.artifact.size();
  if (verdict.kind == VerdictKind::kOutOfGas) {
    record.knowledge = Record::Knowledge::kNeedsMore;
    record.verdict.compile_gas = Gas::FromLimit(limit).value();
  }
  return record;
}

std::optional<Verdict> AnswerFor(const Record& record, uint64_t limit) {
  limit = Gas::FromLimit(limit).value();
  if (record.knowledge == Record::Knowledge::kArtifactOnly) return std::nullopt;
  const bool enough = record.knowledge == Record::Knowledge::kVerdict;
  if (enough && limit >= record.verdict.compile_gas) return record.verdict;
  if (!enough && limit > record.verdict.compile_gas) return std::nullopt;
  Verdict verdict;
  verdict.kind = VerdictKind::kOutOfGas;
  verdict.compile_gas = limit;
  verdict.module_digest = record.verdict.module_digest;
  verdict.compiler_digest = record.verdict.compiler_digest;
  verdict.profile_digest = record.verdict.profile_digest;
  return verdict;
}

std::string Encode(const Key& key, const Record& record) {
  std::string out;
  Append(&out, kFormat, 1);
  Append(&out, static_cast<uint64_t>(record.knowledge), 1);
  Append(&out, static_cast<uint64_t>(record.verdict.kind), 1);
  Append(&out, record.pinned ? 1 : 0, 1);
  Append(&out, static_cast<uint32_t>(record.verdict.code), 4);
  Append(&out, record.verdict.function, 4);
  Append(&out, record.verdict.offset, 4);
  Append(&out, record.verdict.compile_gas, 8);
  Append(&out, record.artifact_bytes, 8);
  Append(&out, record.last_used, 8);
  Append(&out, record.verdict.artifact_digest);
  return out + Checksum(key, out);
}

std::optional<Record> Decode(const Key& key, std::string_view bytes) {
  if (bytes.size() < kChecksumBytes) return std::nullopt;
  const std::string_view fields =
      bytes.substr(0, bytes.size() - kChecksumBytes);
  if (bytes.substr(fields.size()) != Checksum(key, fields)) return std::nullopt;
  Reader reader(fields);
  if (reader.Number(1) != kFormat) return std::nullopt;
  Record record;
  const uint64_t knowledge = reader.Number(1);
  const uint64_t kind = reader.Number(1);
  record.knowledge = static_cast<Record::Knowledge>(knowledge);
  record.verdict.kind = static_cast<VerdictKind>(kind);
  record.pinned = reader.Number(1) != 0;
  record.verdict.code = static_cast<Code>(reader.Number(4));
  record.verdict.function = static_cast<uint32_t>(reader.Number(4));
  record.verdict.offset = static_cast<uint32_t>(reader.Number(4));
  record.verdict.compile_gas = reader.Number(8);
  record.artifact_bytes = reader.Number(8);
  record.last_used = reader.Number(8);
  record.verdict.artifact_digest = reader.ReadDigest();
  record.verdict.module_digest = key.module;
  record.verdict.compiler_digest = key.compiler;
  record.verdict.profile_digest = key.profile;
  if (!reader.AtEnd() || knowledge < 1 || knowledge > 3 ||
      kind > static_cast<uint64_t>(VerdictKind::kOutOfMemory)) {
    return std::nullopt;
  }
  return record;
}

}  // namespace ingot::store
