#ifndef CHAIN_INTEGRATION_COSMWASM_ENVIRONMENT_H_
#define CHAIN_INTEGRATION_COSMWASM_ENVIRONMENT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "chain_integration/json/json.h"

// What a contract learns about the block, the transaction and the sender, in
// the JSON of cosmwasm-std's Env and MessageInfo. The defaults are those of
// cosmwasm-vm's mock, so that examples written for it work unchanged.

namespace ingot::cosmwasm {

// bech32("cosmwasm", sha256("creator")) and of "cosmos2contract".
inline constexpr std::string_view kDefaultSender =
    "cosmwasm1h34lmpywh4upnjdg90cjf4j70aee6z8qqfspugamjp42e4q28kqs8s7vcp";
inline constexpr std::string_view kDefaultContract =
    "cosmwasm1jpev2csrppg792t22rn8z8uew8h3sjcpglcd0qv9g8gj8ky922tscp8avs";
inline constexpr uint64_t kDefaultHeight = 12345;
inline constexpr uint64_t kDefaultTimeNanoseconds = 1571797419879305533;
inline constexpr std::string_view kDefaultChainId = "cosmos-testnet-14002";

// `amount` is a decimal between 0 and 2^128 - 1.
struct Coin {
  std::string denom;
  std::string amount;

  friend bool operator==(const Coin&, const Coin&) = default;
};

struct Env {
  uint64_t height = kDefaultHeight;
  uint64_t time_nanoseconds = kDefaultTimeNanoseconds;  // since 1970
  std::string chain_id{kDefaultChainId};
  std::string contract{kDefaultContract};
};

struct MessageInfo {
  std::string sender{kDefaultSender};
  std::vector<Coin> funds;
};

json::Value ToJson(const Coin& coin);
json::Value ToJson(const std::vector<Coin>& coins);
json::Value ToJson(const Env& env);
json::Value ToJson(const MessageInfo& info);

// "100earth,5factory/abc/token": amounts first, separated by commas; "" is no
// coins. A denom begins with a letter, has 2 to 128 of [a-zA-Z0-9/:._-], and
// occurs once. The result is sorted by denom.
absl::StatusOr<std::vector<Coin>> ParseCoins(std::string_view text);

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_ENVIRONMENT_H_
