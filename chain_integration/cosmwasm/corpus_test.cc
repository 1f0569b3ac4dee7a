#include <string>

#include "chain_integration/cosmwasm/address.h"
#include "chain_integration/cosmwasm/test_contract.h"
#include "gtest/gtest.h"

// More contracts of the corpus: what they do matters less than that both
// engines report the same, which TestContract compares.

namespace ingot::cosmwasm {
namespace {

using runtime::OutcomeKind;

std::optional<TestContract> Open(const std::string& name) {
  const std::vector<uint8_t> module = ReadCorpusContract(name);
  if (module.empty()) return std::nullopt;
  return std::make_optional<TestContract>(module);
}

// cyberpunk tests hosts: traps, large memories, heavy computation.
TEST(CorpusTest, Cyberpunk) {
  auto contract = Open("cosmwasm-cyberpunk.wasm");
  if (!contract.has_value()) GTEST_SKIP() << "the corpus is absent";
  EXPECT_EQ(contract->Call("instantiate", "{}").error.value_or(""), "");
  EXPECT_EQ(contract->Query(R"({"mirror_env":{}})"),
            json::Write(ToJson(Env())));
  const CallReport trap = contract->Call("execute", R"({"unreachable":{}})");
  EXPECT_EQ(trap.outcome, OutcomeKind::kTrapped);
  EXPECT_EQ(trap.trap, TrapCode::kUnreachable);
  EXPECT_FALSE(trap.backtrace.empty());
  const CallReport argon2 = contract->Call(
      "execute", R"({"argon2":{"mem_cost":64,"time_cost":1}})");
  EXPECT_EQ(argon2.error.value_or(""), "");
  EXPECT_TRUE(argon2.data.IsString());
  EXPECT_GT(argon2.gas_used_wasm, 1'000'000u);
  const CallReport memory = contract->Call(
      "execute", R"({"allocate_large_memory":{"pages":100}})");
  EXPECT_EQ(memory.error.value_or(""), "");
  contract->request.gas_limit = 50'000'000;
  EXPECT_EQ(contract->Call("execute", R"({"cpu_loop":{}})").outcome,
            OutcomeKind::kOutOfGas);
  EXPECT_EQ(contract->Call("execute", R"({"memory_loop":{}})").outcome,
            OutcomeKind::kOutOfGas);
  const CallReport panic = contract->Call("execute", R"({"panic":{}})");
  EXPECT_EQ(panic.error_code, HostError::kAborted);
}

TEST(CorpusTest, Cw1Whitelist) {
  auto contract = Open("wasmd-cw1_whitelist.wasm");
  if (!contract.has_value()) GTEST_SKIP() << "the corpus is absent";
  EXPECT_EQ(contract
                ->Call("instantiate",
                       R"({"admins":["alice","bob"],"mutable":true})")
                .error.value_or(""),
            "");
  EXPECT_EQ(contract->Query(R"({"admin_list":{}})"),
            R"({"admins":["alice","bob"],"mutable":true})");
  const char kSend[] =
      R"({"execute":{"msgs":[{"bank":{"send":{"to_address":"carol",)"
      R"("amount":[{"denom":"earth","amount":"1"}]}}}]}})";
  EXPECT_EQ(contract->CallAs("eve", "execute", kSend).outcome,
            OutcomeKind::kReverted);
  const CallReport sent = contract->CallAs("bob", "execute", kSend);
  EXPECT_EQ(sent.error.value_or(""), "");
  EXPECT_NE(MessagesOf(sent).find(R"("to_address":"carol")"),
            std::string::npos);
  EXPECT_EQ(contract->CallAs("bob", "execute", R"({"freeze":{}})")
                .error.value_or(""),
            "");
  EXPECT_EQ(contract->Query(R"({"admin_list":{}})"),
            R"({"admins":["alice","bob"],"mutable":false})");
}

// Asks the chain for its bonded denomination when it begins.
TEST(CorpusTest, Staking) {
  auto contract = Open("wasmd-staking.wasm");
  if (!contract.has_value()) GTEST_SKIP() << "the corpus is absent";
  const char kInstantiate[] =
      R"({"name":"Derivative","symbol":"DRV","decimals":9,)"
      R"("validator":"validator","exit_tax":"0.1","min_withdrawal":"50"})";
  EXPECT_EQ(contract->Call("instantiate", kInstantiate).outcome,
            OutcomeKind::kReverted);
  ASSERT_TRUE(contract->querier
                  .LoadMock(R"([
      {"request": {"staking":{"all_validators":{}}},
       "response": {"validators":[{"address":"validator",
           "commission":"0.05","max_commission":"0.1",
           "max_change_rate":"0.01"}]}},
      {"request": {"staking":{"validator":{"address":"validator"}}},
       "response": {"validator":{"address":"validator",
           "commission":"0.05","max_commission":"0.1",
           "max_change_rate":"0.01"}}},
      {"request": {"staking":{"bonded_denom":{}}},
       "response": {"denom":"ustake"}}])")
                  .ok());
  EXPECT_EQ(contract->Call("instantiate", kInstantiate).error.value_or(""),
            "");
  EXPECT_EQ(contract->Query(R"({"token_info":{}})"),
            R"({"name":"Derivative","symbol":"DRV","decimals":9})");
}

// hackatom of CosmWasm 2.1 and later, which imports all of BLS12-381.
TEST(CorpusTest, Hackatom) {
  auto contract = Open("cosmwasm-hackatom.wasm");
  if (!contract.has_value()) GTEST_SKIP() << "the corpus is absent";
  EXPECT_EQ(contract
                ->Call("instantiate",
                       R"({"verifier":"verifier","beneficiary":"benefits"})")
                .error.value_or(""),
            "");
  ASSERT_TRUE(contract->querier
                  .AddBalance(std::string(kDefaultContract) + "=1000earth")
                  .ok());
  EXPECT_EQ(contract->Query(R"({"verifier":{}})"),
            R"({"verifier":"verifier"})");
  const CallReport release =
      contract->CallAs("verifier", "execute", R"({"release":{"denom":"earth"}})");
  EXPECT_EQ(release.error.value_or(""), "");
  EXPECT_NE(MessagesOf(release).find(R"("to_address":"benefits")"),
            std::string::npos)
      << MessagesOf(release);
}

// Two megabytes of contract.
TEST(CorpusTest, SumtreeOrderbook) {
  auto contract = Open("osmosis-sumtree_orderbook.wasm");
  if (!contract.has_value()) GTEST_SKIP() << "the corpus is absent";
  // It refuses a denomination that nobody holds.
  ASSERT_TRUE(contract->querier.AddBalance("bank=1uosmo,1uusdc").ok());
  // It knows addresses of its own chain, so it must live there.
  contract->request.env.contract = EncodeBech32("osmo", std::string(20, 'c'));
  const CallReport report = contract->CallAs(
      EncodeBech32("osmo", std::string(20, 's')), "instantiate",
      R"({"base_denom":"uosmo","quote_denom":"uusdc"})");
  EXPECT_EQ(report.error.value_or(""), "");
  EXPECT_FALSE(report.state_changes.empty());
  EXPECT_EQ(contract->Query(R"({"denoms":{}})"),
            R"({"quote_denom":"uusdc","base_denom":"uosmo"})");
}

}  // namespace
}  // namespace ingot::cosmwasm
