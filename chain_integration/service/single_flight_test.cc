// One key, many who ask at once, under limits around the true gas, some of whom
// give up. Holds: each answer is that of a fresh compilation under its limit;
// one compilation happens. The long form has the numbers that the promise
// names.

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "chain_integration/service/faults.h"
#include "chain_integration/service/test_node.h"
#include "chain_integration/service/wire.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sandbox/test_modules.h"

namespace ingot::service {
namespace {

#ifdef INGOT_LONG
constexpr uint64_t kRequests = 1000;
constexpr uint64_t kLimits = 100;
constexpr uint32_t kWorkers[] = {1, 2, 3, 4, 5, 6, 7, 8};
#else
constexpr uint64_t kRequests = 60;
constexpr uint64_t kLimits = 20;
constexpr uint32_t kWorkers[] = {2};
#endif

class SingleFlightTest : public testing::TestWithParam<uint32_t> {};

TEST_P(SingleFlightTest, EachAnswerIsThatOfAFreshCompilation) {
  const std::vector<uint8_t> module = sandbox::SyntheticModule(40, 60);
  const uint64_t gas = FreshVerdict(module, ~uint64_t{0}).compile_gas;
  std::vector<uint64_t> limits;
  std::vector<std::string> oracle;
  for (uint64_t i = 0; i < kLimits; ++i) {
    limits.push_back(gas - kLimits / 2 + i);
    const sandbox::Verdict verdict = FreshVerdict(module, limits.back());
    oracle.push_back(VerdictToWire(verdict, verdict.artifact.size())
                         .SerializeAsString());
  }
  NodeOptions options;
  options.workers.ready = GetParam();
  options.compilations = GetParam();
  options.max_waiting = kRequests;
  TestNode test("none", 0, options);
  std::mt19937 random(GetParam());
  // Among those that give up is, most likely, the one that came first.
  std::vector<bool> gives_up;
  for (uint64_t i = 0; i < kRequests; ++i) {
    gives_up.push_back(i == 0 || random() % 8 == 0);
  }
  std::atomic<uint64_t> answered{0};
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < kRequests; ++i) {
    threads.emplace_back([&, i] {
      v1::CompileRequest request = test.CompileRequestFor(module);
      request.set_gas_limit(limits[i % kLimits]);
      if (i % 7 == 1) request.set_lane(v1::LANE_BLOCK);
      const CallContext context{.client = "c" + std::to_string(i),
                                .gone = [&] { return gives_up[i]; }};
      const auto answer = test.node->Compile(request, context);
      if (answer.ok()) {
        ++answered;
        EXPECT_EQ(answer->verdict().SerializeAsString(),
                  oracle[i % kLimits]);
      } else {
        EXPECT_TRUE(gives_up[i]) << answer.status();
        EXPECT_EQ(ReasonOf(answer.status()), v1::FAULT_REASON_CANCELLED);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const uint64_t stayed = static_cast<uint64_t>(
      std::count(gives_up.begin(), gives_up.end(), false));
  EXPECT_GE(answered, stayed);
  EXPECT_THAT(test.metrics.Text(),
              testing::HasSubstr("ingot_compilations_total 1"));
}

INSTANTIATE_TEST_SUITE_P(Workers, SingleFlightTest,
                         testing::ValuesIn(kWorkers));

}  // namespace
}  // namespace ingot::service
