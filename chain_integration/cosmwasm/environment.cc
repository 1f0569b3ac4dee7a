// Env, MessageInfo and coins to JSON, and coins from the command line's form.

#include "chain_integration/cosmwasm/environment.h"

#include <algorithm>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ingot::cosmwasm {
namespace {

using json::Value;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsDenom(std::string_view text) {
  return text.size() >= 2 && text.size() <= 128 && IsLetter(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsLetter(c) || IsDigit(c) || c == '/' || c == ':' ||
                  c == '.' || c == '_' || c == '-';
         });
}

absl::StatusOr<Coin> ParseCoin(std::string_view text) {
  const size_t digits = static_cast<size_t>(
      std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
  absl::uint128 amount = 0;
  if (digits == 0 ||
      !absl::SimpleAtoi(
          absl::string_view(text.data(), digits), &amount)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "coins: \"", std::string(text),
        "\" does not begin with an amount below 2^128, as in 100earth"));
  }
  if (!IsDenom(text.substr(digits))) {
    return absl::InvalidArgumentError(
        absl::StrCat("coins: \"", std::string(text.substr(digits)),
                     "\" is not a denomination"));
  }
  // Leading zeros of an amount have no meaning to a contract.
  const size_t zeros = std::min(text.find_first_not_of('0'), digits - 1);
  return Coin{.denom = std::string(text.substr(digits)),
              .amount = std::string(text.substr(zeros, digits - zeros))};
}

}  // namespace

Value ToJson(const Coin& coin) {
  Value v = Value::MakeObject();
  v.Add("denom", Value::String(coin.denom));
  v.Add("amount", Value::String(coin.amount));
  return v;
}

Value ToJson(const std::vector<Coin>& coins) {
  Value v = Value::MakeArray();
  for (const Coin& coin : coins) v.Append(ToJson(coin));
  return v;
}

Value ToJson(const Env& env) {
  Value block = Value::MakeObject();
  block.Add("height", Value::Number(env.height));
  block.Add("time", Value::NumberString(env.time_nanoseconds));
  block.Add("chain_id", Value::String(env.chain_id));
  Value transaction = Value::MakeObject();
  transaction.Add("index", Value::Number(0));
  Value contract = Value::MakeObject();
  contract.Add("address", Value::String(env.contract));
  Value v = Value::MakeObject();
  v.Add("block", std::move(block));
  v.Add("transaction", std::move(transaction));
  v.Add("contract", std::move(contract));
  return v;
}

Value ToJson(const MessageInfo& info) {
  Value v = Value::MakeObject();
  v.Add("sender", Value::String(info.sender));
  v.Add("funds", ToJson(info.funds));
  return v;
}

absl::StatusOr<std::vector<Coin>> ParseCoins(std::string_view text) {
  std::vector<Coin> coins;
  if (text.empty()) return coins;
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',')) {
    absl::StatusOr<Coin> coin = ParseCoin({part.data(), part.size()});
    if (!coin.ok()) return coin.status();
    coins.push_back(*std::move(coin));
  }
  std::sort(coins.begin(), coins.end(), [](const Coin& a, const Coin& b) {
    return a.denom < b.denom;
  });
  for (size_t i = 1; i < coins.size(); ++i) {
    if (coins[i].denom == coins[i - 1].denom) {
      return absl::InvalidArgumentError(
          absl::StrCat("coins: ", coins[i].denom, " occurs twice"));
    }
  }
  return coins;
}

}  // namespace ingot::cosmwasm
