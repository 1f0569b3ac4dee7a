// The parts of `ingot client`. In and out: see the header.

#include "cli/client_session.h"

#include "chain_integration/service/faults.h"
#include "chain_integration/service/wire.h"
#include "cli/compilation.h"
#include "cli/profile_file.h"
#include "compiler/base/error_text.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

// What a message has beside a module.
constexpr uint64_t kMessageMargin = 65536;

std::string_view VerdictWord(v1::VerdictKind kind) {
  switch (kind) {
    case v1::VERDICT_KIND_ACCEPTED: return "accepted";
    case v1::VERDICT_KIND_REJECTED: return "rejected";
    case v1::VERDICT_KIND_OUT_OF_GAS: return "out_of_gas";
    case v1::VERDICT_KIND_OUT_OF_MEMORY: return "out_of_memory";
    default: return "unknown";
  }
}

}  // namespace

absl::Status ClientSession::Open(const Options& options) {
  auto answer = client.GetInfo();
  if (!answer.ok()) return answer.status();
  info = *std::move(answer);
  if (info.compilers_sha256().empty() || info.profiles().empty()) {
    return service::Fault(v1::FAULT_REASON_INTERNAL,
                          "the node has no compiler or no profile");
  }
  target.set_compiler_sha256(info.compilers_sha256(0));
  target.set_profile_sha256(info.profiles(0).profile_sha256());
  if (!options.compiler.empty()) {
    const std::optional<std::string> digest = DigestFromHex(options.compiler);
    if (!digest) {
      return absl::InvalidArgumentError(
          "--compiler: a SHA-256 is written as 64 hexadecimal digits");
    }
    target.set_compiler_sha256(*digest);
  }
  if (options.profile.empty() && !options.level) return absl::OkStatus();
  const auto chosen = ProfileFor(options);
  if (!chosen.ok()) return chosen.status();
  target.set_profile_sha256(service::BytesOf(Sha256(CanonicalBytes(*chosen))));
  return absl::OkStatus();
}

absl::StatusOr<InputFile> ClientSession::ReadModule(
    const std::string& path) const {
  auto file = ReadInputFile(path, info.max_module_bytes());
  if (file.ok() && !file->complete) {
    return service::Fault(v1::FAULT_REASON_TOO_LARGE,
                          path + ": larger than the node takes");
  }
  return file;
}

bool ClientSession::FitsIntoMessage(const InputFile& file) const {
  return file.bytes.size() + kMessageMargin <= info.max_message_bytes();
}

absl::StatusOr<std::string> ClientSession::Upload(const InputFile& file) {
  const auto uploaded = client.UploadModule(
      service::TextOf(std::span<const uint8_t>(file.bytes)));
  if (!uploaded.ok()) return uploaded.status();
  return uploaded->module_sha256();
}

absl::StatusOr<v1::CompileResponse> ClientSession::Compile(
    const InputFile& file, const Options& options) {
  v1::CompileRequest request;
  *request.mutable_target() = target;
  request.set_lane(LaneOf(options));
  if (options.gas_limit) request.set_gas_limit(*options.gas_limit);
  absl::Status set = SetModule(file, &request);
  if (!set.ok()) return set;
  return client.Compile(request);
}

v1::Lane LaneOf(const Options& options) {
  return options.block_lane ? v1::LANE_BLOCK : v1::LANE_UNSPECIFIED;
}

std::string HexOf(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  }
  return text;
}

std::optional<std::string> DigestFromHex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (text.size() != 64) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const size_t high = kDigits.find(text[i]);
    const size_t low = kDigits.find(text[i + 1]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

VerdictText TextOf(v1::VerdictKind kind, uint32_t number) {
  const std::optional<Code> code = CodeFromNumber(number);
  const bool has_code = code && *code != Code::kOk;
  return {VerdictWord(kind), has_code ? TextOf(*code).name : "",
          has_code ? TextOf(*code).message
          : kind == v1::VERDICT_KIND_OUT_OF_GAS
              ? "compiling used up the gas limit"
              : ""};
}

void PrintWhat(const VerdictText& text, Output& output) {
  if (text.message.empty()) return;
  output.Row("what", text.code.empty()
                         ? std::string(text.message)
                         : fmt::format("{} ({})", text.message, text.code));
}

int PrintVerdict(const v1::CompileResponse& response, Output& output) {
  const v1::Verdict& verdict = response.verdict();
  const bool accepted = verdict.kind() == v1::VERDICT_KIND_ACCEPTED;
  const VerdictText text = TextOf(verdict.kind(), verdict.code());
  output.Row("verdict", text.word, accepted ? Style::kGood : Style::kBad);
  PrintWhat(text, output);
  output.Row("compile gas", Grouped(verdict.compile_gas()));
  output.Row("answered", response.cached() ? "from the store" : "by compiling");
  output.Row("module", HexOf(verdict.module_sha256()));
  if (accepted) {
    output.Row("artifact", fmt::format("{}  {}",
                                       HexOf(verdict.artifact_sha256()),
                                       Counted(verdict.artifact_bytes(),
                                               "byte")));
  }
  json::Value& object = output.object();
  object.Add("verdict", json::Value::String(text.word));
  object.Add("code", StringOrNull(text.code));
  object.Add("message", StringOrNull(text.message));
  object.Add("function", PlaceValue(verdict.has_function() ? verdict.function()
                                                           : kNowhere));
  object.Add("offset",
             PlaceValue(verdict.has_offset() ? verdict.offset() : kNowhere));
  object.Add("compile_gas", json::Value::NumberString(verdict.compile_gas()));
  object.Add("module_sha256",
             json::Value::String(HexOf(verdict.module_sha256())));
  object.Add("compiler_sha256",
             json::Value::String(HexOf(verdict.compiler_sha256())));
  object.Add("profile_sha256",
             json::Value::String(HexOf(verdict.profile_sha256())));
  object.Add("artifact_sha256",
             accepted ? json::Value::String(HexOf(verdict.artifact_sha256()))
                      : json::Value::Null());
  object.Add("artifact_bytes",
             accepted ? json::Value::Number(verdict.artifact_bytes())
                      : json::Value::Null());
  object.Add("cached", json::Value::Bool(response.cached()));
  return accepted ? kExitOk : kExitNegative;
}

int ClientRefusal(const absl::Status& status, Output& output) {
  const v1::FaultReason reason = service::ReasonOf(status);
  // Statuses of files and profiles carry no reason.
  const bool of_service = reason != v1::FAULT_REASON_INTERNAL ||
                          status.code() == absl::StatusCode::kInternal;
  if (!of_service) return output.Refusal(status);
  return output.Fault(service::ReasonName(reason),
                      fmt::format("{}; {}", std::string(status.message()),
                                  service::ReasonRemedy(reason)));
}

}  // namespace ingot::cli
