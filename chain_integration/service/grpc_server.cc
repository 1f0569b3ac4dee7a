// The gRPC server, with one thread per running call. In and out: see the
// header. Holds: connections of the unix socket are accepted here and handed to
// gRPC, so that each call's client is known; gRPC names such a peer by its
// descriptor.

#include "chain_integration/service/grpc_server.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "chain_integration/service/faults.h"
#include "chain_integration/service/grpc_status.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_posix.h"
#include "grpcpp/support/server_interceptor.h"
#include "ingot/v1/compiler.grpc.pb.h"
#include "ingot/v1/execution.grpc.pb.h"

namespace ingot::service {
namespace {

using grpc::ServerContext;
using std::chrono::steady_clock;

// A message's fields other than its largest.
constexpr uint64_t kEnvelopeBytes = 65536;
// A stalled stream is cut off so much after the call's time, so that one that
// moves at all ends by itself, with a reason.
constexpr std::chrono::milliseconds kGrace(500);

// Cancels calls whose time is up: a read that waits for a client has no other
// end.
class Deadlines {
 public:
  Deadlines() : thread_([this] { Watch(); }) {}
  ~Deadlines() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void Set(ServerContext* context, steady_clock::time_point time) {
    const std::lock_guard<std::mutex> lock(mutex_);
    times_[{time, next_++}] = context;
    changed_.notify_all();
  }
  void Clear(ServerContext* context) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto entry = times_.begin(); entry != times_.end(); ++entry) {
      if (entry->second != context) continue;
      times_.erase(entry);
      return;
    }
  }

 private:
  void Watch() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopping_) {
      if (times_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const auto first = times_.begin();
      const auto time = first->first.first;
      if (steady_clock::now() < time) {
        changed_.wait_until(lock, time);
        continue;
      }
      first->second->TryCancel();
      times_.erase(first);
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  uint64_t next_ = 0;
  absl::btree_map<std::pair<steady_clock::time_point, uint64_t>,
                  ServerContext*>
      times_;
  std::thread thread_;
};

// Gives the reason to what gRPC refuses by itself.
class ReasonInterceptor final : public grpc::experimental::Interceptor {
 public:
  void Intercept(
      grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = methods->GetSendStatus();
      if (!status.ok() && status.error_details().empty()) {
        methods->ModifySendStatus(ToGrpc(FromGrpc(status)));
      }
    }
    methods->Proceed();
  }
};

class ReasonFactory final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override {
    return std::string_view(info->method()).starts_with("/ingot.v1.")
               ? new ReasonInterceptor
               : nullptr;
  }
};

// What a service needs to know of its surroundings.
struct Shared {
  Node& node;
  const Connections& connections;
  const bool tcp_block_lane;
  Deadlines deadlines = {};

  CallContext ContextOf(const ServerContext& context) const {
    CallContext call;
    call.transport = "grpc";
    call.gone = [&context] { return context.IsCancelled(); };
    const std::string peer = context.peer();
    int fd = 0;
    if (peer.starts_with("fd:") && absl::SimpleAtoi(peer.substr(3), &fd)) {
      call.client = connections.ClientOf(fd);
      return call;
    }
    // One host is one client, whatever its ports.
    call.client = peer.substr(0, peer.rfind(':'));
    call.may_use_block_lane = tcp_block_lane;
    return call;
  }

  template <typename Answer>
  grpc::Status Reply(absl::StatusOr<Answer> answer, Answer* response) const {
    if (!answer.ok()) return ToGrpc(answer.status());
    *response = *std::move(answer);
    return grpc::Status::OK;
  }
};

// Cuts a stream off when its time is up, unless the block path waits.
class StreamTime {
 public:
  StreamTime(Shared& shared, ServerContext* context)
      : shared_(shared), context_(context) {
    shared_.deadlines.Set(
        context, steady_clock::now() + shared.node.call_time() + kGrace);
  }
  ~StreamTime() { Lift(); }
  StreamTime(const StreamTime&) = delete;
  StreamTime& operator=(const StreamTime&) = delete;

  void Lift() { shared_.deadlines.Clear(context_); }

 private:
  Shared& shared_;
  ServerContext* const context_;
};

class CompilerService final : public v1::CompilerService::Service {
 public:
  explicit CompilerService(Shared& shared) : shared_(shared) {}

  grpc::Status Compile(ServerContext* context,
                       const v1::CompileRequest* request,
                       v1::CompileResponse* response) override {
    return shared_.Reply(
        shared_.node.Compile(*request, shared_.ContextOf(*context)), response);
  }

  grpc::Status UploadModule(
      ServerContext* context,
      grpc::ServerReader<v1::UploadModuleRequest>* reader,
      v1::UploadModuleResponse* response) override {
    const StreamTime time(shared_, context);
    return shared_.Reply(
        shared_.node.UploadModule(
            [&](v1::UploadModuleRequest* piece) { return reader->Read(piece); },
            shared_.ContextOf(*context)),
        response);
  }

  grpc::Status GetArtifact(
      ServerContext* context, const v1::GetArtifactRequest* request,
      grpc::ServerWriter<v1::GetArtifactResponse>* writer) override {
    StreamTime time(shared_, context);
    const CallContext call = shared_.ContextOf(*context);
    if (request->lane() == v1::LANE_BLOCK && call.may_use_block_lane) {
      time.Lift();
    }
    return ToGrpc(shared_.node.GetArtifact(
        *request, Node::Pieces::kMany,
        [&](const v1::GetArtifactResponse& piece) {
          return writer->Write(piece);
        },
        call));
  }

  grpc::Status Verify(ServerContext* context, const v1::VerifyRequest* request,
                      v1::VerifyResponse* response) override {
    return shared_.Reply(
        shared_.node.Verify(*request, shared_.ContextOf(*context)), response);
  }

  grpc::Status Quote(ServerContext* context, const v1::QuoteRequest* request,
                     v1::QuoteResponse* response) override {
    return shared_.Reply(
        shared_.node.Quote(*request, shared_.ContextOf(*context)), response);
  }

  grpc::Status GetInfo(ServerContext* context,
                       const v1::GetInfoRequest* request,
                       v1::GetInfoResponse* response) override {
    return shared_.Reply(
        shared_.node.GetInfo(*request, shared_.ContextOf(*context)), response);
  }

 private:
  Shared& shared_;
};

class ExecutionService final : public v1::ExecutionService::Service {
 public:
  explicit ExecutionService(Shared& shared) : shared_(shared) {}

  grpc::Status Instantiate(ServerContext* context,
                           const v1::InstantiateRequest* request,
                           v1::InstantiateResponse* response) override {
    return shared_.Reply(
        shared_.node.Instantiate(*request, shared_.ContextOf(*context)),
        response);
  }

  grpc::Status Call(
      ServerContext* context,
      grpc::ServerReaderWriter<v1::CallResponse, v1::CallRequest>* stream)
      override {
    class Peer final : public CallPeer {
     public:
      Peer(grpc::ServerReaderWriter<v1::CallResponse, v1::CallRequest>& stream,
           StreamTime& time, bool may_use_block_lane)
          : stream_(stream),
            time_(time),
            may_use_block_lane_(may_use_block_lane) {}
      bool Send(const v1::CallResponse& response) override {
        return stream_.Write(response);
      }
      bool Receive(v1::CallRequest* request) override {
        if (!stream_.Read(request)) return false;
        if (request->start().lane() == v1::LANE_BLOCK && may_use_block_lane_) {
          time_.Lift();
        }
        return true;
      }

     private:
      grpc::ServerReaderWriter<v1::CallResponse, v1::CallRequest>& stream_;
      StreamTime& time_;
      const bool may_use_block_lane_;
    };
    StreamTime time(shared_, context);
    const CallContext call = shared_.ContextOf(*context);
    Peer peer(*stream, time, call.may_use_block_lane);
    const auto last = shared_.node.CallFunction(peer, call);
    if (!last.ok()) return ToGrpc(last.status());
    stream->Write(*last);
    return grpc::Status::OK;
  }

  grpc::Status Release(ServerContext* context,
                       const v1::ReleaseRequest* request,
                       v1::ReleaseResponse* response) override {
    return shared_.Reply(
        shared_.node.Release(*request, shared_.ContextOf(*context)), response);
  }

 private:
  Shared& shared_;
};

}  // namespace

struct GrpcServer::State {
  State(Node& node, Connections& connections, const GrpcOptions& options)
      : shared{node, connections, options.tcp_block_lane} {}

  Shared shared;
  CompilerService compiler{shared};
  ExecutionService execution{shared};
  int tcp_port = 0;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<UnixListener> listener;
};

GrpcServer::GrpcServer(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

GrpcServer::~GrpcServer() { Shutdown(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    Node& node, Connections& connections, const GrpcOptions& options) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto state = std::make_unique<State>(node, connections, options);
  grpc::ServerBuilder builder;
  const auto message_bytes =
      static_cast<int>(node.options().max_message_bytes + kEnvelopeBytes);
  builder.SetMaxReceiveMessageSize(message_bytes);
  builder.SetMaxSendMessageSize(message_bytes);
  grpc::ResourceQuota quota("ingot");
  quota.SetMaxThreads(static_cast<int>(options.max_threads));
  quota.Resize(options.max_buffered_bytes);
  builder.SetResourceQuota(quota);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 4);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             static_cast<int>(options.max_streams));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  std::vector<
      std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
      interceptors;
  interceptors.push_back(std::make_unique<ReasonFactory>());
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  builder.RegisterService(&state->compiler);
  builder.RegisterService(&state->execution);
  if (!options.tcp.empty()) {
    builder.AddListeningPort(options.tcp, grpc::InsecureServerCredentials(),
                             &state->tcp_port);
  }
  state->server = builder.BuildAndStart();
  if (!state->server || (!options.tcp.empty() && state->tcp_port == 0)) {
    return absl::UnavailableError(
        options.tcp.empty()
            ? "the gRPC server does not start"
            : absl::StrCat("cannot listen on ", options.tcp));
  }
  if (!options.listener.path.empty()) {
    auto listener = UnixListener::Create(
        options.listener, connections,
        [server = state->server.get()](int fd, const std::string&) {
          grpc::AddInsecureChannelFromFd(server, fd);
        });
    if (!listener.ok()) return listener.status();
    state->listener = *std::move(listener);
  }
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(state)));
}

void GrpcServer::SetServing(bool serving) {
  state_->server->GetHealthCheckService()->SetServingStatus(serving);
}

void GrpcServer::Shutdown(std::chrono::milliseconds time) {
  if (!state_->server) return;
  state_->listener.reset();
  state_->server->Shutdown(std::chrono::system_clock::now() + time);
  state_->server.reset();
}

int GrpcServer::tcp_port() const { return state_->tcp_port; }

}  // namespace ingot::service
