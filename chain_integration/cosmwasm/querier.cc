// Requests and answers are cosmwasm-std's QueryRequest and
// SystemResult<ContractResult<Binary>> in JSON.

#include "chain_integration/cosmwasm/querier.h"

#include <optional>
#include <sstream>

#include "absl/numeric/int128.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "chain_integration/cosmwasm/base64.h"

namespace ingot::cosmwasm {
namespace {

using json::Value;

Value Object(std::string_view key, Value value) {
  Value v = Value::MakeObject();
  v.Add(key, std::move(value));
  return v;
}

// What the queried side answered, as bytes.
Value Answered(std::string_view bytes) {
  return Object("ok", Object("ok", Value::String(EncodeBase64(bytes))));
}

Value UnsupportedRequest(std::string_view kind) {
  return Object("error", Object("unsupported_request",
                                Object("kind", Value::String(kind))));
}

Value InvalidRequest(std::string_view error, std::string_view request) {
  Value v = Value::MakeObject();
  v.Add("error", Value::String(error));
  v.Add("request", Value::String(EncodeBase64(request)));
  return Object("error", Object("invalid_request", std::move(v)));
}

// A smart query carries its message in base64. For comparison with a mock it
// also stands for itself with the message as JSON.
std::optional<Value> WithPlainMessage(const Value& request) {
  const Value* wasm = request.Find("wasm");
  const Value* smart = wasm == nullptr ? nullptr : wasm->Find("smart");
  const std::string* address =
      smart == nullptr ? nullptr : smart->FindString("contract_addr");
  const std::string* msg =
      smart == nullptr ? nullptr : smart->FindString("msg");
  if (address == nullptr || msg == nullptr) return std::nullopt;
  const std::optional<std::string> bytes = DecodeBase64(*msg);
  if (!bytes.has_value()) return std::nullopt;
  absl::StatusOr<Value> plain = json::Parse(*bytes);
  if (!plain.ok()) return std::nullopt;
  Value inner = Value::MakeObject();
  inner.Add("contract_addr", Value::String(*address));
  inner.Add("msg", *std::move(plain));
  return Object("wasm", Object("smart", std::move(inner)));
}

// The name of the first member: how cosmwasm-std tags its enums.
std::string_view TagOf(const Value& request) {
  if (!request.IsObject() || request.members().empty()) return "unknown";
  return request.members()[0].first;
}

absl::StatusOr<Value> MockAnswer(const Value& entry) {
  if (const Value* response = entry.Find("response")) {
    return Answered(json::Write(*response));
  }
  if (const std::string* text = entry.FindString("response_base64")) {
    const std::optional<std::string> bytes = DecodeBase64(*text);
    if (bytes.has_value()) return Answered(*bytes);
    return absl::InvalidArgumentError("response_base64 is not base64");
  }
  if (const std::string* error = entry.FindString("error")) {
    return Object("ok", Object("error", Value::String(*error)));
  }
  if (const Value* error = entry.Find("system_error")) {
    return Object("error", *error);
  }
  return absl::InvalidArgumentError(
      "expected one of response, response_base64, error, system_error");
}

}  // namespace

void Querier::SetBalance(std::string_view address, std::vector<Coin> coins) {
  balances_.insert_or_assign(std::string(address), std::move(coins));
}

absl::Status Querier::AddBalance(std::string_view argument) {
  const size_t equals = argument.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("balance: \"", std::string(argument),
                     "\" is not ADDRESS=COINS, as in alice=100earth,5atom"));
  }
  absl::StatusOr<std::vector<Coin>> coins =
      ParseCoins(argument.substr(equals + 1));
  if (!coins.ok()) return coins.status();
  SetBalance(argument.substr(0, equals), *std::move(coins));
  return absl::OkStatus();
}

absl::Status Querier::LoadMock(std::string_view json_text) {
  const absl::StatusOr<Value> file = json::Parse(json_text);
  if (!file.ok()) return file.status();
  if (!file->IsArray()) {
    return absl::InvalidArgumentError(
        "query mock: expected an array of {\"request\", \"response\"}");
  }
  for (size_t i = 0; i < file->items().size(); ++i) {
    const Value& entry = file->items()[i];
    const Value* request = entry.Find("request");
    if (request == nullptr || entry.members().size() != 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("query mock: entry ", i,
                       " does not have \"request\" and one answer"));
    }
    absl::StatusOr<Value> answer = MockAnswer(entry);
    if (!answer.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "query mock: entry ", i, ": ", answer.status().message()));
    }
    mocks_.emplace_back(*request, *std::move(answer));
  }
  return absl::OkStatus();
}

void Querier::AddMock(Value request, Value response) {
  mocks_.emplace_back(std::move(request), Answered(json::Write(response)));
}

Value Querier::AnswerBank(const Value& request) const {
  static const std::vector<Coin> kNothing;
  const auto coins_of =
      [this](const std::string& address) -> const std::vector<Coin>& {
    const auto it = balances_.find(address);
    return it == balances_.end() ? kNothing : it->second;
  };
  if (const Value* balance = request.Find("balance")) {
    const std::string* address = balance->FindString("address");
    const std::string* denom = balance->FindString("denom");
    if (address == nullptr || denom == nullptr) {
      return InvalidRequest("address or denom is missing",
                            json::Write(request));
    }
    Coin answer{.denom = *denom, .amount = "0"};
    for (const Coin& coin : coins_of(*address)) {
      if (coin.denom == *denom) answer = coin;
    }
    return Answered(json::Write(Object("amount", ToJson(answer))));
  }
  if (const Value* all = request.Find("all_balances")) {
    const std::string* address = all->FindString("address");
    if (address == nullptr) {
      return InvalidRequest("address is missing", json::Write(request));
    }
    return Answered(json::Write(Object("amount", ToJson(coins_of(*address)))));
  }
  if (const Value* supply = request.Find("supply")) {
    const std::string* denom = supply->FindString("denom");
    if (denom == nullptr) {
      return InvalidRequest("denom is missing", json::Write(request));
    }
    return AnswerSupply(*denom);
  }
  return UnsupportedRequest(absl::StrCat("bank.", std::string(TagOf(request))));
}

// All that is known to be held.
Value Querier::AnswerSupply(const std::string& denom) const {
  absl::uint128 total = 0;
  for (const auto& [address, coins] : balances_) {
    for (const Coin& coin : coins) {
      absl::uint128 amount = 0;
      if (coin.denom != denom || !absl::SimpleAtoi(coin.amount, &amount)) {
        continue;
      }
      if (amount > absl::Uint128Max() - total) {
        return Object("ok", Object("error", Value::String(
                                                "the supply overflows")));
      }
      total += amount;
    }
  }
  std::ostringstream digits;
  digits << total;
  return Answered(json::Write(Object(
      "amount", ToJson(Coin{.denom = denom, .amount = digits.str()}))));
}

std::string Querier::Answer(std::string_view request) const {
  const absl::StatusOr<Value> parsed = json::Parse(request);
  if (!parsed.ok()) {
    return json::Write(InvalidRequest(
        std::string_view(parsed.status().message().data(),
                         parsed.status().message().size()),
        request));
  }
  const std::optional<Value> plain = WithPlainMessage(*parsed);
  for (const auto& [mock, answer] : mocks_) {
    if (mock == *parsed || (plain.has_value() && mock == *plain)) {
      return json::Write(answer);
    }
  }
  if (const Value* bank = parsed->Find("bank")) {
    return json::Write(AnswerBank(*bank));
  }
  if (const Value* wasm = parsed->Find("wasm")) {
    if (wasm->IsObject() && wasm->members().size() == 1) {
      const std::string* address =
          wasm->members()[0].second.FindString("contract_addr");
      if (address != nullptr) {
        return json::Write(
            Object("error", Object("no_such_contract",
                                   Object("addr", Value::String(*address)))));
      }
    }
  }
  return json::Write(UnsupportedRequest(TagOf(*parsed)));
}

}  // namespace ingot::cosmwasm
