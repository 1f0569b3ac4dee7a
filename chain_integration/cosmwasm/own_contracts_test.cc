#include <string>

#include "chain_integration/cosmwasm/test_contract.h"
#include "gtest/gtest.h"

// The token and the escrow of testdata/contracts.

namespace ingot::cosmwasm {
namespace {

using runtime::OutcomeKind;

class TokenTest : public testing::Test {
 protected:
  void SetUp() override {
    const CallReport report = contract_.CallAs(
        "creator", "instantiate",
        R"({"name":"Gold","symbol":"GLD","decimals":6,"initial_balances":)"
        R"([{"address":"alice","amount":"1000"},)"
        R"({"address":"bob",)"
        R"("amount":"340282366920938463463374607431768210"}]})");
    ASSERT_EQ(report.outcome, OutcomeKind::kReturned)
        << report.error.value_or("");
  }

  std::string Balance(const std::string& address) {
    return contract_.Query(R"({"balance":{"address":")" + address + R"("}})");
  }

  void ExpectError(std::string_view sender, std::string_view msg,
                   std::string_view error) {
    const ContractState before = contract_.state();
    const CallReport report = contract_.CallAs(sender, "execute", msg);
    EXPECT_EQ(report.outcome, OutcomeKind::kReverted);
    EXPECT_EQ(report.error.value_or(""), error);
    EXPECT_EQ(contract_.state(), before);
  }

  TestContract contract_{ReadOwnContract("token.wasm")};
};

TEST_F(TokenTest, KnowsItself) {
  EXPECT_EQ(contract_.Query(R"({"token_info":{}})"),
            R"({"name":"Gold","symbol":"GLD","decimals":6,)"
            R"("total_supply":"340282366920938463463374607431769210"})");
  EXPECT_EQ(Balance("alice"), R"({"balance":"1000"})");
  EXPECT_EQ(contract_.Query(R"({"all_accounts":{}})"),
            R"({"accounts":["alice","bob"]})");
}

TEST_F(TokenTest, Transfers) {
  const CallReport report = contract_.CallAs(
      "alice", "execute",
      R"({"transfer":{"recipient":"carol","amount":"1000"}})");
  EXPECT_EQ(EventsOf(report),
            R"([{"type":"wasm","attributes":[{"key":"action",)"
            R"("value":"transfer"},{"key":"from","value":"alice"},)"
            R"({"key":"to","value":"carol"},)"
            R"({"key":"amount","value":"1000"}]}])");
  const std::vector<StateChange> expected = {
      {"b/alice", "1000", std::nullopt}, {"b/carol", std::nullopt, "1000"}};
  EXPECT_EQ(report.state_changes, expected);
  EXPECT_EQ(contract_.Query(R"({"all_accounts":{}})"),
            R"({"accounts":["bob","carol"]})");
}

TEST_F(TokenTest, RefusesBadTransfers) {
  ExpectError("alice", R"({"transfer":{"recipient":"bob","amount":"1001"}})",
              "Cannot subtract 1001 from 1000");
  ExpectError("alice", R"({"transfer":{"recipient":"bob","amount":"0"}})",
              "Invalid zero amount");
  ExpectError("alice", R"({"transfer":{"recipient":"B","amount":"1"}})",
              "Error decoding bech32");
  ExpectError("alice", R"({"transfer":{"recipient":"bob"}})",
              "member amount is missing");
  ExpectError("alice", R"({"transfer":{"recipient":"bob","amount":"x"}})",
              "member amount is not an amount");
  ExpectError("alice", R"({"fly":{}})", "Unknown message");
}

// The allowance is already written when the transfer fails: it comes back.
TEST_F(TokenTest, AFailedTransferKeepsTheAllowance) {
  EXPECT_EQ(contract_
                .CallAs("alice", "execute",
                        R"({"increase_allowance":{"spender":"carol",)"
                        R"("amount":"5000"}})")
                .outcome,
            OutcomeKind::kReturned);
  ExpectError("carol",
              R"({"transfer_from":{"owner":"alice","recipient":"bob",)"
              R"("amount":"1001"}})",
              "Cannot subtract 1001 from 1000");
  ExpectError("carol",
              R"({"transfer_from":{"owner":"alice","recipient":"bob",)"
              R"("amount":"5001"}})",
              "No allowance for this account");
  EXPECT_EQ(contract_
                .CallAs("carol", "execute",
                        R"({"transfer_from":{"owner":"alice",)"
                        R"("recipient":"carol","amount":"400"}})")
                .outcome,
            OutcomeKind::kReturned);
  EXPECT_EQ(contract_.Query(
                R"({"allowance":{"owner":"alice","spender":"carol"}})"),
            R"({"allowance":"4600"})");
  EXPECT_EQ(Balance("carol"), R"({"balance":"400"})");
}

TEST_F(TokenTest, Burns) {
  EXPECT_EQ(
      contract_.CallAs("alice", "execute", R"({"burn":{"amount":"1"}})")
          .outcome,
      OutcomeKind::kReturned);
  EXPECT_EQ(contract_.Query(R"({"token_info":{}})"),
            R"({"name":"Gold","symbol":"GLD","decimals":6,)"
            R"("total_supply":"340282366920938463463374607431769209"})");
}

class EscrowTest : public testing::Test {
 protected:
  void SetUp() override {
    const CallReport report = contract_.CallAs(
        "source", "instantiate",
        R"({"arbiter":"judge","recipient":"bob","expires_at_height":20000})");
    ASSERT_EQ(report.outcome, OutcomeKind::kReturned)
        << report.error.value_or("");
    ASSERT_TRUE(contract_.querier
                    .AddBalance(std::string(kDefaultContract) +
                                "=9earth,4atom")
                    .ok());
  }

  TestContract contract_{ReadOwnContract("escrow.wasm")};
};

TEST_F(EscrowTest, PaysWhenTheArbiterApproves) {
  EXPECT_EQ(contract_.Query(R"({"config":{}})"),
            R"({"arbiter":"judge","recipient":"bob","source":"source",)"
            R"("expires_at_height":20000})");
  const CallReport wrong =
      contract_.CallAs("bob", "execute", R"({"approve":{}})");
  EXPECT_EQ(wrong.error.value_or(""), "Unauthorized");
  const CallReport right =
      contract_.CallAs("judge", "execute", R"({"approve":{}})");
  EXPECT_EQ(right.outcome, OutcomeKind::kReturned);
  EXPECT_EQ(MessagesOf(right),
            R"([{"id":0,"msg":{"bank":{"send":{"to_address":"bob","amount":)"
            R"([{"denom":"atom","amount":"4"},)"
            R"({"denom":"earth","amount":"9"}]}}},)"
            R"("gas_limit":null,"reply_on":"never"}])");
  EXPECT_EQ(EventsOf(right),
            R"([{"type":"wasm","attributes":[{"key":"action",)"
            R"("value":"approve"},{"key":"to","value":"bob"}]}])");
}

TEST_F(EscrowTest, ReturnsAfterItExpired) {
  EXPECT_EQ(contract_.CallAs("bob", "execute", R"({"refund":{}})")
                .error.value_or(""),
            "Not expired");
  contract_.request.env.height = 20000;
  EXPECT_EQ(contract_.CallAs("judge", "execute", R"({"approve":{}})")
                .error.value_or(""),
            "Expired");
  const CallReport refund =
      contract_.CallAs("bob", "execute", R"({"refund":{}})");
  EXPECT_NE(MessagesOf(refund).find(R"("to_address":"source")"),
            std::string::npos);
}

TEST_F(EscrowTest, RefusesToBeBornExpired) {
  EXPECT_EQ(contract_
                .Call("instantiate",
                      R"({"arbiter":"judge","recipient":"bob",)"
                      R"("expires_at_height":12345})")
                .error.value_or(""),
            "Already expired");
}

}  // namespace
}  // namespace ingot::cosmwasm
