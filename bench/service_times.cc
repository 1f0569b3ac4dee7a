// What a node pays for each way to the service. In: nothing. Out: for a cached
// compile by digest, one by bytes, a call, and a call with two host calls, the
// time in process, over frames and over gRPC, p50 and p99 in microseconds.
// Holds: all ways reach one node in one process and take turns, so that what
// the machine does else hits all alike.

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "chain_integration/service/client.h"
#include "chain_integration/service/frame_server.h"
#include "chain_integration/service/grpc_server.h"
#include "chain_integration/service/service_process.h"
#include "chain_integration/service/test_node.h"
#include "chain_integration/service/wire.h"

namespace ingot::service {
namespace {

using std::chrono::steady_clock;

constexpr int kRounds = 2000;

struct Way {
  const char* name;
  std::function<bool()> once;
  std::vector<double> microseconds = {};
};

void Measure(const char* what, std::vector<Way> ways) {
  for (int round = 0; round < kRounds; ++round) {
    for (Way& way : ways) {
      const auto begin = steady_clock::now();
      if (!way.once()) {
        std::printf("%s by %s failed\n", what, way.name);
        return;
      }
      const std::chrono::duration<double, std::micro> took =
          steady_clock::now() - begin;
      way.microseconds.push_back(took.count());
    }
  }
  for (Way& way : ways) {
    std::vector<double>& all = way.microseconds;
    std::sort(all.begin(), all.end());
    std::printf("%-22s %-10s p50 %8.1f us   p99 %8.1f us\n", what, way.name,
                all[all.size() / 2], all[all.size() * 99 / 100]);
  }
}

v1::HostReturn Doubled(const v1::HostCall& call) {
  v1::HostReturn answer;
  answer.set_result(v1::HOST_RESULT_OK);
  *answer.add_results() = call.arguments(0);
  return answer;
}

// A whole call over frames, answering its host calls.
bool CallByFrames(const RawConnection& frames, const v1::CallStart& start) {
  v1::FrameRequest request;
  *request.mutable_call()->mutable_start() = start;
  while (true) {
    const auto answer = frames.Ask(request);
    if (!answer || !answer->has_call()) return false;
    if (!answer->call().has_host_call()) return answer->call().has_outcome();
    *request.mutable_call()->mutable_host_return() =
        Doubled(answer->call().host_call());
  }
}

int Run() {
  NodeOptions options;
  options.client_limits = {.calls_per_second = 1'000'000, .burst = 1'000'000,
                           .concurrent = 64};
  TestNode test("none", 0, options);
  Node& node = *test.node;
  Connections connections;
  GrpcOptions grpc_options;
  grpc_options.listener.path = test.folder + "/grpc";
  FrameOptions frame_options;
  frame_options.listener.path = test.folder + "/frames";
  const auto grpc = GrpcServer::Start(node, connections, grpc_options);
  const auto frame_server =
      FrameServer::Start(node, connections, frame_options);
  if (!grpc.ok() || !frame_server.ok()) return 1;
  Client client(grpc_options.listener.path);
  const RawConnection frames(frame_options.listener.path);

  const std::vector<uint8_t> module = TestdataModule("host");
  v1::CompileRequest compile = test.CompileRequestFor(module);
  compile.set_lane(v1::LANE_BLOCK);
  if (!node.Compile(compile, test.context).ok()) return 1;
  const auto ways = [&](const v1::CompileRequest& request) {
    return std::vector<Way>{
        {"in process",
         [&] { return node.Compile(request, test.context).ok(); }},
        {"frames",
         [&] {
           v1::FrameRequest frame;
           *frame.mutable_compile() = request;
           const auto answer = frames.Ask(frame);
           return answer && answer->has_compile();
         }},
        {"gRPC", [&] { return client.Compile(request).ok(); }}};
  };
  Measure("cached, small module", ways(compile));
  compile.set_module_sha256(BytesOf(Sha256(module)));
  Measure("cached, by digest", ways(compile));

  v1::InstantiateRequest instantiate;
  *instantiate.mutable_target() = test.target;
  instantiate.set_module_sha256(compile.module_sha256());
  instantiate.set_lane(v1::LANE_BLOCK);
  const auto here = node.Instantiate(instantiate, test.context);
  const auto there = client.Instantiate(instantiate);
  if (!here.ok() || !there.ok()) return 1;
  v1::CallStart start;
  start.set_lane(v1::LANE_BLOCK);
  start.set_gas_limit(1'000'000);
  const auto calls = [&](v1::CallStart call) {
    return std::vector<Way>{
        {"in process",
         [&, call]() mutable {
           call.set_instance(here->instance());
           ScriptedPeer peer(call, [](const v1::HostCall& host) {
             v1::CallRequest answer;
             *answer.mutable_host_return() = Doubled(host);
             return std::vector{answer};
           });
           return node.CallFunction(peer, test.context).ok();
         }},
        {"frames", [&, call]() mutable {
           call.set_instance(there->instance());
           return CallByFrames(frames, call);
         }},
        {"gRPC", [&, call]() mutable {
           call.set_instance(there->instance());
           return client
               .Call(call, [](const v1::HostCall& host,
                              HostSession&) { return Doubled(host); })
               .ok();
         }}};
  };
  start.set_function("count");
  Measure("call", calls(start));
  start.set_function("quadruple");
  start.add_arguments()->set_type(v1::VALUE_TYPE_I32);
  Measure("call, two host calls", calls(start));
  return 0;
}

}  // namespace
}  // namespace ingot::service

int main() { return ingot::service::Run(); }
