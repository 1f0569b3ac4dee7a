// Jobs and replies as bytes: little-endian numbers, byte strings behind their
// lengths, and a SHA-256 over everything at the end. In and out: see the
// header. Holds: a length is compared with what is there before it is used.

#include "sandbox/worker/protocol.h"

#include <cstring>

#include "runtime/digest.h"

namespace ingot::sandbox {
namespace {

class Writer {
 public:
  void Number(uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
      out_.push_back(static_cast<char>(value >> shift));
    }
  }
  void Bytes(std::span<const uint8_t> bytes) {
    Number(bytes.size());
    out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void Text(std::string_view text) {
    Bytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }
  std::string Finish() {
    const Digest digest = Sha256(
        {reinterpret_cast<const uint8_t*>(out_.data()), out_.size()});
    out_.append(reinterpret_cast<const char*>(digest.bytes.data()), 32);
    return std::move(out_);
  }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) {
    if (bytes.size() < 32) return;
    rest_ = bytes.substr(0, bytes.size() - 32);
    const Digest digest = Sha256(
        {reinterpret_cast<const uint8_t*>(rest_.data()), rest_.size()});
    sound_ = std::memcmp(digest.bytes.data(), bytes.data() + rest_.size(),
                         32) == 0;
  }

  uint64_t Number() {
    const std::string_view taken = Take(8);
    uint64_t value = 0;
    for (size_t i = 0; i < taken.size(); ++i) {
      value |= uint64_t{static_cast<uint8_t>(taken[i])} << (8 * i);
    }
    return value;
  }
  std::string_view Text() { return Take(Number()); }
  std::vector<uint8_t> Bytes() {
    const std::string_view text = Text();
    return {text.begin(), text.end()};
  }
  Digest ReadDigest() {
    Digest digest;
    const std::string_view taken = Take(32);
    if (taken.size() == 32) std::memcpy(digest.bytes.data(), taken.data(), 32);
    return digest;
  }
  absl::Status Finish(const char* what) const {
    if (sound_ && rest_.empty()) return absl::OkStatus();
    return absl::DataLossError(std::string(what) + " is damaged");
  }

 private:
  std::string_view Take(uint64_t size) {
    if (!sound_ || size > rest_.size()) {
      sound_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool sound_ = false;
};

// A digest without a length.
void Append(Writer& writer, const Digest& digest) { writer.Bytes(digest.bytes); }

Digest TakeDigest(Reader& reader) {
  return reader.Number() == 32 ? reader.ReadDigest() : Digest();
}

}  // namespace

std::string Encode(const Job& job) {
  Writer writer;
  writer.Number(static_cast<uint64_t>(job.kind));
  writer.Number(job.nonce);
  writer.Number(job.gas_limit);
  writer.Bytes(job.profile);
  writer.Bytes(job.module);
  return writer.Finish();
}

absl::StatusOr<Job> DecodeJob(std::string_view bytes) {
  Reader reader(bytes);
  Job job;
  const uint64_t kind = reader.Number();
  job.kind = static_cast<Job::Kind>(kind);
  job.nonce = reader.Number();
  job.gas_limit = reader.Number();
  job.profile = reader.Bytes();
  job.module = reader.Bytes();
  if (absl::Status end = reader.Finish("the job"); !end.ok()) return end;
  if (kind > static_cast<uint64_t>(Job::Kind::kQuote)) {
    return absl::DataLossError("the job is of no kind");
  }
  return job;
}

std::string Encode(const CompilerBytes& compiler) {
  Writer writer;
  writer.Bytes(compiler.wasm);
  writer.Bytes(compiler.artifact);
  writer.Bytes(compiler.profile);
  return writer.Finish();
}

absl::StatusOr<CompilerBytes> DecodeCompiler(std::string_view bytes) {
  Reader reader(bytes);
  CompilerBytes compiler;
  compiler.wasm = reader.Bytes();
  compiler.artifact = reader.Bytes();
  compiler.profile = reader.Bytes();
  if (absl::Status end = reader.Finish("the compiler"); !end.ok()) return end;
  return compiler;
}

std::string Encode(const Reply& reply) {
  Writer writer;
  writer.Number(reply.nonce);
  writer.Number(static_cast<uint64_t>(reply.fault.code()));
  writer.Text(std::string(reply.fault.message()));
  writer.Number(reply.answer.lower_gas);
  writer.Number(reply.answer.upper_gas);
  writer.Number(reply.answer.quote_gas);
  const Verdict& verdict = reply.answer.verdict;
  writer.Number(static_cast<uint64_t>(verdict.kind));
  writer.Number(static_cast<uint64_t>(verdict.code));
  writer.Number(verdict.function);
  writer.Number(verdict.offset);
  writer.Number(verdict.compile_gas);
  Append(writer, verdict.module_digest);
  Append(writer, verdict.compiler_digest);
  Append(writer, verdict.profile_digest);
  Append(writer, verdict.artifact_digest);
  writer.Number(static_cast<uint64_t>(verdict.defect.trap));
  writer.Number(verdict.defect.function);
  writer.Number(verdict.defect.offset);
  writer.Bytes(verdict.artifact);
  return writer.Finish();
}

absl::StatusOr<Reply> DecodeReply(std::string_view bytes) {
  Reader reader(bytes);
  Reply reply;
  reply.nonce = reader.Number();
  const uint64_t code = reader.Number();
  const std::string_view message = reader.Text();
  if (code != 0) {
    reply.fault = absl::Status(static_cast<absl::StatusCode>(code),
                               std::string(message));
  }
  reply.answer.lower_gas = reader.Number();
  reply.answer.upper_gas = reader.Number();
  reply.answer.quote_gas = reader.Number();
  Verdict& verdict = reply.answer.verdict;
  const uint64_t kind = reader.Number();
  verdict.kind = static_cast<VerdictKind>(kind);
  verdict.code = static_cast<Code>(reader.Number());
  verdict.function = static_cast<uint32_t>(reader.Number());
  verdict.offset = static_cast<uint32_t>(reader.Number());
  verdict.compile_gas = reader.Number();
  verdict.module_digest = TakeDigest(reader);
  verdict.compiler_digest = TakeDigest(reader);
  verdict.profile_digest = TakeDigest(reader);
  verdict.artifact_digest = TakeDigest(reader);
  verdict.defect.trap = static_cast<TrapCode>(reader.Number());
  verdict.defect.function = static_cast<uint32_t>(reader.Number());
  verdict.defect.offset = static_cast<uint32_t>(reader.Number());
  verdict.artifact = reader.Bytes();
  if (absl::Status end = reader.Finish("the reply"); !end.ok()) return end;
  if (kind > static_cast<uint64_t>(VerdictKind::kOutOfMemory)) {
    return absl::DataLossError("the reply holds no verdict");
  }
  return reply;
}

}  // namespace ingot::sandbox
