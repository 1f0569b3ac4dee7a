#include <string>

#include "chain_integration/cosmwasm/test_contract.h"
#include "gtest/gtest.h"

// cw20_base of the cw-plus project, as wasmd uses it in its benchmarks.

namespace ingot::cosmwasm {
namespace {

using runtime::OutcomeKind;

class Cw20Test : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<uint8_t> module =
        ReadCorpusContract("wasmd-cw20_base.wasm");
    if (module.empty()) GTEST_SKIP() << "the corpus is absent";
    contract_.emplace(module);
    const CallReport report = contract_->CallAs(
        "creator", "instantiate",
        R"({"name":"Cash Token","symbol":"CASH","decimals":9,)"
        R"("initial_balances":[{"address":"alice","amount":"1000"},)"
        R"({"address":"bob","amount":"5"}],)"
        R"("mint":{"minter":"minter","cap":"2000"}})");
    ASSERT_EQ(report.outcome, OutcomeKind::kReturned)
        << report.error.value_or("");
    EXPECT_EQ(EventsOf(report), "[]");
    EXPECT_EQ(report.state_changes.size(), 4u);
  }

  std::string Balance(const std::string& address) {
    return contract_->Query(R"({"balance":{"address":")" + address + R"("}})");
  }

  // Fails with this error and changes nothing.
  void ExpectError(std::string_view sender, std::string_view msg,
                   std::string_view error) {
    const ContractState before = contract_->state();
    const CallReport report = contract_->CallAs(sender, "execute", msg);
    EXPECT_EQ(report.outcome, OutcomeKind::kReverted);
    EXPECT_EQ(report.error_code, HostError::kContractError);
    EXPECT_EQ(report.error.value_or(""), error);
    EXPECT_EQ(contract_->state(), before);
  }

  std::optional<TestContract> contract_;
};

TEST_F(Cw20Test, KnowsItself) {
  EXPECT_EQ(contract_->Query(R"({"token_info":{}})"),
            R"({"name":"Cash Token","symbol":"CASH","decimals":9,)"
            R"("total_supply":"1005"})");
  EXPECT_EQ(contract_->Query(R"({"minter":{}})"),
            R"({"minter":"minter","cap":"2000"})");
  EXPECT_EQ(Balance("alice"), R"({"balance":"1000"})");
  EXPECT_EQ(Balance("nobody"), R"({"balance":"0"})");
}

TEST_F(Cw20Test, Transfers) {
  const CallReport report = contract_->CallAs(
      "alice", "execute",
      R"({"transfer":{"recipient":"carol","amount":"250"}})");
  EXPECT_EQ(report.outcome, OutcomeKind::kReturned);
  EXPECT_EQ(EventsOf(report),
            R"([{"type":"wasm","attributes":[{"key":"action",)"
            R"("value":"transfer"},{"key":"from","value":"alice"},)"
            R"({"key":"to","value":"carol"},)"
            R"({"key":"amount","value":"250"}]}])");
  EXPECT_EQ(MessagesOf(report), "[]");
  EXPECT_EQ(report.state_changes.size(), 2u);
  EXPECT_EQ(Balance("alice"), R"({"balance":"750"})");
  EXPECT_EQ(Balance("carol"), R"({"balance":"250"})");
}

TEST_F(Cw20Test, RefusesBadTransfers) {
  ExpectError("bob", R"({"transfer":{"recipient":"carol","amount":"6"}})",
              "Overflow: Cannot Sub with 5 and 6");
  ExpectError("bob", R"({"transfer":{"recipient":"carol","amount":"0"}})",
              "Invalid zero amount");
  ExpectError("bob", R"({"transfer":{"recipient":"No One","amount":"1"}})",
              "Generic error: addr_validate errored: Error decoding bech32");
  EXPECT_EQ(Balance("bob"), R"({"balance":"5"})");
}

TEST_F(Cw20Test, SpendsAllowances) {
  const char kFrom[] =
      R"({"transfer_from":{"owner":"alice","recipient":"carol",)"
      R"("amount":"40"}})";
  ExpectError("spender", kFrom, "No allowance for this account");
  const CallReport allowed = contract_->CallAs(
      "alice", "execute",
      R"({"increase_allowance":{"spender":"spender","amount":"70"}})");
  EXPECT_EQ(allowed.outcome, OutcomeKind::kReturned);
  EXPECT_EQ(EventsOf(allowed),
            R"([{"type":"wasm","attributes":[{"key":"action",)"
            R"("value":"increase_allowance"},{"key":"owner","value":"alice"},)"
            R"({"key":"spender","value":"spender"},)"
            R"({"key":"amount","value":"70"}]}])");
  const char kAllowance[] =
      R"({"allowance":{"owner":"alice","spender":"spender"}})";
  EXPECT_EQ(contract_->Query(kAllowance),
            R"({"allowance":"70","expires":{"never":{}}})");
  const CallReport moved = contract_->CallAs("spender", "execute", kFrom);
  EXPECT_EQ(moved.outcome, OutcomeKind::kReturned);
  EXPECT_EQ(EventsOf(moved),
            R"([{"type":"wasm","attributes":[{"key":"action",)"
            R"("value":"transfer_from"},{"key":"from","value":"alice"},)"
            R"({"key":"to","value":"carol"},{"key":"by","value":"spender"},)"
            R"({"key":"amount","value":"40"}]}])");
  EXPECT_EQ(contract_->Query(kAllowance),
            R"({"allowance":"30","expires":{"never":{}}})");
  EXPECT_EQ(Balance("alice"), R"({"balance":"960"})");
  EXPECT_EQ(Balance("carol"), R"({"balance":"40"})");
  ExpectError("spender", kFrom, "Overflow: Cannot Sub with 30 and 40");
}

TEST_F(Cw20Test, MintsUpToTheCap) {
  ExpectError("alice", R"({"mint":{"recipient":"alice","amount":"1"}})",
              "Unauthorized");
  ExpectError("minter", R"({"mint":{"recipient":"alice","amount":"996"}})",
              "Minting cannot exceed the cap");
  EXPECT_EQ(contract_
                ->CallAs("minter", "execute",
                         R"({"mint":{"recipient":"alice","amount":"995"}})")
                .outcome,
            OutcomeKind::kReturned);
  EXPECT_EQ(Balance("alice"), R"({"balance":"1995"})");
}

TEST_F(Cw20Test, SendsToAContract) {
  const CallReport report = contract_->CallAs(
      "alice", "execute",
      R"({"send":{"contract":"vault","amount":"1","msg":"e30="}})");
  EXPECT_EQ(report.outcome, OutcomeKind::kReturned);
  EXPECT_NE(MessagesOf(report).find(
                R"("wasm":{"execute":{"contract_addr":"vault")"),
            std::string::npos)
      << MessagesOf(report);
}

// Iterators over a real map.
TEST_F(Cw20Test, ListsAccounts) {
  EXPECT_EQ(contract_->Query(R"({"all_accounts":{}})"),
            R"({"accounts":["alice","bob"]})");
  EXPECT_EQ(contract_->Query(R"({"all_accounts":{"start_after":"alice"}})"),
            R"({"accounts":["bob"]})");
  EXPECT_EQ(contract_->Query(R"({"all_accounts":{"limit":1}})"),
            R"({"accounts":["alice"]})");
}

TEST_F(Cw20Test, SaysWhatItDoesNotUnderstand) {
  const CallReport report = contract_->CallAs("alice", "execute", "{}");
  EXPECT_EQ(report.outcome, OutcomeKind::kReverted);
  EXPECT_EQ(report.error_code, HostError::kContractError);
  EXPECT_NE(report.error->find("Error parsing into type"), std::string::npos)
      << *report.error;
}

}  // namespace
}  // namespace ingot::cosmwasm
