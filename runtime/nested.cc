#include "runtime/nested.h"

#include <algorithm>
#include <utility>

#include "compiler/base/check.h"

namespace ingot::runtime {
namespace {

// A run never uses more than its limit, which was at most what is left.
void Take(Caller& caller, uint64_t gas_used) {
  INGOT_CHECK(caller.ChargeGas(gas_used));
}

}  // namespace

absl::StatusOr<Outcome> CallNested(Caller& caller, Store& store,
                                   Extern function,
                                   std::span<const Value> args,
                                   uint64_t gas_limit) {
  absl::StatusOr<Outcome> outcome =
      store.Call(function, args, caller.transaction(),
                 std::min(gas_limit, caller.GasLeft()));
  if (outcome.ok()) Take(caller, outcome->gas_used);
  return outcome;
}

absl::StatusOr<Store::Instantiation> InstantiateNested(
    Caller& caller, Store& store, std::shared_ptr<const Program> program,
    std::span<const Extern> imports, uint64_t gas_limit) {
  absl::StatusOr<Store::Instantiation> instantiation =
      store.Instantiate(std::move(program), imports, caller.transaction(),
                        std::min(gas_limit, caller.GasLeft()));
  if (instantiation.ok()) Take(caller, instantiation->outcome.gas_used);
  return instantiation;
}

}  // namespace ingot::runtime
