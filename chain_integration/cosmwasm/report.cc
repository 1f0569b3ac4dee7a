// A contract's answer (ContractResult in JSON) into the report, and the report
// into the JSON of the command line.

#include "chain_integration/cosmwasm/report.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "chain_integration/cosmwasm/base64.h"

namespace ingot::cosmwasm {
namespace {

using json::Value;
using runtime::OutcomeKind;

constexpr json::ParseLimits kResultLimits{.depth = 64, .bytes = kMaxResult};

bool IsAttributes(const Value* list) {
  if (list == nullptr || !list->IsArray()) return false;
  for (const Value& item : list->items()) {
    if (item.FindString("key") == nullptr ||
        item.FindString("value") == nullptr) {
      return false;
    }
  }
  return true;
}

Value MakeEvent(std::string_view type, const Value& attributes) {
  Value event = Value::MakeObject();
  event.Add("type", Value::String(type));
  event.Add("attributes", attributes);
  return event;
}

// The events of a response; false if it is malformed.
bool CollectEvents(const Value& response, Value* events) {
  const Value* attributes = response.Find("attributes");
  if (!IsAttributes(attributes)) return false;
  if (!attributes->items().empty()) {
    events->Append(MakeEvent("wasm", *attributes));
  }
  const Value* own = response.Find("events");
  if (own == nullptr) return true;
  if (!own->IsArray()) return false;
  for (const Value& event : own->items()) {
    const std::string* type = event.FindString("type");
    if (type == nullptr || !IsAttributes(event.Find("attributes"))) {
      return false;
    }
    events->Append(MakeEvent(absl::StrCat("wasm-", *type),
                             *event.Find("attributes")));
  }
  return true;
}

bool ReadResponse(const Value& response, CallReport& report) {
  const Value* messages = response.Find("messages");
  if (messages == nullptr || !messages->IsArray() ||
      !CollectEvents(response, &report.events)) {
    return false;
  }
  report.messages = *messages;
  const Value* data = response.Find("data");
  if (data == nullptr) data = response.Find("acknowledgement");
  if (data != nullptr) report.data = *data;
  return true;
}

bool ReadQueryAnswer(const Value& answer, CallReport& report) {
  if (!answer.IsString()) return false;
  const std::optional<std::string> bytes = DecodeBase64(answer.AsString());
  if (!bytes.has_value()) return false;
  absl::StatusOr<Value> parsed = json::Parse(*bytes, kResultLimits);
  report.data = parsed.ok() ? *std::move(parsed) : answer;
  return true;
}

Value NumberOrNull(uint32_t value) {
  return value == kNowhere ? Value::Null() : Value::Number(value);
}

Value HexOrNull(const std::optional<std::string>& bytes) {
  return bytes.has_value() ? Value::String(absl::BytesToHexString(*bytes))
                           : Value::Null();
}

std::string_view OutcomeName(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::kReturned:
      return "returned";
    case OutcomeKind::kTrapped:
      return "trapped";
    case OutcomeKind::kReverted:
      return "reverted";
    case OutcomeKind::kOutOfGas:
      return "out_of_gas";
  }
  return "";
}

// An entry point returns one i32.
Value ResultsToJson(const std::vector<runtime::Value>& results) {
  Value list = Value::MakeArray();
  for (const runtime::Value& result : results) {
    Value v = Value::MakeObject();
    v.Add("type", Value::String("i32"));
    v.Add("value", Value::String(absl::StrCat(static_cast<int32_t>(
                       static_cast<uint32_t>(result.bits)))));
    list.Append(std::move(v));
  }
  return list;
}

Value ChangesToJson(const std::vector<StateChange>& changes) {
  Value list = Value::MakeArray();
  for (const StateChange& change : changes) {
    Value v = Value::MakeObject();
    v.Add("key", Value::String(absl::BytesToHexString(change.key)));
    v.Add("before", HexOrNull(change.before));
    v.Add("after", HexOrNull(change.after));
    list.Append(std::move(v));
  }
  return list;
}

Value BacktraceToJson(const std::vector<runtime::Frame>& frames) {
  Value list = Value::MakeArray();
  for (const runtime::Frame& frame : frames) {
    Value v = Value::MakeObject();
    v.Add("function", NumberOrNull(frame.function));
    v.Add("offset", NumberOrNull(frame.offset));
    list.Append(std::move(v));
  }
  return list;
}

}  // namespace

void Revert(HostError code, std::string message, CallReport& report) {
  report.outcome = OutcomeKind::kReverted;
  report.error_code = code;
  report.error = std::move(message);
}

void ReadContractResult(std::string_view entry, std::string_view bytes,
                        CallReport& report) {
  const absl::StatusOr<Value> result = json::Parse(bytes, kResultLimits);
  if (!result.ok()) {
    Revert(HostError::kInvalidResult,
           absl::StrCat("the contract's result is not valid: ",
                        result.status().message()),
           report);
    return;
  }
  if (const std::string* error = result->FindString("error")) {
    Revert(HostError::kContractError, *error, report);
    return;
  }
  const Value* ok = result->Find("ok");
  bool is_valid = ok != nullptr && result->members().size() == 1;
  if (is_valid && entry == "query") {
    is_valid = ReadQueryAnswer(*ok, report);
  } else if (is_valid && ok->Find("messages") != nullptr) {
    is_valid = ReadResponse(*ok, report);
  } else if (is_valid && entry == "ibc_channel_open") {
    report.data = *ok;  // null or {"version"}
  } else {
    is_valid = false;
  }
  if (!is_valid) {
    report.data = Value::Null();
    report.events = Value::MakeArray();
    report.messages = Value::MakeArray();
    Revert(HostError::kInvalidResult,
           absl::StrCat("the contract's result does not fit entry point ",
                        std::string(entry)),
           report);
  }
}

Value ToJson(const CallReport& report) {
  const bool trapped = report.outcome == OutcomeKind::kTrapped;
  Value v = Value::MakeObject();
  v.Add("outcome", Value::String(OutcomeName(report.outcome)));
  v.Add("trap",
        trapped ? Value::String(TrapName(report.trap)) : Value::Null());
  v.Add("function", NumberOrNull(report.function));
  v.Add("offset", NumberOrNull(report.offset));
  v.Add("results", ResultsToJson(report.results));
  v.Add("gas_used", Value::NumberString(report.gas_used));
  v.Add("gas_limit", Value::NumberString(report.gas_limit));
  v.Add("phase", Value::String(report.phase == runtime::Phase::kInstantiate
                                   ? "instantiate"
                                   : "call"));
  v.Add("data", report.data);
  v.Add("events", report.events);
  v.Add("messages", report.messages);
  v.Add("error", report.error.has_value() ? Value::String(*report.error)
                                          : Value::Null());
  v.Add("error_code", report.error_code == HostError::kNone
                          ? Value::Null()
                          : Value::String(HostErrorName(report.error_code)));
  v.Add("state_changes", ChangesToJson(report.state_changes));
  v.Add("gas_used_wasm", Value::NumberString(report.gas_used_wasm));
  v.Add("gas_used_host", Value::NumberString(report.gas_used_host));
  if (trapped) v.Add("backtrace", BacktraceToJson(report.backtrace));
  if (!report.debug.empty()) {
    Value debug = Value::MakeArray();
    for (const std::string& line : report.debug) {
      debug.Append(Value::String(line));
    }
    v.Add("debug", std::move(debug));
  }
  return v;
}

}  // namespace ingot::cosmwasm
