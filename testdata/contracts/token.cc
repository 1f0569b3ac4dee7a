// A token in the manner of cw20. Storage: "info" (name, symbol, decimals and
// supply as JSON), "b/<address>" (a balance), "a/<owner>/<spender>" (an
// allowance); amounts are decimals.
//
//   instantiate {"name","symbol","decimals","initial_balances":
//                [{"address","amount"}]}
//   execute     {"transfer":{"recipient","amount"}}
//               {"burn":{"amount"}}
//               {"increase_allowance":{"spender","amount"}}
//               {"transfer_from":{"owner","recipient","amount"}}
//   query       {"balance":{"address"}}, {"token_info":{}},
//               {"allowance":{"owner","spender"}}, {"all_accounts":{}}

#include <string>
#include <string_view>

#include "testdata/contracts/contract_json.h"
#include "testdata/contracts/cosmwasm_abi.h"

namespace {

using contract::AmountText;
using contract::Call;
using contract::Error;
using contract::JsonMember;
using contract::NeedAmount;
using contract::NeedText;
using contract::Quoted;
using contract::Response;
using contract::u128;

u128 LoadAmount(const std::string& key) {
  const std::optional<std::string> value = contract::Load(key);
  return value.has_value() ? contract::ParseAmount(*value).value_or(0) : 0;
}

void SaveAmount(const std::string& key, u128 amount) {
  if (amount == 0) {
    contract::Remove(key);
  } else {
    contract::Save(key, AmountText(amount));
  }
}

std::string BalanceKey(std::string_view address) {
  return "b/" + std::string(address);
}

std::string AllowanceKey(std::string_view owner, std::string_view spender) {
  return "a/" + std::string(owner) + "/" + std::string(spender);
}

std::string InfoJson(std::string_view name, std::string_view symbol,
                     uint64_t decimals, u128 supply) {
  return "{\"name\":" + Quoted(name) + ",\"symbol\":" + Quoted(symbol) +
         ",\"decimals\":" + AmountText(decimals) +
         ",\"total_supply\":" + Quoted(AmountText(supply)) + "}";
}

// An error text, or empty.
std::string Move(const std::string& from, const std::string& to, u128 amount) {
  if (amount == 0) return "Invalid zero amount";
  const std::string problem = contract::AddressError(to);
  if (!problem.empty()) return problem;
  const u128 before = LoadAmount(BalanceKey(from));
  if (before < amount) {
    return "Cannot subtract " + AmountText(amount) + " from " +
           AmountText(before);
  }
  SaveAmount(BalanceKey(from), before - amount);
  // The supply bounds every balance, so this cannot overflow.
  SaveAmount(BalanceKey(to), LoadAmount(BalanceKey(to)) + amount);
  return "";
}

std::string Finish(const std::string& problem, const Response& response) {
  return problem.empty() ? contract::Ok(response) : Error(problem);
}

std::string Instantiate(const Call& call) {
  u128 supply = 0;
  for (const std::string_view holder : contract::JsonElements(
           contract::NeedMember(call.msg, "initial_balances"))) {
    const std::string address = NeedText(holder, "address");
    const u128 amount = NeedAmount(holder, "amount");
    const std::string problem = contract::AddressError(address);
    if (!problem.empty()) return Error(problem);
    if (amount > ~u128{0} - supply) return Error("Supply overflows");
    supply += amount;
    SaveAmount(BalanceKey(address),
               LoadAmount(BalanceKey(address)) + amount);
  }
  contract::Save("info",
                 InfoJson(NeedText(call.msg, "name"),
                          NeedText(call.msg, "symbol"),
                          contract::NeedNumber(call.msg, "decimals"), supply));
  return contract::Ok({.attributes = {{"action", "instantiate"}},
                       .messages = {}});
}

std::string Transfer(const std::string& sender, std::string_view msg) {
  const std::string recipient = NeedText(msg, "recipient");
  const u128 amount = NeedAmount(msg, "amount");
  return Finish(Move(sender, recipient, amount),
                {.attributes = {{"action", "transfer"},
                                {"from", sender},
                                {"to", recipient},
                                {"amount", AmountText(amount)}},
                 .messages = {}});
}

std::string Burn(const std::string& sender, std::string_view msg) {
  const u128 amount = NeedAmount(msg, "amount");
  const u128 before = LoadAmount(BalanceKey(sender));
  if (before < amount) {
    return Error("Cannot subtract " + AmountText(amount) + " from " +
                 AmountText(before));
  }
  SaveAmount(BalanceKey(sender), before - amount);
  const std::string info = contract::Load("info").value_or("{}");
  contract::Save("info", InfoJson(NeedText(info, "name"),
                                  NeedText(info, "symbol"),
                                  contract::NeedNumber(info, "decimals"),
                                  NeedAmount(info, "total_supply") - amount));
  return contract::Ok({.attributes = {{"action", "burn"},
                                      {"from", sender},
                                      {"amount", AmountText(amount)}},
                       .messages = {}});
}

std::string IncreaseAllowance(const std::string& sender,
                              std::string_view msg) {
  const std::string spender = NeedText(msg, "spender");
  const u128 amount = NeedAmount(msg, "amount");
  if (spender == sender) return Error("Cannot set allowance to own account");
  const std::string key = AllowanceKey(sender, spender);
  const u128 before = LoadAmount(key);
  if (amount > ~u128{0} - before) return Error("Allowance overflows");
  SaveAmount(key, before + amount);
  return contract::Ok({.attributes = {{"action", "increase_allowance"},
                                      {"owner", sender},
                                      {"spender", spender},
                                      {"amount", AmountText(amount)}},
                       .messages = {}});
}

std::string TransferFrom(const std::string& sender, std::string_view msg) {
  const std::string owner = NeedText(msg, "owner");
  const std::string recipient = NeedText(msg, "recipient");
  const u128 amount = NeedAmount(msg, "amount");
  const std::string key = AllowanceKey(owner, sender);
  const u128 allowed = LoadAmount(key);
  if (allowed < amount) return Error("No allowance for this account");
  SaveAmount(key, allowed - amount);
  return Finish(Move(owner, recipient, amount),
                {.attributes = {{"action", "transfer_from"},
                                {"from", owner},
                                {"to", recipient},
                                {"by", sender},
                                {"amount", AmountText(amount)}},
                 .messages = {}});
}

std::string Execute(const Call& call) {
  const std::string sender = NeedText(call.info, "sender");
  if (const auto msg = JsonMember(call.msg, "transfer")) {
    return Transfer(sender, *msg);
  }
  if (const auto msg = JsonMember(call.msg, "burn")) return Burn(sender, *msg);
  if (const auto msg = JsonMember(call.msg, "increase_allowance")) {
    return IncreaseAllowance(sender, *msg);
  }
  if (const auto msg = JsonMember(call.msg, "transfer_from")) {
    return TransferFrom(sender, *msg);
  }
  return Error("Unknown message");
}

std::string AllAccounts() {
  std::string list;
  contract::PrefixScan scan("b/");
  std::string key;
  std::string value;
  while (scan.Next(&key, &value)) {
    if (!list.empty()) list += ',';
    list += Quoted(key.substr(2));
  }
  return "{\"accounts\":[" + list + "]}";
}

std::string Query(const Call& call) {
  if (const auto msg = JsonMember(call.msg, "balance")) {
    const u128 balance = LoadAmount(BalanceKey(NeedText(*msg, "address")));
    return contract::OkQuery("{\"balance\":" + Quoted(AmountText(balance)) +
                             "}");
  }
  if (JsonMember(call.msg, "token_info")) {
    return contract::OkQuery(contract::Load("info").value_or("{}"));
  }
  if (const auto msg = JsonMember(call.msg, "allowance")) {
    const u128 allowed = LoadAmount(
        AllowanceKey(NeedText(*msg, "owner"), NeedText(*msg, "spender")));
    return contract::OkQuery("{\"allowance\":" + Quoted(AmountText(allowed)) +
                             "}");
  }
  if (JsonMember(call.msg, "all_accounts")) {
    return contract::OkQuery(AllAccounts());
  }
  return Error("Unknown message");
}

}  // namespace

INGOT_COSMWASM_CONTRACT(Instantiate, Execute, Query)
