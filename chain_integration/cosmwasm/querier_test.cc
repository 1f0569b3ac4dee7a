#include "chain_integration/cosmwasm/querier.h"

#include <string>

#include "chain_integration/cosmwasm/base64.h"
#include "gtest/gtest.h"

namespace ingot::cosmwasm {
namespace {

constexpr char kAliceHas[] =
    R"({"bank":{"all_balances":{"address":"alice"}}})";

// The bytes inside {"ok":{"ok":"<base64>"}}; the whole answer otherwise.
std::string Payload(const std::string& answer) {
  const json::Value value = *json::Parse(answer);
  const json::Value* ok = value.Find("ok");
  const std::string* text = ok == nullptr ? nullptr : ok->FindString("ok");
  return text == nullptr ? answer : *DecodeBase64(*text);
}

Querier WithAlice() {
  Querier querier;
  EXPECT_TRUE(querier.AddBalance("alice=7earth,3atom").ok());
  return querier;
}

TEST(QuerierTest, AnswersFromBalances) {
  const Querier querier = WithAlice();
  EXPECT_EQ(
      Payload(querier.Answer(
          R"({"bank":{"balance":{"address":"alice","denom":"earth"}}})")),
      R"({"amount":{"denom":"earth","amount":"7"}})");
  EXPECT_EQ(Payload(querier.Answer(
                R"({"bank":{"balance":{"address":"alice","denom":"moon"}}})")),
            R"({"amount":{"denom":"moon","amount":"0"}})");
  EXPECT_EQ(
      Payload(querier.Answer(kAliceHas)),
      R"({"amount":[{"denom":"atom","amount":"3"},)"
      R"({"denom":"earth","amount":"7"}]})");
  EXPECT_EQ(
      Payload(querier.Answer(R"({"bank":{"all_balances":{"address":"bob"}}})")),
      R"({"amount":[]})");
}

TEST(QuerierTest, SumsUpTheSupply) {
  Querier querier = WithAlice();
  const char kSupply[] = R"({"bank":{"supply":{"denom":"earth"}}})";
  ASSERT_TRUE(querier.AddBalance("bob=5earth,1moon").ok());
  EXPECT_EQ(Payload(querier.Answer(kSupply)),
            R"({"amount":{"denom":"earth","amount":"12"}})");
  ASSERT_TRUE(querier
                  .AddBalance(
                      "carol=340282366920938463463374607431768211455earth")
                  .ok());
  EXPECT_EQ(querier.Answer(kSupply),
            R"({"ok":{"error":"the supply overflows"}})");
  EXPECT_NE(querier.Answer(R"({"bank":{"supply":{}}})")
                .find("denom is missing"),
            std::string::npos);
}

TEST(QuerierTest, SaysWhatItDoesNotKnow) {
  const Querier querier;
  EXPECT_EQ(querier.Answer(R"({"staking":{"bonded_denom":{}}})"),
            R"({"error":{"unsupported_request":{"kind":"staking"}}})");
  EXPECT_EQ(querier.Answer(R"({"bank":{"denoms":{}}})"),
            R"({"error":{"unsupported_request":{"kind":"bank.denoms"}}})");
  EXPECT_EQ(
      querier.Answer(R"({"wasm":{"raw":{"contract_addr":"x","key":""}}})"),
      R"({"error":{"no_such_contract":{"addr":"x"}}})");
  EXPECT_EQ(querier.Answer("[]"),
            R"({"error":{"unsupported_request":{"kind":"unknown"}}})");
  EXPECT_EQ(querier.Answer("{"),
            R"({"error":{"invalid_request":{"error":"JSON: expected a string )"
            R"(at byte 1","request":"ew=="}}})");
  EXPECT_NE(querier.Answer(R"({"bank":{"balance":{"address":1}}})")
                .find("invalid_request"),
            std::string::npos);
  EXPECT_NE(querier.Answer(R"({"bank":{"all_balances":{}}})")
                .find("invalid_request"),
            std::string::npos);
}

TEST(QuerierTest, MocksComeFirst) {
  Querier querier = WithAlice();
  ASSERT_TRUE(querier
                  .LoadMock(R"([
    {"request": {"bank":{"all_balances":{"address":"alice"}}},
     "response": {"amount":[]}},
    {"request": {"custom":{"b":2,"a":1}}, "response_base64": "AAE="},
    {"request": {"wasm":{"smart":{"contract_addr":"x","msg":{"get":{}}}}},
     "response": 5},
    {"request": "e1", "error": "no luck"},
    {"request": "e2", "system_error": {"unknown":{}}}
  ])")
                  .ok());
  EXPECT_EQ(
      Payload(querier.Answer(kAliceHas)),
      R"({"amount":[]})");
  EXPECT_EQ(Payload(querier.Answer(R"({"custom": {"a": 1, "b": 2}})")),
            std::string("\0\1", 2));
  // "eyJnZXQiOnt9fQ==" is {"get":{}}.
  EXPECT_EQ(Payload(querier.Answer(
                R"({"wasm":{"smart":{"contract_addr":"x",)"
                R"("msg":"eyJnZXQiOnt9fQ=="}}})")),
            "5");
  EXPECT_EQ(querier.Answer("\"e1\""), R"({"ok":{"error":"no luck"}})");
  EXPECT_EQ(querier.Answer("\"e2\""), R"({"error":{"unknown":{}}})");
}

TEST(QuerierTest, RefusesBadMocksAndBalances) {
  Querier querier;
  const auto mock_error = [&querier](std::string_view text) {
    return std::string(querier.LoadMock(text).message());
  };
  EXPECT_EQ(mock_error("{}"),
            "query mock: expected an array of {\"request\", \"response\"}");
  EXPECT_EQ(mock_error("[1]"),
            "query mock: entry 0 does not have \"request\" and one answer");
  EXPECT_EQ(mock_error(R"([{"request":1,"error":"x","response":2}])"),
            "query mock: entry 0 does not have \"request\" and one answer");
  EXPECT_EQ(mock_error(R"([{"request":1,"reply":2}])"),
            "query mock: entry 0: expected one of response, response_base64, "
            "error, system_error");
  EXPECT_EQ(mock_error(R"([{"request":1,"response_base64":"?"}])"),
            "query mock: entry 0: response_base64 is not base64");
  EXPECT_EQ(mock_error("["), "JSON: the text ends early at byte 1");
  EXPECT_FALSE(querier.AddBalance("alice").ok());
  EXPECT_FALSE(querier.AddBalance("=1earth").ok());
  EXPECT_FALSE(querier.AddBalance("alice=earth").ok());
}

}  // namespace
}  // namespace ingot::cosmwasm
