#ifndef RUNTIME_NATIVE_CANONICAL_TYPES_H_
#define RUNTIME_NATIVE_CANONICAL_TYPES_H_

#include <cstdint>

#include "runtime/store.h"

// Numbers for function types, equal exactly when the types are equal, within
// the process: what an indirect call compares. A number lives as long as
// somebody holds it (programs, host functions), so that modules that came and
// went leave nothing behind.

namespace ingot::runtime {

// Any thread. Every Acquire is paired with a Release of the same number.
uint32_t AcquireTypeId(const Signature& signature);
void ReleaseTypeId(uint32_t id);

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_CANONICAL_TYPES_H_
