#include <string>

#include "absl/strings/str_cat.h"
#include "chain_integration/cosmwasm/test_contract.h"
#include "gtest/gtest.h"

// hackatom 1.3 of the CosmWasm project: an escrow that its verifier releases
// to the beneficiary, and a set of things that contracts should not do.

namespace ingot::cosmwasm {
namespace {

using runtime::OutcomeKind;

// bech32("cosmwasm", sha256("verifies")), of "benefits", of "someone else".
constexpr char kVerifier[] =
    "cosmwasm1pu6qnztwn8w95j903786aqstj3smhxysenasp3rkhdfw06e9vrjs2rlx8w";
constexpr char kBeneficiary[] =
    "cosmwasm1yrr937kq5yd6xcs3eejp4pz3kes3zls7c4f7yq27g2yx65ylkuxsh0ldf7";
constexpr char kSomeoneElse[] =
    "cosmwasm13evkv42fprxqfpqdp966kn2cwpjrk9jflp08yelkkue20g977wpsnku5at";

constexpr char kRelease[] = R"({"release":{}})";

class HackatomTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<uint8_t> module =
        ReadCorpusContract("cosmwasm-hackatom_1.3.wasm");
    if (module.empty()) GTEST_SKIP() << "the corpus is absent";
    contract_.emplace(module);
  }

  CallReport Instantiate() {
    return contract_->CallAs(
        kDefaultSender, "instantiate",
        absl::StrCat(R"({"verifier":")", kVerifier, R"(","beneficiary":")",
                     kBeneficiary, R"("})"));
  }

  std::optional<TestContract> contract_;
};

TEST_F(HackatomTest, Instantiates) {
  const CallReport report = Instantiate();
  EXPECT_EQ(report.outcome, OutcomeKind::kReturned);
  EXPECT_EQ(EventsOf(report),
            R"([{"type":"wasm","attributes":[{"key":"Let the",)"
            R"("value":"hacking begin"}]}])");
  EXPECT_EQ(MessagesOf(report), "[]");
  EXPECT_EQ(json::Write(report.data), "null");
  const std::vector<std::string> debug = {"here we go \xF0\x9F\x9A\x80"};
  EXPECT_EQ(report.debug, debug);
  const StateMap expected = {
      {"config",
       absl::StrCat(R"({"verifier":")", kVerifier, R"(","beneficiary":")",
                    kBeneficiary, R"(","funder":")",
                    std::string(kDefaultSender), R"("})")}};
  EXPECT_EQ(contract_->state().entries, expected);
  ASSERT_EQ(report.state_changes.size(), 1u);
  EXPECT_EQ(report.state_changes[0].key, "config");
  EXPECT_EQ(report.state_changes[0].before, std::nullopt);
}

TEST_F(HackatomTest, RefusesAnInvalidVerifier) {
  const CallReport report = contract_->Call(
      "instantiate", R"({"verifier":"cosmwasm1wrong","beneficiary":"bob"})");
  EXPECT_EQ(report.outcome, OutcomeKind::kReverted);
  EXPECT_EQ(report.error_code, HostError::kContractError);
  EXPECT_EQ(*report.error,
            "Generic error: addr_validate errored: Error decoding bech32");
  EXPECT_TRUE(contract_->state().entries.empty());
}

TEST_F(HackatomTest, OnlyTheVerifierReleases) {
  Instantiate();
  const ContractState before = contract_->state();
  const CallReport wrong =
      contract_->CallAs(kBeneficiary, "execute", kRelease);
  EXPECT_EQ(wrong.outcome, OutcomeKind::kReverted);
  EXPECT_EQ(wrong.error_code, HostError::kContractError);
  EXPECT_EQ(*wrong.error, "Unauthorized");
  EXPECT_EQ(MessagesOf(wrong), "[]");
  EXPECT_EQ(contract_->state(), before);

  ASSERT_TRUE(contract_->querier
                  .AddBalance(absl::StrCat(std::string(kDefaultContract),
                                           "=1000earth"))
                  .ok());
  const CallReport right = contract_->CallAs(kVerifier, "execute", kRelease);
  EXPECT_EQ(right.outcome, OutcomeKind::kReturned);
  EXPECT_EQ(
      MessagesOf(right),
      absl::StrCat(
          R"([{"id":0,"payload":"","msg":{"bank":{"send":{"to_address":")",
          kBeneficiary,
          R"(","amount":[{"denom":"earth","amount":"1000"}]}}},)"
          R"("gas_limit":null,"reply_on":"never"}])"));
  EXPECT_EQ(
      EventsOf(right),
      absl::StrCat(
          R"([{"type":"wasm","attributes":[{"key":"action",)"
          R"("value":"release"},{"key":"destination","value":")",
          kBeneficiary,
          R"("}]},{"type":"wasm-hackatom","attributes":[{"key":"action",)"
          R"("value":"release"}]}])"));
  EXPECT_EQ(json::Write(right.data), "\"8Auq\"");
}

TEST_F(HackatomTest, AnswersQueries) {
  Instantiate();
  EXPECT_EQ(contract_->Query(R"({"verifier":{}})"),
            absl::StrCat(R"({"verifier":")", kVerifier, R"("})"));
  ASSERT_TRUE(contract_->querier.AddBalance("alice=7earth,3atom").ok());
  EXPECT_EQ(contract_->Query(R"({"other_balance":{"address":"alice"}})"),
            R"({"amount":[{"denom":"atom","amount":"3"},)"
            R"({"denom":"earth","amount":"7"}]})");
  EXPECT_EQ(contract_->Query(R"({"get_int":{}})"), R"({"int":15731626})");
  const std::string unknown = contract_->Query(R"({"nothing":{}})");
  EXPECT_EQ(unknown.substr(0, 7), "error: ") << unknown;
}

TEST_F(HackatomTest, Migrates) {
  Instantiate();
  const CallReport report = contract_->Call(
      "migrate", absl::StrCat(R"({"verifier":")", kSomeoneElse, R"("})"));
  EXPECT_EQ(report.outcome, OutcomeKind::kReturned);
  EXPECT_EQ(contract_->Query(R"({"verifier":{}})"),
            absl::StrCat(R"({"verifier":")", kSomeoneElse, R"("})"));
}

TEST_F(HackatomTest, Steals) {
  const CallReport report = contract_->Call(
      "sudo",
      R"({"steal_funds":{"recipient":"bob",)"
      R"("amount":[{"denom":"gold","amount":"700"}]}})");
  EXPECT_EQ(report.outcome, OutcomeKind::kReturned);
  EXPECT_NE(MessagesOf(report).find(
                R"("bank":{"send":{"to_address":"bob","amount":[)"
                R"({"denom":"gold","amount":"700"}]}})"),
            std::string::npos);
}

TEST_F(HackatomTest, PassesTheHostsOwnTests) {
  Instantiate();
  const CallReport report =
      contract_->Call("execute", R"({"user_errors_in_api_calls":{}})");
  EXPECT_EQ(report.outcome, OutcomeKind::kReturned)
      << report.error.value_or("");
}

TEST_F(HackatomTest, APanicAborts) {
  Instantiate();
  const CallReport report = contract_->Call("execute", R"({"panic":{}})");
  EXPECT_EQ(report.outcome, OutcomeKind::kReverted);
  EXPECT_EQ(report.error_code, HostError::kAborted);
  EXPECT_NE(report.error->find("This page intentionally faulted"),
            std::string::npos)
      << *report.error;
}

TEST_F(HackatomTest, LoopsEndOutOfGasAndLeaveTheStateAlone) {
  Instantiate();
  contract_->request.gas_limit = 20'000'000;
  for (const char* msg : {R"({"cpu_loop":{}})", R"({"storage_loop":{}})",
                          R"({"memory_loop":{}})"}) {
    const CallReport report = contract_->Call("execute", msg);
    EXPECT_EQ(report.outcome, OutcomeKind::kOutOfGas) << msg;
    EXPECT_EQ(report.gas_used, 20'000'000u);
    EXPECT_EQ(*report.error, "out of gas");
  }
}

TEST_F(HackatomTest, NeedsExactlyTheGasItUses) {
  const uint64_t gas = Instantiate().gas_used;
  contract_->request.gas_limit = gas;
  EXPECT_EQ(Instantiate().outcome, OutcomeKind::kReturned);
  contract_->request.gas_limit = gas - 1;
  EXPECT_EQ(Instantiate().outcome, OutcomeKind::kOutOfGas);
  // Wherever the gas runs out, the call ends cleanly.
  for (uint64_t limit = 0; limit < gas; limit += gas / 97) {
    contract_->request.gas_limit = limit;
    const CallReport report = Instantiate();
    EXPECT_EQ(report.outcome, OutcomeKind::kOutOfGas) << limit;
    EXPECT_EQ(report.gas_used, limit);
  }
}

}  // namespace
}  // namespace ingot::cosmwasm
