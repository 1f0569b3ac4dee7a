// Nodes for tests. In and out: see the header.

#include "chain_integration/service/test_node.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "chain_integration/service/wire.h"
#include "gtest/gtest.h"
#include "sandbox/bootstrap.h"
#include "sandbox/test_modules.h"

namespace ingot::service {
namespace {

std::string FreshFolder() {
  std::string path = testing::TempDir() + "/nodeXXXXXX";
  EXPECT_NE(mkdtemp(path.data()), nullptr);
  return path;
}

}  // namespace

TestNode::TestNode(const std::string& way, int times, NodeOptions options)
    : folder(FreshFolder()) {
  if (options.store_folder.empty()) options.store_folder = folder;
  options.workers.command = {"sandbox/worker/test_worker", way,
                             std::to_string(times), "worker"};
  options.on_workers_failed = [this](const std::string& report) {
    reports.push_back(report);
  };
  auto made = Node::Create(std::move(options), log, metrics);
  EXPECT_TRUE(made.ok()) << made.status();
  if (!made.ok()) std::abort();
  node = *std::move(made);
  target.set_compiler_sha256(BytesOf(node->targets().compilers()[0]));
  target.set_profile_sha256(BytesOf(node->targets().profiles()[0]->digest));
}

v1::CompileRequest TestNode::CompileRequestFor(
    const std::vector<uint8_t>& module) const {
  v1::CompileRequest request;
  *request.mutable_target() = target;
  request.set_module_bytes(std::string(module.begin(), module.end()));
  return request;
}

sandbox::Verdict FreshVerdict(const std::vector<uint8_t>& module,
                              uint64_t gas_limit) {
  const auto compiler =
      sandbox::EmbeddedCompiler(sandbox::EngineKind::kNative, Profile());
  return *sandbox::CompileInSandbox(**compiler, module, Profile(),
                                    {.gas_limit = gas_limit});
}

std::vector<uint8_t> TestdataModule(const std::string& name) {
  return sandbox::ReadFile("chain_integration/service/testdata/" + name +
                           ".wasm");
}

ScriptedPeer::ScriptedPeer(v1::CallStart start, Host host)
    : host_(std::move(host)) {
  v1::CallRequest first;
  *first.mutable_start() = std::move(start);
  to_send_.push_back(std::move(first));
}

bool ScriptedPeer::Send(const v1::CallResponse& response) {
  received.push_back(response);
  if (response.has_host_call() && host_) {
    to_send_ = host_(response.host_call());
    std::reverse(to_send_.begin(), to_send_.end());
  }
  return true;
}

bool ScriptedPeer::Receive(v1::CallRequest* request) {
  if (to_send_.empty()) return false;
  *request = std::move(to_send_.back());
  to_send_.pop_back();
  return true;
}

}  // namespace ingot::service
