#ifndef CHAIN_INTEGRATION_SERVICE_TEST_NODE_H_
#define CHAIN_INTEGRATION_SERVICE_TEST_NODE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain_integration/service/node.h"

// A node in the test's own process, with workers that misbehave as they are
// told (sandbox/worker/test_worker.cc). In: a way to go wrong, options. Out: a
// node over a fresh store.

namespace ingot::service {

struct TestNode {
  // `times` tries of each job go wrong in this way.
  explicit TestNode(const std::string& way = "none", int times = 0,
                    NodeOptions options = {});

  v1::CompileRequest CompileRequestFor(const std::vector<uint8_t>& module) const;

  std::string folder;
  std::vector<std::string> reports;  // of on_workers_failed
  Log log;
  Metrics metrics;
  std::unique_ptr<Node> node;
  v1::Target target;
  CallContext context{.client = "test"};
};

// What compiling in this process gives: the oracle.
sandbox::Verdict FreshVerdict(const std::vector<uint8_t>& module,
                              uint64_t gas_limit);

// A module of testdata/.
std::vector<uint8_t> TestdataModule(const std::string& name);

// A client's side of a call, as a script: `host` answers each host call by
// messages, of which the last must be a host_return.
class ScriptedPeer final : public CallPeer {
 public:
  using Host = std::function<std::vector<v1::CallRequest>(const v1::HostCall&)>;

  ScriptedPeer(v1::CallStart start, Host host);
  bool Send(const v1::CallResponse& response) override;
  bool Receive(v1::CallRequest* request) override;

  std::vector<v1::CallResponse> received;

 private:
  const Host host_;
  std::vector<v1::CallRequest> to_send_;  // from the back
};

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_TEST_NODE_H_
