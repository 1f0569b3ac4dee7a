// A client that asks what a node asks. In and out: see traffic.h. Holds: what
// is right was computed here, by the sandbox alone; of modules that are made for
// one request, one in fifty is compiled here, too.

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "compiler/abi/profile.h"
#include "compiler/base/check.h"
#include "fuzz/faults/frames_client.h"
#include "fuzz/load/traffic.h"
#include "runtime/digest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/compile_job.h"
#include "sandbox/test_modules.h"

namespace ingot::load {
namespace {

using faults::FramesClient;
using std::chrono::steady_clock;

constexpr uint32_t kThreads = 8;
constexpr uint64_t kKnown = 4;
constexpr uint64_t kComparedOneIn = 50;
constexpr std::chrono::seconds kGivingUp(30);

std::string Bytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), 32};
}

// The same module under another name, of the same length.
std::vector<uint8_t> Named(std::vector<uint8_t> module, uint64_t number) {
  std::string name = absl::StrCat(number);
  name.insert(0, 20 - name.size(), '0');
  module.push_back(0);
  module.push_back(static_cast<uint8_t>(name.size() + 1));
  module.push_back(static_cast<uint8_t>(name.size()));
  module.insert(module.end(), name.begin(), name.end());
  return module;
}

class HonestClient {
 public:
  HonestClient(const Sockets& sockets, uint64_t number, Traffic& traffic)
      : sockets_(sockets), traffic_(traffic), next_module_(number << 40) {
    auto compiler =
        sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, Profile());
    INGOT_CHECK(compiler.ok());
    compiler_ = *std::move(compiler);
    for (uint64_t i = 0; i < kKnown; ++i) {
      known_.push_back(
          Named(sandbox::SyntheticModule(5 + static_cast<uint32_t>(i), 20),
                next_module_++));
      verdicts_.push_back(Oracle(known_.back()));
    }
    for (uint32_t i = 0; i < kThreads; ++i) {
      threads_.push_back({nullptr, std::mt19937_64(number * kThreads + i)});
    }
    target_.set_compiler_sha256(Bytes(verdicts_[0].compiler_digest));
    target_.set_profile_sha256(Bytes(verdicts_[0].profile_digest));
  }

  bool Prepare() {
    for (size_t i = 0; i < known_.size(); ++i) {
      if (!Compile(threads_[0], known_[i], &verdicts_[i])) return false;
    }
    return true;
  }

  void Serve(uint32_t thread, Time due) {
    if (Ask(threads_[thread])) {
      ++traffic_.answered;
      traffic_.latencies.Add(steady_clock::now() - due);
    } else {
      ++traffic_.failed;
    }
  }

 private:
  struct Thread {
    std::unique_ptr<FramesClient> client;
    std::mt19937_64 random;
  };

  sandbox::Verdict Oracle(const std::vector<uint8_t>& module) const {
    auto verdict = sandbox::CompileInSandbox(*compiler_, module, Profile());
    INGOT_CHECK(verdict.ok());
    return *std::move(verdict);
  }

  bool Fail(const std::string& why) {
    if (!traffic_.has_failure.exchange(true)) {
      const size_t size =
          std::min(why.size(), sizeof(traffic_.failure) - 1);
      std::copy_n(why.begin(), size, traffic_.failure);
    }
    return false;
  }

  // False when there is none; said.
  bool Exchange(Thread& thread, const v1::FrameRequest& request,
                v1::FrameResponse* response) {
    if (thread.client == nullptr) {
      auto connected = FramesClient::Connect(sockets_.frames);
      if (!connected.ok()) {
        return Fail(std::string(connected.status().message()));
      }
      thread.client = *std::move(connected);
    }
    const absl::Status sent = thread.client->Send(request);
    auto received = thread.client->Receive(kGivingUp);
    if (!sent.ok() || !received.ok() || !*received) {
      thread.client.reset();
      return Fail(absl::StrCat("no answer: ", std::string(sent.message()), " ",
                               std::string(received.status().message())));
    }
    *response = **received;
    return !response->has_fault() || Fail(response->ShortDebugString());
  }

  // `right`: null for a verdict that was not computed.
  bool Compile(Thread& thread, const std::vector<uint8_t>& module,
               const sandbox::Verdict* right) {
    v1::FrameRequest request;
    *request.mutable_compile()->mutable_target() = target_;
    request.mutable_compile()->set_module_bytes(module.data(), module.size());
    v1::FrameResponse response;
    if (!Exchange(thread, request, &response)) return false;
    const v1::Verdict& verdict = response.compile().verdict();
    const bool sound =
        verdict.kind() == v1::VERDICT_KIND_ACCEPTED &&
        (right == nullptr ||
         (verdict.compile_gas() == right->compile_gas &&
          verdict.artifact_sha256() == Bytes(right->artifact_digest)));
    return sound || Fail("wrong: " + response.ShortDebugString());
  }

  bool CompileNew(Thread& thread) {
    const std::vector<uint8_t> module =
        Named(sandbox::SyntheticModule(8, 20), next_module_++);
    if (thread.random() % kComparedOneIn != 0) {
      return Compile(thread, module, nullptr);
    }
    const sandbox::Verdict right = Oracle(module);
    return Compile(thread, module, &right);
  }

  bool GetArtifact(Thread& thread, const sandbox::Verdict& right) {
    v1::FrameRequest request;
    *request.mutable_get_artifact()->mutable_target() = target_;
    request.mutable_get_artifact()->set_module_sha256(
        Bytes(right.module_digest));
    v1::FrameResponse response;
    if (!Exchange(thread, request, &response)) return false;
    const std::string& bytes = response.get_artifact().chunk();
    return std::equal(bytes.begin(), bytes.end(), right.artifact.begin(),
                      right.artifact.end(),
                      [](char a, uint8_t b) {
                        return static_cast<uint8_t>(a) == b;
                      }) ||
           Fail("another artifact");
  }

  bool Quote(Thread& thread, const std::vector<uint8_t>& module,
             const sandbox::Verdict& right) {
    v1::FrameRequest request;
    *request.mutable_quote()->mutable_target() = target_;
    request.mutable_quote()->set_module_bytes(module.data(), module.size());
    v1::FrameResponse response;
    if (!Exchange(thread, request, &response)) return false;
    return (response.quote().lower_gas() <= right.compile_gas &&
            response.quote().upper_gas() >= right.compile_gas) ||
           Fail("wrong: " + response.ShortDebugString());
  }

  // An instance from its beginning to its end.
  bool Run(Thread& thread, const sandbox::Verdict& right) {
    v1::FrameRequest request;
    v1::InstantiateRequest& make = *request.mutable_instantiate();
    *make.mutable_target() = target_;
    make.set_module_sha256(Bytes(right.module_digest));
    make.set_artifact_sha256(Bytes(right.artifact_digest));
    make.set_gas_limit(1'000'000);
    v1::FrameResponse response;
    if (!Exchange(thread, request, &response)) return false;
    const uint64_t instance = response.instantiate().instance();
    v1::CallStart& start = *request.mutable_call()->mutable_start();
    start.set_instance(instance);
    start.set_function("f");
    start.set_gas_limit(10'000'000);
    for (const uint64_t bits : {10, 3}) {
      start.add_arguments()->set_type(v1::VALUE_TYPE_I32);
      start.mutable_arguments(start.arguments_size() - 1)->set_bits(bits);
    }
    if (!Exchange(thread, request, &response)) return false;
    const bool returned = response.call().outcome().kind() ==
                          v1::OUTCOME_KIND_RETURNED;
    if (!returned) Fail("wrong: " + response.ShortDebugString());
    request.mutable_release()->set_instance(instance);
    return Exchange(thread, request, &response) && returned;
  }

  bool Ask(Thread& thread) {
    const uint64_t which = thread.random() % known_.size();
    switch (thread.random() % 8) {
      case 0:
      case 1:
        return CompileNew(thread);
      case 2:
      case 3:
      case 4:
        return Compile(thread, known_[which], &verdicts_[which]);
      case 5:
        return GetArtifact(thread, verdicts_[which]);
      case 6:
        return Run(thread, verdicts_[which]);
      default:
        return Quote(thread, known_[which], verdicts_[which]);
    }
  }

  const Sockets sockets_;
  Traffic& traffic_;
  std::shared_ptr<const sandbox::SandboxedCompiler> compiler_;
  v1::Target target_;
  std::vector<std::vector<uint8_t>> known_;
  std::vector<sandbox::Verdict> verdicts_;
  std::vector<Thread> threads_;
  std::atomic<uint64_t> next_module_;
};

}  // namespace

void BeHonest(const Sockets& sockets, uint64_t number, Traffic& traffic) {
  HonestClient client(sockets, number, traffic);
  if (!client.Prepare()) return;
  ++traffic.ready;
  RunOpenLoop({.threads = kThreads, .seed = number}, traffic.honest_rate,
              traffic.stop, [&](uint32_t thread, Time due) {
                client.Serve(thread, due);
              });
}

}  // namespace ingot::load
