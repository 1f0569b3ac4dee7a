// `ingot serve`. In: a configuration file and flags over it. Out: the service,
// until it stops. Holds: what is wrong with the configuration is wrong usage
// and said before anything starts.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chain_integration/service/config.h"
#include "chain_integration/service/serve.h"
#include "cli/commands.h"
#include "cli/input_file.h"
#include "cli/profile_file.h"
#include "fmt/format.h"
#include "runtime/digest.h"
#include "sandbox/embedded_compiler.h"

namespace ingot::cli {
namespace {

constexpr uint64_t kMaxConfigBytes = 1 << 20;
constexpr uint64_t kMaxCompilerBytes = 64 << 20;

// The embedded compiler and those that the configuration names.
absl::Status LoadCompilers(service::ServiceConfig& config) {
  if (config.compilers.empty()) return absl::OkStatus();
  std::vector<std::vector<uint8_t>>& compilers = config.node.compilers;
  const auto embedded = sandbox::EmbeddedCompilerWasm();
  compilers = {{embedded.begin(), embedded.end()}};
  std::vector<std::string> known = {Sha256(embedded).Hex()};
  for (const service::CompilerFile& wanted : config.compilers) {
    auto file = ReadInputFile(wanted.path, kMaxCompilerBytes);
    if (!file.ok()) return file.status();
    const std::string digest = Sha256(file->bytes).Hex();
    if (digest != wanted.sha256) {
      return absl::InvalidArgumentError(
          fmt::format("compile.compilers: {} has SHA-256 {}, not {}",
                      wanted.path, digest, wanted.sha256));
    }
    if (std::find(known.begin(), known.end(), digest) != known.end()) {
      return absl::InvalidArgumentError(fmt::format(
          "compile.compilers: {} is there twice; the embedded one need not be "
          "named",
          wanted.path));
    }
    known.push_back(digest);
    compilers.push_back(std::move(file->bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<service::ServiceConfig> LoadConfig(const Options& options) {
  service::ServiceConfig config;
  if (!options.config.empty()) {
    const auto file = ReadInputFile(options.config, kMaxConfigBytes);
    if (!file.ok()) return file.status();
    auto parsed = service::ParseConfig(
        {reinterpret_cast<const char*>(file->bytes.data()),
         file->bytes.size()},
        options.config);
    if (!parsed.ok()) return parsed.status();
    config = *std::move(parsed);
  }
  if (!options.socket.empty()) config.grpc.listener.path = options.socket;
  if (!options.frames.empty()) config.frames.listener.path = options.frames;
  if (!options.store.empty()) config.node.store_folder = options.store;
  if (options.workers > 0) {
    config.node.workers.ready = options.workers;
    config.node.compilations = options.workers;
  }
  if (!options.metrics.empty()) config.metrics = options.metrics;
  if (!config.profiles.empty()) config.node.profiles.clear();
  for (const std::string& path : config.profiles) {
    auto profile = LoadProfile(path);
    if (!profile.ok()) return profile.status();
    config.node.profiles.push_back(*profile);
  }
  absl::Status loaded = LoadCompilers(config);
  if (!loaded.ok()) return loaded;
  return config;
}

// What no key alone shows; empty: nothing.
std::string WrongWith(const service::ServiceConfig& config) {
  if (config.node.store_folder.empty()) {
    return "there is no store: set store.folder or --store";
  }
  if (config.grpc.listener.path.empty() && config.grpc.tcp.empty() &&
      config.frames.listener.path.empty()) {
    return "nothing to listen on: set socket.path or --socket";
  }
  for (const Profile& profile : config.node.profiles) {
    if (config.node.max_module_bytes <= profile.limits.module_bytes) {
      return fmt::format(
          "compile.max_module_bytes: must be more than a profile's limit, {}, "
          "or a verdict would become a fault",
          profile.limits.module_bytes);
    }
  }
  return "";
}

}  // namespace

int ServeCommand(const Options& options, Output& output) {
  auto config = LoadConfig(options);
  if (!config.ok()) return output.Refusal(config.status());
  if (const std::string wrong = WrongWith(*config); !wrong.empty()) {
    return output.Usage(wrong);
  }
  if (!options.check_config) return service::Serve(*config);
  output.Row("configuration", "is sound", Style::kGood);
  output.object().Add("config", json::Value::String("sound"));
  return output.Finish(kExitOk);
}

}  // namespace ingot::cli
