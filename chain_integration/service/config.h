#ifndef CHAIN_INTEGRATION_SERVICE_CONFIG_H_
#define CHAIN_INTEGRATION_SERVICE_CONFIG_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "chain_integration/service/frame_server.h"
#include "chain_integration/service/grpc_server.h"
#include "chain_integration/service/log.h"
#include "chain_integration/service/node.h"

// The service's configuration. In: TOML. Out: a ServiceConfig, or
// kInvalidArgument that names the key and the line. Holds: a key that is not
// known, a value of another type or out of its range is an error; a key that is
// left out keeps its default; ingot.example.toml names every key with its
// default (config_test.cc).

namespace ingot::service {

// A compiler.wasm, and the digest that it must have.
struct CompilerFile {
  std::string path;
  std::string sha256;  // 64 hexadecimal digits
};

struct ServiceConfig {
  NodeOptions node;
  GrpcOptions grpc;
  FrameOptions frames;
  // Files that `ingot profile` reads; the first is the node's default. Empty:
  // the built-in profile.
  std::vector<std::string> profiles;
  // Beside the embedded one, which is the node's default.
  std::vector<CompilerFile> compilers;
  std::string metrics;  // "ADDRESS:PORT"; empty: none
  Log::Level log_level = Log::Level::kInfo;
  Log::Format log_format = Log::Format::kJson;
  // After SIGTERM, for the calls that run.
  std::chrono::milliseconds drain_time = std::chrono::seconds(30);
};

absl::StatusOr<ServiceConfig> ParseConfig(std::string_view text,
                                          std::string_view path);

// "socket.path" and so on, in order.
std::vector<std::string> ConfigKeys();

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_CONFIG_H_
