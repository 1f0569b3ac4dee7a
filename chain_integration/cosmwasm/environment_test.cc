#include "chain_integration/cosmwasm/environment.h"

#include <string>

#include "gtest/gtest.h"

namespace ingot::cosmwasm {
namespace {

std::string Error(std::string_view text) {
  return std::string(ParseCoins(text).status().message());
}

TEST(EnvironmentTest, WritesTheDefaults) {
  EXPECT_EQ(
      json::Write(ToJson(Env())),
      R"({"block":{"height":12345,"time":"1571797419879305533",)"
      R"("chain_id":"cosmos-testnet-14002"},"transaction":{"index":0},)"
      R"("contract":{"address":"cosmwasm1jpev2csrppg792t22rn8z8uew8h3sjcpglcd)"
      R"(0qv9g8gj8ky922tscp8avs"}})");
  EXPECT_EQ(json::Write(ToJson(MessageInfo())),
            R"({"sender":"cosmwasm1h34lmpywh4upnjdg90cjf4j70aee6z8qqfspugamjp4)"
            R"(2e4q28kqs8s7vcp","funds":[]})");
}

TEST(EnvironmentTest, ReadsCoins) {
  EXPECT_TRUE(ParseCoins("")->empty());
  const auto coins = ParseCoins(
      "340282366920938463463374607431768211455ustake,007earth,0ibc/27.x_y-z:1");
  ASSERT_TRUE(coins.ok()) << coins.status();
  const std::vector<Coin> expected = {
      {"earth", "7"},
      {"ibc/27.x_y-z:1", "0"},
      {"ustake", "340282366920938463463374607431768211455"}};
  EXPECT_EQ(*coins, expected);
  EXPECT_EQ(json::Write(ToJson(MessageInfo{"alice", {{"earth", "7"}}})),
            R"({"sender":"alice","funds":[{"denom":"earth","amount":"7"}]})");
}

TEST(EnvironmentTest, RefusesBadCoins) {
  EXPECT_EQ(Error("earth"),
            "coins: \"earth\" does not begin with an amount below 2^128, as in "
            "100earth");
  EXPECT_NE(Error("340282366920938463463374607431768211456earth"), "");
  EXPECT_NE(Error("-1earth"), "");
  EXPECT_NE(Error("1earth,"), "");
  EXPECT_EQ(Error("100"), "coins: \"\" is not a denomination");
  EXPECT_EQ(Error("1e"), "coins: \"e\" is not a denomination");
  EXPECT_EQ(Error("1 earth"), "coins: \" earth\" is not a denomination");
  EXPECT_EQ(Error("1earth,2earth"), "coins: earth occurs twice");
}

}  // namespace
}  // namespace ingot::cosmwasm
