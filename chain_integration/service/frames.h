#ifndef CHAIN_INTEGRATION_SERVICE_FRAMES_H_
#define CHAIN_INTEGRATION_SERVICE_FRAMES_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chain_integration/service/node.h"
#include "google/protobuf/message_lite.h"
#include "ingot/v1/frames.pb.h"

// One frame's answer, without a socket. In: the bytes of a frame, which may be
// anything; the rest of the connection, for a call whose client answers host
// calls. Out: a FrameResponse. Holds: garbage is the fault BAD_REQUEST, within a
// call HOST_FAILED; the answer's id is that of the last request, 0 when it
// cannot be read.

namespace ingot::service {

// Messages nest less than this; unknown groups may try more.
inline constexpr int kMaxMessageDepth = 16;

// False unless all bytes are one message of at most this depth.
bool ParseBounded(std::string_view bytes, google::protobuf::MessageLite* out);

class FrameStream {
 public:
  virtual ~FrameStream() = default;
  // False: the client is gone, or late.
  virtual bool Send(const v1::FrameResponse& response) = 0;
  // The next frame, of which nothing comes after `until`; absent: no limit.
  virtual bool Receive(
      std::string* frame,
      const std::optional<std::chrono::steady_clock::time_point>& until) = 0;
};

v1::FrameResponse AnswerFrame(Node& node, std::string_view frame,
                              const CallContext& context, FrameStream& stream);

v1::FrameResponse FaultFrame(uint64_t id, const absl::Status& fault);

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_FRAMES_H_
