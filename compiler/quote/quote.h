#ifndef COMPILER_QUOTE_QUOTE_H_
#define COMPILER_QUOTE_QUOTE_H_

#include <cstdint>

#include "compiler/abi/profile.h"
#include "compiler/base/arena.h"
#include "compiler/wasm/module.h"

// Bounds of the compile gas that is still to come when the plan is there. In:
// the plan's module, its batches, the profile. Out: how much of each kind of
// work the batches and the link have to do (quantities.def), and a lower and an
// upper bound of their gas. Holds: both follow from module, compiler.wasm and
// profile alone; README.md says why they are bounds, and of what. The pass
// takes a constant time for each body and loop.

namespace ingot::compiler {

enum class Quantity : uint8_t {
#define INGOT_QUANTITY(name, meaning) name,
#include "compiler/quote/quantities.def"
#undef INGOT_QUANTITY
};

#define INGOT_QUANTITY(name, meaning) +1
inline constexpr uint32_t kQuantities = 0
#include "compiler/quote/quantities.def"
    ;
#undef INGOT_QUANTITY

struct QuotedWork {
  uint64_t amount[kQuantities] = {};  // by Quantity
  uint64_t largest_body = 0;          // bytes
};

struct QuotedGas {
  uint64_t lower = 0;
  uint64_t upper = 0;
};

// What a quote writes for the host: the bounds, and what they follow from.
struct Quote {
  QuotedGas gas;
  QuotedWork work;
};
static_assert(sizeof(Quote) == 8 * (2 + kQuantities + 1));

QuotedWork CountWork(const Arena& arena, const wasm::Module& module,
                     uint32_t batches);

// `free_bytes`: linear memory that the profile leaves behind the plan. Where
// that may be too little, a batch can end early, out of memory, and the lower
// bound is 0.
QuotedGas PriceWork(const QuotedWork& work, const Profile& profile,
                    uint64_t free_bytes);

}  // namespace ingot::compiler

#endif  // COMPILER_QUOTE_QUOTE_H_
