// Instances and host calls. In: a module with imports, a client's answers as a
// script. Holds: outcomes and gas are those of the engine; whatever a client
// does wrong is a fault.

#include "chain_integration/service/instances.h"

#include <atomic>
#include <thread>

#include "chain_integration/service/faults.h"
#include "chain_integration/service/test_node.h"
#include "chain_integration/service/wire.h"
#include "gtest/gtest.h"

namespace ingot::service {
namespace {

v1::Value I32(uint32_t value) {
  v1::Value wire;
  wire.set_type(v1::VALUE_TYPE_I32);
  wire.set_bits(value);
  return wire;
}

v1::CallRequest Return(v1::HostResult result,
                       std::vector<v1::Value> results = {}) {
  v1::CallRequest request;
  request.mutable_host_return()->set_result(result);
  for (const v1::Value& value : results) {
    *request.mutable_host_return()->add_results() = value;
  }
  return request;
}

// Answers "double" and "store" as they should be.
std::vector<v1::CallRequest> GoodHost(const v1::HostCall& call) {
  if (call.name() == "store") return {Return(v1::HOST_RESULT_OK)};
  return {Return(v1::HOST_RESULT_OK,
                 {I32(static_cast<uint32_t>(call.arguments(0).bits()) * 2)})};
}

class InstancesTest : public testing::Test {
 protected:
  void SetUp() override { instance_ = Make("host"); }

  uint64_t Make(const std::string& name,
                std::optional<v1::FaultReason> fault = std::nullopt) {
    const std::vector<uint8_t> module = TestdataModule(name);
    EXPECT_TRUE(test_.node
                    ->Compile(test_.CompileRequestFor(module), test_.context)
                    .ok());
    v1::InstantiateRequest request;
    *request.mutable_target() = test_.target;
    request.set_module_sha256(BytesOf(Sha256(module)));
    request.set_gas_limit(1'000'000);
    const auto answer = test_.node->Instantiate(request, test_.context);
    if (fault) {
      EXPECT_EQ(ReasonOf(answer.status()), *fault);
      return 0;
    }
    EXPECT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->outcome().kind(), v1::OUTCOME_KIND_RETURNED);
    return answer->instance();
  }

  v1::CallStart Start(const std::string& function,
                      std::vector<v1::Value> arguments = {},
                      uint64_t gas = 1'000'000) {
    v1::CallStart start;
    start.set_instance(instance_);
    start.set_function(function);
    start.set_gas_limit(gas);
    for (const v1::Value& value : arguments) *start.add_arguments() = value;
    return start;
  }

  absl::StatusOr<v1::Outcome> Call(const v1::CallStart& start,
                                   const ScriptedPeer::Host& host = GoodHost) {
    ScriptedPeer peer(start, host);
    const auto last = test_.node->CallFunction(peer, test_.context);
    received_ = peer.received;
    if (!last.ok()) return last.status();
    return last->outcome();
  }

  v1::FaultReason FaultOf(const v1::CallStart& start,
                          const ScriptedPeer::Host& host = GoodHost) {
    const auto outcome = Call(start, host);
    EXPECT_FALSE(outcome.ok());
    return ReasonOf(outcome.status());
  }

  TestNode test_;
  uint64_t instance_ = 0;
  std::vector<v1::CallResponse> received_;
};

TEST_F(InstancesTest, HostFunctionsAreAnsweredByTheClient) {
  const auto outcome = Call(Start("quadruple", {I32(10)}));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->kind(), v1::OUTCOME_KIND_RETURNED);
  EXPECT_EQ(outcome->results(0).bits(), 40u);
  ASSERT_EQ(received_.size(), 2u);
  EXPECT_EQ(received_[0].host_call().module(), "host");
  EXPECT_EQ(received_[0].host_call().name(), "double");
  EXPECT_EQ(received_[0].host_call().arguments(0).bits(), 10u);
  EXPECT_GT(received_[0].host_call().gas_left(),
            received_[1].host_call().gas_left());
  // An instance keeps its state.
  EXPECT_EQ(Call(Start("count"))->results(0).bits(), 1u);
  EXPECT_EQ(Call(Start("count"))->results(0).bits(), 2u);
}

TEST_F(InstancesTest, AHostFunctionReadsWritesAndCharges) {
  const uint64_t plain = Call(Start("quadruple", {I32(1)}))->gas_used();
  const auto outcome =
      Call(Start("quadruple", {I32(1)}), [](const v1::HostCall& call) {
        std::vector<v1::CallRequest> answers(5);
        answers[0].mutable_memory_read()->set_address(16);
        answers[0].mutable_memory_read()->set_size(5);
        answers[1].mutable_memory_write()->set_address(16);
        answers[1].mutable_memory_write()->set_data("Ingot");
        answers[2].mutable_memory_read()->set_address(65536);
        answers[2].mutable_memory_read()->set_size(1);
        answers[3].mutable_memory_write()->set_address(~0u);
        answers[3].mutable_memory_write()->set_data("xx");
        answers[4].mutable_charge_gas()->set_price(100);
        answers.push_back(GoodHost(call)[0]);
        return answers;
      });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->results(0).bits(), 4u);
  EXPECT_EQ(outcome->gas_used(), plain + 200);
  EXPECT_TRUE(received_[1].memory().in_bounds());
  EXPECT_EQ(received_[1].memory().data(), "ingot");
  EXPECT_TRUE(received_[2].memory().in_bounds());
  EXPECT_FALSE(received_[3].memory().in_bounds());
  EXPECT_FALSE(received_[4].memory().in_bounds());
  EXPECT_TRUE(received_[5].gas().paid());
  EXPECT_EQ(received_[5].gas().gas_left(),
            received_[0].host_call().gas_left() - 100);
  EXPECT_EQ(Call(Start("peek", {I32(16)}))->results(0).bits(), 'I');
}

TEST_F(InstancesTest, EveryHostResultIsAnOutcomeOrAFault) {
  const auto with = [](v1::HostResult result) {
    return [result](const v1::HostCall&) {
      v1::CallRequest answer = Return(result);
      answer.mutable_host_return()->set_revert_code(7);
      return std::vector{answer};
    };
  };
  const v1::CallStart start = Start("quadruple", {I32(1)});
  auto outcome = Call(start, with(v1::HOST_RESULT_USER_ERROR));
  EXPECT_EQ(outcome->kind(), v1::OUTCOME_KIND_REVERTED);
  EXPECT_EQ(outcome->revert_code(), 7u);
  outcome = Call(start, with(v1::HOST_RESULT_TRAP));
  EXPECT_EQ(outcome->kind(), v1::OUTCOME_KIND_TRAPPED);
  EXPECT_EQ(outcome->trap(), static_cast<uint32_t>(TrapCode::kUnreachable));
  outcome = Call(start, with(v1::HOST_RESULT_OUT_OF_GAS));
  EXPECT_EQ(outcome->kind(), v1::OUTCOME_KIND_OUT_OF_GAS);
  EXPECT_EQ(outcome->gas_used(), 1'000'000u);
  // Nothing of such an instance may be read any more.
  EXPECT_EQ(FaultOf(start), v1::FAULT_REASON_INSTANCE_UNUSABLE);
  for (const auto result :
       {v1::HOST_RESULT_FAULT, v1::HOST_RESULT_UNSPECIFIED}) {
    instance_ = Make("host");
    EXPECT_EQ(FaultOf(Start("quadruple", {I32(1)}), with(result)),
              v1::FAULT_REASON_HOST_FAILED);
    // It is gone.
    EXPECT_EQ(FaultOf(Start("count")), v1::FAULT_REASON_UNKNOWN_INSTANCE);
  }
}

TEST_F(InstancesTest, WhatCannotBePaidIsOutOfGas) {
  const auto outcome =
      Call(Start("quadruple", {I32(1)}), [](const v1::HostCall& call) {
        std::vector<v1::CallRequest> answers(1);
        answers[0].mutable_charge_gas()->set_price(uint64_t{1} << 63);
        answers.push_back(GoodHost(call)[0]);
        return answers;
      });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->kind(), v1::OUTCOME_KIND_OUT_OF_GAS);
  EXPECT_FALSE(received_[1].gas().paid());
}

TEST_F(InstancesTest, WhoBreaksTheProtocolGetsAFault) {
  const struct {
    ScriptedPeer::Host host;
    v1::FaultReason reason;
  } kCases[] = {
      {[](const v1::HostCall&) { return std::vector<v1::CallRequest>(); },
       v1::FAULT_REASON_CANCELLED},
      {[](const v1::HostCall&) { return std::vector<v1::CallRequest>(1); },
       v1::FAULT_REASON_HOST_FAILED},
      {[](const v1::HostCall&) {
         return std::vector{Return(v1::HOST_RESULT_OK)};
       },
       v1::FAULT_REASON_HOST_FAILED},
      {[](const v1::HostCall&) {
         v1::Value wrong = I32(1);
         wrong.set_type(v1::VALUE_TYPE_I64);
         return std::vector{Return(v1::HOST_RESULT_OK, {wrong})};
       },
       v1::FAULT_REASON_HOST_FAILED},
      {[](const v1::HostCall&) {
         v1::Value wide = I32(1);
         wide.set_bits(uint64_t{1} << 32);
         return std::vector{Return(v1::HOST_RESULT_OK, {wide})};
       },
       v1::FAULT_REASON_HOST_FAILED},
      {[](const v1::HostCall&) {
         std::vector<v1::CallRequest> again(1);
         again[0].mutable_start();
         return again;
       },
       v1::FAULT_REASON_HOST_FAILED},
  };
  for (const auto& test : kCases) {
    instance_ = Make("host");
    EXPECT_EQ(FaultOf(Start("quadruple", {I32(1)}), test.host), test.reason);
  }
}

TEST_F(InstancesTest, WrongCallsAreFaultsAndHarmNothing) {
  EXPECT_EQ(FaultOf(Start("nothing")), v1::FAULT_REASON_BAD_REQUEST);
  EXPECT_EQ(FaultOf(Start("memory")), v1::FAULT_REASON_BAD_REQUEST);
  EXPECT_EQ(FaultOf(Start("count", {I32(1)})), v1::FAULT_REASON_BAD_REQUEST);
  EXPECT_EQ(FaultOf(Start("quadruple", {v1::Value()})),
            v1::FAULT_REASON_BAD_REQUEST);
  EXPECT_EQ(FaultOf(Start("spin", {}, ~uint64_t{0})),
            v1::FAULT_REASON_BAD_REQUEST);
  EXPECT_EQ(Call(Start("count"))->results(0).bits(), 1u);
  test_.context.client = "another";
  EXPECT_EQ(FaultOf(Start("count")), v1::FAULT_REASON_UNKNOWN_INSTANCE);
}

TEST_F(InstancesTest, TrapsAndSpinningAreOutcomes) {
  const auto trapped = Call(Start("fail"));
  EXPECT_EQ(trapped->kind(), v1::OUTCOME_KIND_TRAPPED);
  EXPECT_TRUE(trapped->has_function());
  EXPECT_TRUE(trapped->has_offset());
  EXPECT_EQ(Call(Start("spin"))->kind(), v1::OUTCOME_KIND_OUT_OF_GAS);
}

TEST_F(InstancesTest, AClientThatGoesAwayEndsItsRun) {
  std::atomic<bool> gone{false};
  test_.context.gone = [&] { return gone.load(); };
  std::thread leaver([&] { gone = true; });
  v1::CallStart start = Start("spin", {}, ~uint64_t{0});
  start.set_lane(v1::LANE_BLOCK);
  EXPECT_EQ(FaultOf(start), v1::FAULT_REASON_CANCELLED);
  leaver.join();
  gone = false;
  EXPECT_EQ(FaultOf(Start("count")), v1::FAULT_REASON_UNKNOWN_INSTANCE);
}

TEST_F(InstancesTest, AStartFunctionHasNobodyToAsk) {
  Make("start_calls", v1::FAULT_REASON_HOST_CALL_UNANSWERED);
}

TEST_F(InstancesTest, ReleasedAndForgottenOnesAreGone) {
  const auto release = [&](uint64_t instance) {
    v1::ReleaseRequest request;
    request.set_instance(instance);
    return test_.node->Release(request, test_.context).status();
  };
  EXPECT_TRUE(release(instance_).ok());
  EXPECT_EQ(ReasonOf(release(instance_)), v1::FAULT_REASON_UNKNOWN_INSTANCE);
  EXPECT_EQ(FaultOf(Start("count")), v1::FAULT_REASON_UNKNOWN_INSTANCE);
  instance_ = Make("host");
  test_.node->Forget("test");
  EXPECT_EQ(FaultOf(Start("count")), v1::FAULT_REASON_UNKNOWN_INSTANCE);
}

TEST_F(InstancesTest, OneThatIsForgottenInACallEndsWithIt) {
  const auto outcome =
      Call(Start("quadruple", {I32(10)}), [&](const v1::HostCall& call) {
        test_.node->Forget("test");
        return GoodHost(call);
      });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->results(0).bits(), 40u);
  EXPECT_EQ(FaultOf(Start("count")), v1::FAULT_REASON_UNKNOWN_INSTANCE);
}

TEST(InstanceLimitsTest, AreFaults) {
  NodeOptions options;
  options.instances.max_instances = 1;
  TestNode test("none", 0, options);
  const std::vector<uint8_t> module = TestdataModule("host");
  ASSERT_TRUE(
      test.node->Compile(test.CompileRequestFor(module), test.context).ok());
  v1::InstantiateRequest request;
  *request.mutable_target() = test.target;
  request.set_module_sha256(BytesOf(Sha256(module)));
  request.set_gas_limit(1'000'000);
  EXPECT_TRUE(test.node->Instantiate(request, test.context).ok());
  EXPECT_EQ(ReasonOf(test.node->Instantiate(request, test.context).status()),
            v1::FAULT_REASON_QUEUE_FULL);
  test.node->Forget("test");
  request.set_gas_limit(0);
  const auto poor = test.node->Instantiate(request, test.context);
  ASSERT_TRUE(poor.ok());
  EXPECT_EQ(poor->outcome().kind(), v1::OUTCOME_KIND_OUT_OF_GAS);
  EXPECT_EQ(poor->instance(), 0u);
}

}  // namespace
}  // namespace ingot::service
