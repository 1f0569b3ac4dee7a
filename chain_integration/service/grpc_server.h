#ifndef CHAIN_INTEGRATION_SERVICE_GRPC_SERVER_H_
#define CHAIN_INTEGRATION_SERVICE_GRPC_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "chain_integration/service/connections.h"
#include "chain_integration/service/node.h"

// gRPC in front of a node. In: calls on a unix socket and, when asked for, on
// TCP. Out: the node's answers; faults as status with ErrorInfo; health and
// reflection. Holds: messages, metadata, streams, threads and connections are
// bounded; a stream of the normal lane that stalls is cut off.

namespace ingot::service {

struct GrpcOptions {
  ListenerOptions listener = {.path = ""};
  // "127.0.0.1:9750"; empty: no TCP. Without TLS and without passwords.
  std::string tcp = {};
  // Whether clients on TCP may use the block lane.
  bool tcp_block_lane = false;
  uint32_t max_threads = 256;
  // Of all messages that are not complete: gRPC takes a message's bytes before
  // it compares its length with the limit.
  uint64_t max_buffered_bytes = uint64_t{256} << 20;
  uint32_t max_streams = 128;  // of one connection
};

class GrpcServer {
 public:
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      Node& node, Connections& connections, const GrpcOptions& options);
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // What the health service says.
  void SetServing(bool serving);
  // Takes no more calls; those that run have `time`, then they are cancelled.
  void Shutdown(std::chrono::milliseconds time);
  // 0 without TCP.
  int tcp_port() const;

 private:
  struct State;
  explicit GrpcServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_GRPC_SERVER_H_
