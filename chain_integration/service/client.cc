// The client over gRPC's stubs. In and out: see the header.

#include "chain_integration/service/client.h"

#include <utility>

#include "chain_integration/service/faults.h"
#include "chain_integration/service/grpc_status.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "ingot/v1/compiler.grpc.pb.h"
#include "ingot/v1/execution.grpc.pb.h"

namespace ingot::service {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr int kMaxMessageBytes = 1 << 30;

std::string TargetOf(const std::string& address) {
  constexpr std::string_view kTcp = "tcp:";
  return address.starts_with(kTcp) ? address.substr(kTcp.size())
                                   : "unix:" + address;
}

absl::Status Broken() {
  return Fault(v1::FAULT_REASON_INTERNAL, "the node broke the protocol");
}

}  // namespace

struct Client::State {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::CompilerService::Stub> compiler;
  std::unique_ptr<v1::ExecutionService::Stub> execution;
  std::chrono::milliseconds call_time;

  void SetDeadline(grpc::ClientContext* context) const {
    context->set_deadline(std::chrono::system_clock::now() + call_time);
  }

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Unary(
      Stub& stub,
      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                   Response*),
      const Request& request) const {
    grpc::ClientContext context;
    SetDeadline(&context);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }
};

Client::Client(const std::string& address,
               std::chrono::milliseconds call_time)
    : state_(std::make_unique<State>()) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // Each client has a connection of its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  state_->channel = grpc::CreateCustomChannel(
      TargetOf(address), grpc::InsecureChannelCredentials(), arguments);
  state_->compiler = v1::CompilerService::NewStub(state_->channel);
  state_->execution = v1::ExecutionService::NewStub(state_->channel);
  state_->call_time = call_time;
}

Client::~Client() = default;

absl::StatusOr<bool> Client::Health() {
  // grpc.health.v1.HealthCheckRequest for the whole server is empty, and
  // HealthCheckResponse has its status as field 1; 1 is SERVING.
  grpc::GenericStub stub(state_->channel);
  grpc::ClientContext context;
  state_->SetDeadline(&context);
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  grpc::Status status;
  const auto call = stub.PrepareUnaryCall(
      &context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (!status.ok()) return FromGrpc(status);
  grpc::Slice slice;
  if (!response.TrySingleSlice(&slice).ok() &&
      !response.DumpToSingleSlice(&slice).ok()) {
    return Broken();
  }
  return slice.size() == 2 && slice.begin()[0] == 0x08 &&
         slice.begin()[1] == 1;
}

absl::StatusOr<v1::GetInfoResponse> Client::GetInfo() {
  return state_->Unary(*state_->compiler, &v1::CompilerService::Stub::GetInfo,
                       v1::GetInfoRequest());
}

absl::StatusOr<v1::CompileResponse> Client::Compile(
    const v1::CompileRequest& request) {
  return state_->Unary(*state_->compiler, &v1::CompilerService::Stub::Compile,
                       request);
}

absl::StatusOr<v1::UploadModuleResponse> Client::UploadModule(
    std::string_view bytes) {
  grpc::ClientContext context;
  state_->SetDeadline(&context);
  v1::UploadModuleResponse response;
  const auto writer = state_->compiler->UploadModule(&context, &response);
  while (!bytes.empty()) {
    v1::UploadModuleRequest piece;
    piece.set_chunk(std::string(bytes.substr(0, kPieceBytes)));
    bytes.remove_prefix(piece.chunk().size());
    if (!writer->Write(piece)) break;  // Finish says why
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return FromGrpc(status);
  return response;
}

absl::StatusOr<v1::GetArtifactResponse> Client::GetArtifact(
    const v1::GetArtifactRequest& request) {
  grpc::ClientContext context;
  state_->SetDeadline(&context);
  const auto reader = state_->compiler->GetArtifact(&context, request);
  v1::GetArtifactResponse whole;
  v1::GetArtifactResponse piece;
  while (reader->Read(&piece)) {
    if (!piece.artifact_sha256().empty()) {
      whole.set_artifact_sha256(piece.artifact_sha256());
      whole.set_artifact_bytes(piece.artifact_bytes());
    }
    whole.mutable_chunk()->append(piece.chunk());
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return FromGrpc(status);
  if (whole.chunk().size() != whole.artifact_bytes()) return Broken();
  return whole;
}

absl::StatusOr<v1::VerifyResponse> Client::Verify(
    const v1::VerifyRequest& request) {
  return state_->Unary(*state_->compiler, &v1::CompilerService::Stub::Verify,
                       request);
}

absl::StatusOr<v1::QuoteResponse> Client::Quote(
    const v1::QuoteRequest& request) {
  return state_->Unary(*state_->compiler, &v1::CompilerService::Stub::Quote,
                       request);
}

absl::StatusOr<v1::InstantiateResponse> Client::Instantiate(
    const v1::InstantiateRequest& request) {
  return state_->Unary(*state_->execution,
                       &v1::ExecutionService::Stub::Instantiate, request);
}

absl::Status Client::Release(uint64_t instance) {
  v1::ReleaseRequest request;
  request.set_instance(instance);
  return state_
      ->Unary(*state_->execution, &v1::ExecutionService::Stub::Release,
              request)
      .status();
}

namespace {

using Stream = grpc::ClientReaderWriter<v1::CallRequest, v1::CallResponse>;

class StreamSession final : public HostSession {
 public:
  explicit StreamSession(Stream& stream) : stream_(stream) {}

  std::optional<v1::Memory> ReadMemory(uint32_t address,
                                       uint32_t size) override {
    v1::CallRequest request;
    request.mutable_memory_read()->set_address(address);
    request.mutable_memory_read()->set_size(size);
    return AskMemory(request);
  }

  std::optional<v1::Memory> WriteMemory(uint32_t address,
                                        std::string_view data) override {
    v1::CallRequest request;
    request.mutable_memory_write()->set_address(address);
    request.mutable_memory_write()->set_data(std::string(data));
    return AskMemory(request);
  }

  std::optional<v1::Gas> ChargeGas(uint64_t price) override {
    v1::CallRequest request;
    request.mutable_charge_gas()->set_price(price);
    v1::CallResponse response;
    if (!Ask(request, &response) || !response.has_gas()) return std::nullopt;
    return response.gas();
  }

 private:
  bool Ask(const v1::CallRequest& request, v1::CallResponse* response) {
    return stream_.Write(request) && stream_.Read(response);
  }

  std::optional<v1::Memory> AskMemory(const v1::CallRequest& request) {
    v1::CallResponse response;
    if (!Ask(request, &response) || !response.has_memory()) {
      return std::nullopt;
    }
    return response.memory();
  }

  Stream& stream_;
};

}  // namespace

absl::StatusOr<v1::Outcome> Client::Call(const v1::CallStart& start,
                                         const HostFunction& host) {
  grpc::ClientContext context;
  state_->SetDeadline(&context);
  const auto stream = state_->execution->Call(&context);
  v1::CallRequest request;
  *request.mutable_start() = start;
  stream->Write(request);
  StreamSession session(*stream);
  v1::CallResponse response;
  std::optional<v1::Outcome> outcome;
  while (!outcome && stream->Read(&response)) {
    if (response.has_outcome()) {
      outcome = response.outcome();
    } else if (response.has_host_call()) {
      v1::CallRequest answer;
      *answer.mutable_host_return() = host(response.host_call(), session);
      if (!stream->Write(answer)) break;
    } else {
      break;
    }
  }
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  if (!status.ok()) return FromGrpc(status);
  if (!outcome) return Broken();
  return *std::move(outcome);
}

}  // namespace ingot::service
