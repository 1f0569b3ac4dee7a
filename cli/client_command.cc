// `ingot client`. In: a service's socket and what to ask it. Out: its answer as
// the command of the same name prints it. Holds: a fault of the service exits
// with 3 and is named by its reason.

#include <optional>
#include <utility>

#include "chain_integration/service/client.h"
#include "cli/client_session.h"
#include "cli/commands.h"
#include "cli/input_file.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

using service::Client;

// Writes an artifact where -o says.
int WriteArtifact(const v1::GetArtifactResponse& artifact,
                  const Options& options, Output& output) {
  const absl::Status written =
      WriteOutputFile(options.output, artifact.chunk());
  if (!written.ok()) return output.Fault(written);
  output.Row("written", fmt::format("{}  {}", options.output,
                                    Counted(artifact.chunk().size(), "byte")));
  return kExitOk;
}

}  // namespace

int ClientHealthCommand(const Options& options, Output& output) {
  Client client(options.socket, std::chrono::seconds(10));
  const auto serving = client.Health();
  if (!serving.ok()) return ClientRefusal(serving.status(), output);
  const std::string_view word = *serving ? "serving" : "not_serving";
  output.Row("health", word, *serving ? Style::kGood : Style::kBad);
  output.object().Add("health", json::Value::String(word));
  return output.Finish(*serving ? kExitOk : kExitNegative);
}

int ClientInfoCommand(const Options& options, Output& output) {
  ClientSession session(options);
  if (absl::Status opened = session.Open(options); !opened.ok()) {
    return ClientRefusal(opened, output);
  }
  const v1::GetInfoResponse& info = session.info;
  json::Value& object = output.object();
  output.Row("version", info.version());
  object.Add("version", json::Value::String(info.version()));
  json::Value compilers = json::Value::MakeArray();
  for (const std::string& digest : info.compilers_sha256()) {
    output.Row("compiler", HexOf(digest));
    compilers.Append(json::Value::String(HexOf(digest)));
  }
  object.Add("compilers_sha256", std::move(compilers));
  json::Value profiles = json::Value::MakeArray();
  for (const v1::ProfileInfo& profile : info.profiles()) {
    output.Row("profile", HexOf(profile.profile_sha256()));
    profiles.Append(json::Value::String(HexOf(profile.profile_sha256())));
  }
  object.Add("profiles_sha256", std::move(profiles));
  output.Row("largest module", Counted(info.max_module_bytes(), "byte"));
  output.Row("largest message", Counted(info.max_message_bytes(), "byte"));
  output.Row("workers", Grouped(info.workers()));
  object.Add("max_module_bytes",
             json::Value::NumberString(info.max_module_bytes()));
  object.Add("max_message_bytes",
             json::Value::NumberString(info.max_message_bytes()));
  object.Add("workers", json::Value::Number(info.workers()));
  json::Value protections = json::Value::MakeArray();
  for (const std::string& name : info.protections()) {
    protections.Append(json::Value::String(name));
  }
  output.Row("protections",
             fmt::format("{}", fmt::join(info.protections(), ", ")));
  object.Add("protections", std::move(protections));
  return output.Finish(kExitOk);
}

int ClientCompileCommand(const Options& options, Output& output) {
  ClientSession session(options);
  if (absl::Status opened = session.Open(options); !opened.ok()) {
    return ClientRefusal(opened, output);
  }
  const auto file = session.ReadModule(options.files[0]);
  if (!file.ok()) return ClientRefusal(file.status(), output);
  const auto response = session.Compile(*file, options);
  if (!response.ok()) return ClientRefusal(response.status(), output);
  int exit_code = PrintVerdict(*response, output);
  if (exit_code == kExitOk && !options.output.empty()) {
    v1::GetArtifactRequest request;
    *request.mutable_target() = session.target;
    request.set_module_sha256(response->verdict().module_sha256());
    request.set_artifact_sha256(response->verdict().artifact_sha256());
    request.set_lane(LaneOf(options));
    const auto artifact = session.client.GetArtifact(request);
    if (!artifact.ok()) return ClientRefusal(artifact.status(), output);
    exit_code = WriteArtifact(*artifact, options, output);
    if (exit_code != kExitOk) return exit_code;
  }
  return output.Finish(exit_code);
}

int ClientGetCommand(const Options& options, Output& output) {
  ClientSession session(options);
  if (absl::Status opened = session.Open(options); !opened.ok()) {
    return ClientRefusal(opened, output);
  }
  v1::GetArtifactRequest request;
  *request.mutable_target() = session.target;
  request.set_lane(LaneOf(options));
  const std::optional<std::string> module = DigestFromHex(options.word);
  const std::optional<std::string> expected = DigestFromHex(options.expected);
  if (!module || (!expected && !options.expected.empty())) {
    return output.Usage((module ? options.expected : options.word) +
                        ": a SHA-256 is written as 64 hexadecimal digits");
  }
  request.set_module_sha256(*module);
  if (expected) request.set_artifact_sha256(*expected);
  const auto artifact = session.client.GetArtifact(request);
  if (!artifact.ok()) return ClientRefusal(artifact.status(), output);
  output.Row("artifact", HexOf(artifact->artifact_sha256()));
  output.object().Add("artifact_sha256",
                      json::Value::String(HexOf(artifact->artifact_sha256())));
  output.object().Add("artifact_bytes",
                      json::Value::Number(artifact->chunk().size()));
  const int exit_code = WriteArtifact(*artifact, options, output);
  return exit_code == kExitOk ? output.Finish(kExitOk) : exit_code;
}

int ClientVerifyCommand(const Options& options, Output& output) {
  ClientSession session(options);
  if (absl::Status opened = session.Open(options); !opened.ok()) {
    return ClientRefusal(opened, output);
  }
  const auto artifact =
      ReadInputFile(options.files[0], session.info.max_message_bytes());
  if (!artifact.ok()) return output.Fault(artifact.status());
  v1::VerifyRequest request;
  *request.mutable_target() = session.target;
  request.set_artifact(std::string(artifact->bytes.begin(), artifact->bytes.end()));
  if (options.files.size() > 1) {
    const auto module = session.ReadModule(options.files[1]);
    if (!module.ok()) return ClientRefusal(module.status(), output);
    // Both do not always fit into one message.
    const auto uploaded = session.Upload(*module);
    if (!uploaded.ok()) return ClientRefusal(uploaded.status(), output);
    request.set_module_sha256(*uploaded);
    request.set_recompile(true);
  }
  const auto response = session.client.Verify(request);
  if (!response.ok()) return ClientRefusal(response.status(), output);
  json::Value checks = json::Value::MakeArray();
  for (int i = 0; i < response->checks_size(); ++i) {
    const bool passed =
        response->accepted() || i + 1 < response->checks_size();
    output.Row(response->checks(i), passed ? "passed" : "failed",
               passed ? Style::kGood : Style::kBad);
    json::Value item = json::Value::MakeObject();
    item.Add("check", json::Value::String(response->checks(i)));
    item.Add("passed", json::Value::Bool(passed));
    checks.Append(std::move(item));
  }
  if (!response->accepted()) output.Row("what", response->message());
  json::Value& object = output.object();
  object.Add("verdict", json::Value::String(
                            response->accepted() ? "accepted" : "rejected"));
  object.Add("code", StringOrNull(response->code()));
  object.Add("message", StringOrNull(response->message()));
  object.Add("checks", std::move(checks));
  object.Add("artifact_sha256",
             json::Value::String(HexOf(response->artifact_sha256())));
  return output.Finish(response->accepted() ? kExitOk : kExitNegative);
}

int ClientQuoteCommand(const Options& options, Output& output) {
  ClientSession session(options);
  if (absl::Status opened = session.Open(options); !opened.ok()) {
    return ClientRefusal(opened, output);
  }
  const auto file = session.ReadModule(options.files[0]);
  if (!file.ok()) return ClientRefusal(file.status(), output);
  v1::QuoteRequest request;
  *request.mutable_target() = session.target;
  if (options.gas_limit) request.set_gas_limit(*options.gas_limit);
  if (absl::Status set = session.SetModule(*file, &request); !set.ok()) {
    return ClientRefusal(set, output);
  }
  const auto response = session.client.Quote(request);
  if (!response.ok()) return ClientRefusal(response.status(), output);
  const bool accepted = response->kind() == v1::VERDICT_KIND_ACCEPTED;
  const VerdictText text = TextOf(response->kind(), response->code());
  json::Value& object = output.object();
  object.Add("verdict", json::Value::String(text.word));
  object.Add("code", StringOrNull(text.code));
  object.Add("message", StringOrNull(text.message));
  if (!accepted) output.Row("verdict", text.word, Style::kBad);
  PrintWhat(text, output);
  const auto gas = [&](const char* label, const char* key, uint64_t value) {
    output.Row(label, Grouped(value) + " gas");
    object.Add(key, json::Value::NumberString(value));
  };
  gas("at least", "lower_gas", response->lower_gas());
  gas("at most", "upper_gas", response->upper_gas());
  gas("asking used", "quote_gas", response->quote_gas());
  return output.Finish(accepted ? kExitOk : kExitNegative);
}

}  // namespace ingot::cli
