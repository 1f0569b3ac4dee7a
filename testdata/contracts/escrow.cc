// An escrow: what is sent to it goes to the recipient when the arbiter
// approves, or back to whoever made it once it has expired. Storage: "config".
//
//   instantiate {"arbiter","recipient","expires_at_height"}
//   execute     {"approve":{}}   by the arbiter, before it expires
//               {"refund":{}}    by anyone, after it expired
//   query       {"config":{}}

#include <string>
#include <string_view>

#include "testdata/contracts/contract_json.h"
#include "testdata/contracts/cosmwasm_abi.h"

namespace {

using contract::Call;
using contract::Error;
using contract::JsonMember;
using contract::NeedMember;
using contract::NeedNumber;
using contract::NeedText;
using contract::Quoted;

uint64_t Height(const Call& call) {
  return NeedNumber(NeedMember(call.env, "block"), "height");
}

std::string Instantiate(const Call& call) {
  const std::string arbiter = NeedText(call.msg, "arbiter");
  const std::string recipient = NeedText(call.msg, "recipient");
  const uint64_t expires = NeedNumber(call.msg, "expires_at_height");
  for (const std::string& address : {arbiter, recipient}) {
    const std::string problem = contract::AddressError(address);
    if (!problem.empty()) return Error(problem);
  }
  if (expires <= Height(call)) return Error("Already expired");
  contract::Save(
      "config",
      "{\"arbiter\":" + Quoted(arbiter) + ",\"recipient\":" +
          Quoted(recipient) + ",\"source\":" +
          Quoted(NeedText(call.info, "sender")) + ",\"expires_at_height\":" +
          contract::AmountText(expires) + "}");
  return contract::Ok({.attributes = {{"action", "instantiate"}},
                       .messages = {}});
}

// All that the escrow holds, as a JSON array of coins.
std::string Balance(const Call& call) {
  const std::string self =
      NeedText(NeedMember(call.env, "contract"), "address");
  const std::string answer = contract::QueryChain(
      "{\"bank\":{\"all_balances\":{\"address\":" + Quoted(self) + "}}}");
  const std::string balances =
      contract::DecodeBase64(NeedText(NeedMember(answer, "ok"), "ok"));
  return std::string(NeedMember(balances, "amount"));
}

std::string SendAll(const Call& call, std::string_view action,
                    const std::string& to) {
  return contract::Ok(
      {.attributes = {{"action", std::string(action)}, {"to", to}},
       .messages = {"{\"bank\":{\"send\":{\"to_address\":" + Quoted(to) +
                    ",\"amount\":" + Balance(call) + "}}}"}});
}

std::string Execute(const Call& call) {
  const std::optional<std::string> config = contract::Load("config");
  if (!config.has_value()) return Error("Not instantiated");
  const bool expired = Height(call) >= NeedNumber(*config, "expires_at_height");
  if (JsonMember(call.msg, "approve")) {
    if (NeedText(call.info, "sender") != NeedText(*config, "arbiter")) {
      return Error("Unauthorized");
    }
    if (expired) return Error("Expired");
    return SendAll(call, "approve", NeedText(*config, "recipient"));
  }
  if (JsonMember(call.msg, "refund")) {
    if (!expired) return Error("Not expired");
    return SendAll(call, "refund", NeedText(*config, "source"));
  }
  return Error("Unknown message");
}

std::string Query(const Call& call) {
  if (!JsonMember(call.msg, "config")) return Error("Unknown message");
  return contract::OkQuery(contract::Load("config").value_or("null"));
}

}  // namespace

INGOT_COSMWASM_CONTRACT(Instantiate, Execute, Query)
