#ifndef FUZZ_FAULTS_FRAMES_CLIENT_H_
#define FUZZ_FAULTS_FRAMES_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ingot/v1/frames.pb.h"

// A client of the frames socket, which may also be a bad one. In: requests, or
// any bytes. Out: responses. Holds: waiting ends in time; a connection that
// ended is a status.

namespace ingot::faults {

class FramesClient {
 public:
  static absl::StatusOr<std::unique_ptr<FramesClient>> Connect(
      const std::string& path);
  ~FramesClient();
  FramesClient(const FramesClient&) = delete;
  FramesClient& operator=(const FramesClient&) = delete;

  absl::Status Send(const v1::FrameRequest& request);
  absl::Status SendBytes(std::string_view bytes);
  // Nothing when there is none after this time.
  absl::StatusOr<std::optional<v1::FrameResponse>> Receive(
      std::chrono::microseconds time);
  // No more requests; answers still come.
  void HalfClose();

 private:
  explicit FramesClient(int socket) : socket_(socket) {}

  const int socket_;
  std::string have_;  // of the next response
};

// The bytes of a request on the wire.
std::string FrameOf(const v1::FrameRequest& request);

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_FRAMES_CLIENT_H_
