// Plain host functions for engines that call all host functions alike. In: the
// values of a call. Out: the same call with bits in a row.

#include <algorithm>

#include "runtime/store.h"

namespace ingot::runtime {

bool IsPlain(const Signature& signature) {
  const auto fits = [](const std::vector<wasm::ValType>& types) {
    return types.size() <= kPlainValues &&
           std::ranges::all_of(types, [](wasm::ValType type) {
             return type == wasm::ValType::kI32 || type == wasm::ValType::kI64;
           });
  };
  return fits(signature.params) && fits(signature.results);
}

HostFunction FromPlain(PlainHostFunction fn, void* state) {
  return [fn, state](Caller& caller, std::span<const Value> args,
                     std::span<Value> results) {
    uint64_t values[kPlainValues] = {};
    for (size_t i = 0; i < args.size(); ++i) values[i] = args[i].bits;
    if (!fn(state, caller, values)) return caller.TakeFailure();
    for (size_t i = 0; i < results.size(); ++i) {
      const bool narrow = results[i].type == wasm::ValType::kI32;
      results[i].bits = narrow ? static_cast<uint32_t>(values[i]) : values[i];
    }
    return HostResult::Ok();
  };
}

}  // namespace ingot::runtime
