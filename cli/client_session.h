#ifndef CLI_CLIENT_SESSION_H_
#define CLI_CLIENT_SESSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "chain_integration/service/client.h"
#include "cli/input_file.h"
#include "cli/options.h"
#include "cli/output.h"

// What the subcommands of `ingot client` share. In: the flags. Out: a client
// that knows its node, verdicts and faults as `ingot compile` prints them.

namespace ingot::cli {

// The node, what it is, and the target that the flags name.
struct ClientSession {
  explicit ClientSession(const Options& options) : client(options.socket) {}

  absl::Status Open(const Options& options);

  // A module no larger than the node takes.
  absl::StatusOr<InputFile> ReadModule(const std::string& path) const;
  // Puts a module's bytes, or its digest after an upload, into a request.
  template <typename Request>
  absl::Status SetModule(const InputFile& file, Request* request) {
    if (FitsIntoMessage(file)) {
      request->set_module_bytes(
          std::string(file.bytes.begin(), file.bytes.end()));
      return absl::OkStatus();
    }
    const absl::StatusOr<std::string> digest = Upload(file);
    if (!digest.ok()) return digest.status();
    request->set_module_sha256(*digest);
    return absl::OkStatus();
  }
  // The stored module's SHA-256.
  absl::StatusOr<std::string> Upload(const InputFile& file);
  absl::StatusOr<v1::CompileResponse> Compile(const InputFile& file,
                                              const Options& options);

  service::Client client;
  v1::GetInfoResponse info;
  v1::Target target;

 private:
  bool FitsIntoMessage(const InputFile& file) const;
};

v1::Lane LaneOf(const Options& options);

std::string HexOf(const std::string& bytes);
// The 32 bytes of 64 hexadecimal digits.
std::optional<std::string> DigestFromHex(std::string_view text);

// How a compilation ended, in words.
struct VerdictText {
  std::string_view word;
  std::string_view code;     // empty: there is none
  std::string_view message;  // empty: there is nothing to say
};
VerdictText TextOf(v1::VerdictKind kind, uint32_t code);
// Adds `message` and `code` as a row, if there are any.
void PrintWhat(const VerdictText& text, Output& output);

// The object of compile. Out: the exit code.
int PrintVerdict(const v1::CompileResponse& response, Output& output);

// A fault of the service by its reason, one of a file, or wrong usage.
int ClientRefusal(const absl::Status& status, Output& output);

}  // namespace ingot::cli

#endif  // CLI_CLIENT_SESSION_H_
