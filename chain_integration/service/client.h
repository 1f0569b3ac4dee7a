#ifndef CHAIN_INTEGRATION_SERVICE_CLIENT_H_
#define CHAIN_INTEGRATION_SERVICE_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "ingot/v1/compiler.pb.h"
#include "ingot/v1/execution.pb.h"

// A client of the service over gRPC. In: the path of its socket, requests. Out:
// answers, or faults with their reason (faults.h). Holds: one connection; calls
// from any thread.

namespace ingot::service {

// What a host function may do while it answers a host call. False or nullopt:
// the node ends the call, and so must the host function.
class HostSession {
 public:
  virtual ~HostSession() = default;
  // In bounds or not is in the answer.
  virtual std::optional<v1::Memory> ReadMemory(uint32_t address,
                                               uint32_t size) = 0;
  virtual std::optional<v1::Memory> WriteMemory(uint32_t address,
                                                std::string_view data) = 0;
  virtual std::optional<v1::Gas> ChargeGas(uint64_t price) = 0;
};
using HostFunction = std::function<v1::HostReturn(const v1::HostCall& call,
                                                  HostSession& session)>;

class Client {
 public:
  // A path, or "ADDRESS:PORT" of TCP behind "tcp:". Connects at the first call.
  explicit Client(const std::string& address,
                  std::chrono::milliseconds call_time = std::chrono::hours(1));
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Whether the node takes calls.
  absl::StatusOr<bool> Health();
  absl::StatusOr<v1::GetInfoResponse> GetInfo();
  absl::StatusOr<v1::CompileResponse> Compile(const v1::CompileRequest& request);
  absl::StatusOr<v1::UploadModuleResponse> UploadModule(std::string_view bytes);
  // All pieces in one.
  absl::StatusOr<v1::GetArtifactResponse> GetArtifact(
      const v1::GetArtifactRequest& request);
  absl::StatusOr<v1::VerifyResponse> Verify(const v1::VerifyRequest& request);
  absl::StatusOr<v1::QuoteResponse> Quote(const v1::QuoteRequest& request);

  absl::StatusOr<v1::InstantiateResponse> Instantiate(
      const v1::InstantiateRequest& request);
  absl::StatusOr<v1::Outcome> Call(const v1::CallStart& start,
                                   const HostFunction& host);
  absl::Status Release(uint64_t instance);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_CLIENT_H_
