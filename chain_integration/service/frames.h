#ifndef CHAIN_INTEGRATION_SERVICE_FRAMES_H_
#define CHAIN_INTEGRATION_SERVICE_FRAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "chain_integration/service/node.h"
#include "google/protobuf/message_lite.h"
#include "ingot/v1/frames.pb.h"

// One frame's answer, without a socket. In: the bytes of a frame, which may be
// anything. Out: a FrameResponse. Holds: garbage is the fault BAD_REQUEST; the
// answer's id is the request's, 0 when that cannot be read.

namespace ingot::service {

// Messages nest less than this; unknown groups may try more.
inline constexpr int kMaxMessageDepth = 16;

// False unless all bytes are one message of at most this depth.
bool ParseBounded(std::string_view bytes, google::protobuf::MessageLite* out);

v1::FrameResponse AnswerFrame(Node& node, std::string_view frame,
                              const CallContext& context);

v1::FrameResponse FaultFrame(uint64_t id, const absl::Status& fault);

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_FRAMES_H_
