// Frames. In and out: see the header.

#include "chain_integration/service/frames.h"

#include <utility>

#include "chain_integration/service/faults.h"
#include "google/protobuf/io/coded_stream.h"

namespace ingot::service {
namespace {

// Puts an answer where it belongs, or the fault.
template <typename Answer>
v1::FrameResponse Respond(uint64_t id, absl::StatusOr<Answer> answer,
                          Answer* (v1::FrameResponse::*field)()) {
  if (!answer.ok()) return FaultFrame(id, answer.status());
  v1::FrameResponse response;
  response.set_id(id);
  *(response.*field)() = *std::move(answer);
  return response;
}

absl::StatusOr<v1::GetArtifactResponse> WholeArtifact(
    Node& node, const v1::GetArtifactRequest& request,
    const CallContext& context) {
  v1::GetArtifactResponse whole;
  absl::Status sent = node.GetArtifact(
      request, Node::Pieces::kWhole,
      [&](const v1::GetArtifactResponse& piece) {
        whole = piece;
        return true;
      },
      context);
  if (!sent.ok()) return sent;
  return whole;
}

// Behind a call's time, so that it is the call that says why it is over.
constexpr std::chrono::milliseconds kGrace(100);

// The client's side of a call. `first` is its first message.
class FramePeer final : public CallPeer {
 public:
  FramePeer(v1::FrameRequest& first, const CallContext& context,
            std::chrono::milliseconds call_time, FrameStream& stream)
      : id_(first.id()), first_(first), stream_(stream) {
    const bool block = first.call().start().lane() == v1::LANE_BLOCK &&
                       context.may_use_block_lane;
    if (!block) {
      until_ = std::chrono::steady_clock::now() + call_time + kGrace;
    }
  }

  uint64_t id() const { return id_; }

  bool Send(const v1::CallResponse& response) override {
    v1::FrameResponse frame;
    frame.set_id(id_);
    *frame.mutable_call() = response;
    return stream_.Send(frame);
  }

  bool Receive(v1::CallRequest* request) override {
    if (!std::exchange(begun_, true)) {
      request->Swap(first_.mutable_call());
      return true;
    }
    std::string bytes;
    if (!stream_.Receive(&bytes, until_)) return false;
    v1::FrameRequest frame;
    const bool sound = ParseBounded(bytes, &frame);
    id_ = sound ? frame.id() : 0;
    // One without a message is no answer to anything.
    request->Clear();
    if (sound && frame.has_call()) request->Swap(frame.mutable_call());
    return true;
  }

 private:
  uint64_t id_;
  v1::FrameRequest& first_;
  FrameStream& stream_;
  bool begun_ = false;
  std::optional<std::chrono::steady_clock::time_point> until_;
};

v1::FrameResponse AnswerCall(Node& node, v1::FrameRequest& first,
                             const CallContext& context, FrameStream& stream) {
  FramePeer peer(first, context, node.call_time(), stream);
  absl::StatusOr<v1::CallResponse> last = node.CallFunction(peer, context);
  return Respond(peer.id(), std::move(last), &v1::FrameResponse::mutable_call);
}

}  // namespace

bool ParseBounded(std::string_view bytes, google::protobuf::MessageLite* out) {
  google::protobuf::io::CodedInputStream in(
      reinterpret_cast<const uint8_t*>(bytes.data()),
      static_cast<int>(bytes.size()));
  in.SetRecursionLimit(kMaxMessageDepth);
  return out->ParseFromCodedStream(&in) && in.ConsumedEntireMessage();
}

v1::FrameResponse FaultFrame(uint64_t id, const absl::Status& fault) {
  v1::FrameResponse response;
  response.set_id(id);
  v1::Fault& wire = *response.mutable_fault();
  wire.set_status(static_cast<uint32_t>(fault.code()));
  wire.set_reason(ReasonOf(fault));
  wire.set_message(std::string(fault.message()));
  return response;
}

v1::FrameResponse AnswerFrame(Node& node, std::string_view frame,
                              const CallContext& context,
                              FrameStream& stream) {
  v1::FrameRequest request;
  if (!ParseBounded(frame, &request)) {
    return FaultFrame(0, Fault(v1::FAULT_REASON_BAD_REQUEST,
                               "the frame is no FrameRequest"));
  }
  const uint64_t id = request.id();
  using Response = v1::FrameResponse;
  switch (request.request_case()) {
    case v1::FrameRequest::kCompile:
      return Respond(id, node.Compile(request.compile(), context),
                     &Response::mutable_compile);
    case v1::FrameRequest::kUploadModule: {
      bool first = true;
      return Respond(id,
                     node.UploadModule(
                         [&](v1::UploadModuleRequest* piece) {
                           if (!std::exchange(first, false)) return false;
                           piece->Swap(request.mutable_upload_module());
                           return true;
                         },
                         context),
                     &Response::mutable_upload_module);
    }
    case v1::FrameRequest::kGetArtifact:
      return Respond(id, WholeArtifact(node, request.get_artifact(), context),
                     &Response::mutable_get_artifact);
    case v1::FrameRequest::kVerify:
      return Respond(id, node.Verify(request.verify(), context),
                     &Response::mutable_verify);
    case v1::FrameRequest::kGetInfo:
      return Respond(id, node.GetInfo(request.get_info(), context),
                     &Response::mutable_get_info);
    case v1::FrameRequest::kQuote:
      return Respond(id, node.Quote(request.quote(), context),
                     &Response::mutable_quote);
    case v1::FrameRequest::kInstantiate:
      return Respond(id, node.Instantiate(request.instantiate(), context),
                     &Response::mutable_instantiate);
    case v1::FrameRequest::kCall:
      return AnswerCall(node, request, context, stream);
    case v1::FrameRequest::kRelease:
      return Respond(id, node.Release(request.release(), context),
                     &Response::mutable_release);
    default:
      return FaultFrame(id, Fault(v1::FAULT_REASON_BAD_REQUEST,
                                  "request: none that this node knows"));
  }
}

}  // namespace ingot::service
