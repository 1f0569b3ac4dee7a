// Whatever a client may send, through the node without a server. In: a byte that
// chooses the entry, then a message; for Call, messages with their lengths as
// two bytes. What must hold: the answer is a verdict, an outcome, or a fault of
// the listed set that is not the node's own defect. Digests that a client needs
// are abbreviated to one letter, since they change with the compiler.

#include <stdlib.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "chain_integration/service/faults.h"
#include "chain_integration/service/frames.h"
#include "chain_integration/service/node.h"
#include "chain_integration/service/wire.h"
#include "fuzz/targets/target.h"
#include "sandbox/bootstrap.h"

namespace ingot::fuzz {
namespace {

using namespace ingot::service;  // NOLINT: all of it is under test

// (module (func (export "f") (param i32) (result i32) local.get 0))
// with an import of the type () -> () called by "g", and a memory.
constexpr uint8_t kModule[] = {
    0,    'a',  's',  'm',  1,   0,   0,   0,    1,    9,    2,   0x60, 1,
    0x7f, 1,    0x7f, 0x60, 0,   0,   2,   7,    1,    1,    'e', 1,    'i',
    0,    1,    3,    3,    2,   0,   1,   5,    3,    1,    0,   1,    7,
    9,    2,    1,    'f',  0,   1,   1,   'g',  0,    2,    10,  11,   2,
    4,    0,    0x20, 0,    0x0b, 4,  0,   0x10, 0,    0x0b};

class World {
 public:
  World() {
    std::string folder = "/tmp/ingotfuzzXXXXXX";
    if (mkdtemp(folder.data()) == nullptr) std::abort();
    folder_ = folder;
    NodeOptions options;
    options.store_folder = folder;
    options.shared_gas_limit = 1'000'000'000;
    options.client_limits = {.calls_per_second = 1'000'000,
                             .burst = 1'000'000, .concurrent = 64};
    options.instances.max_gas = 1'000'000;
    options.compile = [](std::span<const uint8_t> module,
                         const Profile& profile, uint64_t gas_limit)
        -> absl::StatusOr<sandbox::Verdict> {
      const auto compiler = sandbox::EmbeddedCompiler(
          sandbox::EngineKind::kNative, profile);
      if (!compiler.ok()) return compiler.status();
      return sandbox::CompileInSandbox(**compiler, module, profile,
                                       {.gas_limit = gas_limit});
    };
    auto made = Node::Create(std::move(options), log_, metrics_);
    if (!made.ok()) std::abort();
    node_ = *std::move(made);
    compiler_ = BytesOf(node_->targets().compilers()[0]);
    profile_ = BytesOf(node_->targets().profiles()[0]->digest);
    v1::CompileRequest request;
    request.mutable_target()->set_compiler_sha256(compiler_);
    request.mutable_target()->set_profile_sha256(profile_);
    request.set_module_bytes(kModule, sizeof(kModule));
    const auto answer = node_->Compile(request, context_);
    if (!answer.ok() || answer->verdict().artifact_sha256().empty()) {
      std::abort();
    }
    module_ = answer->verdict().module_sha256();
    artifact_ = answer->verdict().artifact_sha256();
  }
  ~World() {
    node_.reset();
    const std::string command = "rm -rf " + folder_;
    if (std::system(command.c_str()) != 0) std::abort();
  }

  Node& node() { return *node_; }
  const CallContext& context() const { return context_; }

  void Expand(v1::Target* target) const {
    if (target->compiler_sha256() == "c") {
      target->set_compiler_sha256(compiler_);
    }
    if (target->profile_sha256() == "p") target->set_profile_sha256(profile_);
  }
  void ExpandModule(std::string* digest) const {
    if (*digest == "m") *digest = module_;
  }
  void ExpandArtifact(std::string* digest) const {
    if (*digest == "a") *digest = artifact_;
  }

  void Expand(v1::FrameRequest* request) const {
    if (request->has_compile()) {
      Expand(request->mutable_compile()->mutable_target());
      if (request->compile().module_sha256() == "m") {
        request->mutable_compile()->set_module_sha256(module_);
      }
    } else if (request->has_get_artifact()) {
      Expand(request->mutable_get_artifact()->mutable_target());
      ExpandModule(
          request->mutable_get_artifact()->mutable_module_sha256());
      ExpandArtifact(
          request->mutable_get_artifact()->mutable_artifact_sha256());
    } else if (request->has_verify()) {
      Expand(request->mutable_verify()->mutable_target());
      if (request->verify().module_sha256() == "m") {
        request->mutable_verify()->set_module_sha256(module_);
      }
      ExpandArtifact(request->mutable_verify()->mutable_admit_sha256());
    } else if (request->has_quote()) {
      Expand(request->mutable_quote()->mutable_target());
      if (request->quote().module_sha256() == "m") {
        request->mutable_quote()->set_module_sha256(module_);
      }
    } else if (request->has_instantiate()) {
      Expand(request->mutable_instantiate());
    }
  }
  void Expand(v1::InstantiateRequest* request) const {
    Expand(request->mutable_target());
    ExpandModule(request->mutable_module_sha256());
    ExpandArtifact(request->mutable_artifact_sha256());
  }

 private:
  std::string folder_;
  Log log_;
  Metrics metrics_;
  const CallContext context_{.client = "fuzz"};
  std::unique_ptr<Node> node_;
  std::string compiler_;
  std::string profile_;
  std::string module_;
  std::string artifact_;
};

World& TheWorld() {
  static World world;
  return world;
}

void CheckReason(v1::FaultReason reason, std::string_view message) {
  if (!v1::FaultReason_IsValid(reason) ||
      reason == v1::FAULT_REASON_UNSPECIFIED ||
      reason == v1::FAULT_REASON_INTERNAL) {
    Fail("a fault that is none of the client's: " + std::string(message));
  }
}

void CheckStatus(const absl::Status& status) {
  if (!status.ok()) {
    CheckReason(ReasonOf(status), std::string(status.message()));
  }
}

// A connection on which no other frame comes.
class LastFrame final : public FrameStream {
 public:
  bool Send(const v1::FrameResponse&) override { return true; }
  bool Receive(std::string*, const std::optional<
                                 std::chrono::steady_clock::time_point>&)
      override {
    return false;
  }
};

Verdict OneFrame(std::string_view bytes) {
  World& world = TheWorld();
  LastFrame stream;
  v1::FrameRequest request;
  if (!ParseBounded(bytes, &request)) {
    const v1::FrameResponse response =
        AnswerFrame(world.node(), bytes, world.context(), stream);
    if (response.fault().reason() != v1::FAULT_REASON_BAD_REQUEST) {
      Fail("garbage was answered");
    }
    return Verdict::kDiscard;
  }
  world.Expand(&request);
  const v1::FrameResponse response =
      AnswerFrame(world.node(), request.SerializeAsString(), world.context(),
                  stream);
  world.node().Forget("fuzz");
  if (response.id() != request.id()) Fail("another id");
  if (response.has_fault()) {
    CheckReason(response.fault().reason(), response.fault().message());
  } else {
    Count("valid");
    if (response.has_compile() &&
        response.compile().verdict().kind() ==
            v1::VERDICT_KIND_UNSPECIFIED) {
      Fail("a verdict of no kind");
    }
  }
  return Verdict::kKeep;
}

// A client whose messages are the input.
class FuzzPeer final : public CallPeer {
 public:
  FuzzPeer(std::string_view bytes, uint64_t instance)
      : bytes_(bytes), instance_(instance) {}
  bool Send(const v1::CallResponse&) override { return true; }
  bool Receive(v1::CallRequest* request) override {
    if (bytes_.size() < 2) return false;
    const size_t size = static_cast<uint8_t>(bytes_[0]) |
                        size_t{static_cast<uint8_t>(bytes_[1])} << 8;
    bytes_.remove_prefix(2);
    const std::string_view message = bytes_.substr(0, size);
    bytes_.remove_prefix(message.size());
    if (!ParseBounded(message, request)) return false;
    if (request->has_start() && request->start().instance() == 1) {
      request->mutable_start()->set_instance(instance_);
    }
    return true;
  }

 private:
  std::string_view bytes_;
  const uint64_t instance_;
};

Verdict OneCall(std::string_view bytes) {
  World& world = TheWorld();
  v1::InstantiateRequest request;
  request.mutable_target()->set_compiler_sha256("c");
  request.mutable_target()->set_profile_sha256("p");
  request.set_module_sha256("m");
  world.Expand(&request);
  request.set_gas_limit(1'000'000);
  const auto made = world.node().Instantiate(request, world.context());
  if (!made.ok() || made->instance() == 0) Fail("no instance");
  FuzzPeer peer(bytes, made->instance());
  const auto last = world.node().CallFunction(peer, world.context());
  CheckStatus(last.status());
  if (last.ok()) {
    Count("valid");
    if (last->outcome().kind() == v1::OUTCOME_KIND_UNSPECIFIED) {
      Fail("an outcome of no kind");
    }
  }
  world.node().Forget("fuzz");
  return Verdict::kKeep;
}

Verdict OneInstantiation(std::string_view bytes) {
  World& world = TheWorld();
  v1::InstantiateRequest request;
  if (!ParseBounded(bytes, &request)) return Verdict::kDiscard;
  world.Expand(&request);
  const auto made = world.node().Instantiate(request, world.context());
  CheckStatus(made.status());
  if (made.ok()) Count("valid");
  world.node().Forget("fuzz");
  return Verdict::kKeep;
}

Verdict OneRelease(std::string_view bytes) {
  v1::ReleaseRequest request;
  if (!ParseBounded(bytes, &request)) return Verdict::kDiscard;
  CheckStatus(
      TheWorld().node().Release(request, TheWorld().context()).status());
  return Verdict::kKeep;
}

}  // namespace

Verdict OneInput(std::span<const uint8_t> input) {
  if (input.empty()) return Verdict::kDiscard;
  const std::string_view bytes = TextOf(input.subspan(1));
  switch (input[0] % 4) {
    case 0: return OneFrame(bytes);
    case 1: return OneCall(bytes);
    case 2: return OneInstantiation(bytes);
    default: return OneRelease(bytes);
  }
}

}  // namespace ingot::fuzz
