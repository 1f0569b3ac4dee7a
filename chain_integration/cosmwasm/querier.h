#ifndef CHAIN_INTEGRATION_COSMWASM_QUERIER_H_
#define CHAIN_INTEGRATION_COSMWASM_QUERIER_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chain_integration/cosmwasm/environment.h"
#include "chain_integration/json/json.h"

// Answers a contract's queries of its chain (query_chain): from pairs of
// request and response given by the user, then from known balances.

namespace ingot::cosmwasm {

class Querier {
 public:
  // Replaces what the address holds.
  void SetBalance(std::string_view address, std::vector<Coin> coins);
  // "ADDRESS=COINS" as on the command line.
  absl::Status AddBalance(std::string_view argument);

  // A JSON array of objects, each with "request" (any JSON) and one of
  //   "response":        JSON; the contract gets its bytes on one line
  //   "response_base64": bytes, for raw and protobuf queries
  //   "error":           text; the queried contract failed
  //   "system_error":    a cosmwasm-std SystemError as JSON
  // The first entry whose request equals the contract's (whatever the order
  // of members) answers it.
  absl::Status LoadMock(std::string_view json_text);
  void AddMock(json::Value request, json::Value response);

  // The serialised SystemResult<ContractResult<Binary>> for a request.
  std::string Answer(std::string_view request) const;

 private:
  json::Value AnswerBank(const json::Value& request) const;
  json::Value AnswerSupply(const std::string& denom) const;

  absl::btree_map<std::string, std::vector<Coin>, std::less<>> balances_;
  // Request and the whole SystemResult.
  std::vector<std::pair<json::Value, json::Value>> mocks_;
};

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_QUERIER_H_
