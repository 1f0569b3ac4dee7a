#ifndef RUNTIME_NESTED_H_
#define RUNTIME_NESTED_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "runtime/store.h"

// Runs that a host function starts on behalf of its caller (DESIGN.md 4.7).
//
// The child's gas limit is the smaller of `gas_limit` and what the caller has
// left; what the child used is taken from the caller exactly once, whatever its
// outcome. Stack units, pages and depth are those of the caller's transaction.
// The store may be the caller's own or another one. A fault takes no gas: the
// host function passes it on by HostResult::Fault.

namespace ingot::runtime {

absl::StatusOr<Outcome> CallNested(Caller& caller, Store& store,
                                   Extern function,
                                   std::span<const Value> args,
                                   uint64_t gas_limit);

absl::StatusOr<Store::Instantiation> InstantiateNested(
    Caller& caller, Store& store, std::shared_ptr<const Program> program,
    std::span<const Extern> imports, uint64_t gas_limit);

}  // namespace ingot::runtime

#endif  // RUNTIME_NESTED_H_
