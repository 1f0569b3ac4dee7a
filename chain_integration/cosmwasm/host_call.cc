// Prices are charged before the bytes that they pay for are touched. A nested
// run of allocate gets all that is left; what it used is taken once, whatever
// became of it.

#include "chain_integration/cosmwasm/host_call.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "chain_integration/cosmwasm/region.h"
#include "runtime/nested.h"

namespace ingot::cosmwasm {

using runtime::HostResult;
using runtime::OutcomeKind;

bool HostCall::Fail(HostError error, std::string message) {
  failure_ =
      HostResult::Revert(static_cast<uint64_t>(error), std::move(message));
  return false;
}

bool HostCall::Charge(uint64_t price) {
  if (!caller_.ChargeGas(price)) {
    failure_ = HostResult::OutOfGas();
    return false;
  }
  session_.host_gas += price;
  return true;
}

bool HostCall::Read(uint32_t pointer, uint64_t max_length,
                    std::string_view* bytes) {
  Region region;
  const RegionStatus loaded = LoadRegion(caller_.Memory(), pointer, &region);
  if (!loaded.ok()) return Fail(loaded.error, loaded.message);
  if (!ChargeBytes(region.length)) return false;
  const RegionStatus viewed =
      ViewRegion(caller_.Memory(), region, max_length, bytes);
  return viewed.ok() || Fail(viewed.error, viewed.message);
}

bool HostCall::ReadOptional(uint32_t pointer, uint64_t max_length,
                            std::optional<std::string>* bytes) {
  bytes->reset();
  if (pointer == 0) return true;
  std::string_view view;
  if (!Read(pointer, max_length, &view)) return false;
  *bytes = std::string(view);
  return true;
}

bool HostCall::Write(uint32_t pointer, std::string_view bytes) {
  return ChargeBytes(bytes.size()) && Fill(pointer, bytes);
}

bool HostCall::Fill(uint32_t pointer, std::string_view bytes) {
  Region region;
  const RegionStatus loaded = LoadRegion(caller_.Memory(), pointer, &region);
  if (!loaded.ok()) return Fail(loaded.error, loaded.message);
  const RegionStatus filled =
      FillRegion(caller_.Memory(), pointer, region, bytes);
  return filled.ok() || Fail(filled.error, filled.message);
}

bool HostCall::WriteNew(std::string_view bytes, uint32_t* pointer) {
  return Allocate(static_cast<uint32_t>(bytes.size()), pointer) &&
         Fill(*pointer, bytes);
}

bool HostCall::Allocate(uint32_t size, uint32_t* pointer) {
  const std::optional<runtime::Extern> allocate =
      caller_.store().FindExport(caller_.instance(), "allocate");
  if (!allocate.has_value() || allocate->kind != wasm::ExternKind::kFunc) {
    return Fail(HostError::kMissingExport, "the contract exports no allocate");
  }
  const runtime::Value argument{.type = wasm::ValType::kI32, .bits = size};
  absl::StatusOr<runtime::Outcome> outcome =
      runtime::CallNested(caller_, caller_.store(), *allocate, {&argument, 1},
                          caller_.GasLeft());
  if (!outcome.ok()) {
    failure_ = HostResult::Fault(outcome.status());
    return false;
  }
  switch (outcome->kind) {
    case OutcomeKind::kReturned:
      break;
    case OutcomeKind::kReverted:
      failure_ = HostResult::Revert(outcome->revert_code,
                                    std::move(outcome->revert_message));
      return false;
    case OutcomeKind::kOutOfGas:
      failure_ = HostResult::OutOfGas();
      return false;
    case OutcomeKind::kTrapped:
      return Fail(HostError::kAllocateTrapped,
                  absl::StrCat("allocate(", size, ") trapped: ",
                               TrapMessage(outcome->trap)));
  }
  *pointer = static_cast<uint32_t>(outcome->results[0].bits);
  return *pointer != 0 || Fail(HostError::kZeroAddress);
}

}  // namespace ingot::cosmwasm
