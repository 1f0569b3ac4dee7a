#ifndef CHAIN_INTEGRATION_SERVICE_FRAME_SERVER_H_
#define CHAIN_INTEGRATION_SERVICE_FRAME_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "chain_integration/service/connections.h"
#include "chain_integration/service/node.h"

// Frames on a unix socket (proto/ingot/v1/frames.proto). In: bytes of clients,
// which may be anything and come at any pace. Out: one response for each frame,
// in order. Holds: a length is never trusted before the bytes are there; a
// client that is slow within a frame, or does not read, loses its connection;
// what one does is not felt by another.

namespace ingot::service {

struct FrameOptions {
  ListenerOptions listener = {};
  // For the rest of a frame once it has begun, and to take a response.
  std::chrono::milliseconds frame_time = std::chrono::seconds(30);
};

class FrameServer {
 public:
  static absl::StatusOr<std::unique_ptr<FrameServer>> Start(
      Node& node, Connections& connections, const FrameOptions& options);
  // Takes no more connections and frames; answers those that it has.
  ~FrameServer();
  FrameServer(const FrameServer&) = delete;
  FrameServer& operator=(const FrameServer&) = delete;

 private:
  struct State;
  explicit FrameServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_FRAME_SERVER_H_
