#ifndef COMPILER_WASM32_SEEDED_DEFECT_H_
#define COMPILER_WASM32_SEEDED_DEFECT_H_

#include <cstdint>
#include <span>

#include "compiler/base/check.h"

// A defect put into a test build of compiler.wasm (INGOT_SEEDED_DEFECT), to
// show that a trap inside the compiler is a verdict and not a fault. In: the
// module's bytes and the step that runs. Holds: in every other build this is
// nothing; in the test build a module that ends in the bytes "DEFECT:" and one
// letter traps: p in the plan, b in a batch, l in the link by `unreachable`,
// s in the plan by a stack overflow.

namespace ingot::wasm32 {

enum class DefectStep : uint8_t { kPlan, kBatch, kLink };

#ifdef INGOT_SEEDED_DEFECT

// Deeper than any stack.
[[gnu::noinline]] inline uint32_t Descend(volatile uint32_t* depth) {
  *depth = *depth + 1;
  if (*depth == 0xFFFFFFFF) return 0;
  return Descend(depth) + *depth;
}

inline void SeededDefect(std::span<const uint8_t> module, DefectStep step) {
  static constexpr uint8_t kMark[] = {'D', 'E', 'F', 'E', 'C', 'T', ':'};
  constexpr uint32_t kBytes = sizeof(kMark) + 1;
  if (module.size() < kBytes) return;
  const std::span<const uint8_t> tail = module.last(kBytes);
  for (uint32_t i = 0; i < sizeof(kMark); ++i) {
    if (tail[i] != kMark[i]) return;
  }
  static constexpr uint8_t kLetters[] = {'p', 'b', 'l'};
  INGOT_CHECK(tail.back() != kLetters[static_cast<uint32_t>(step)]);
  if (tail.back() == 's' && step == DefectStep::kPlan) {
    volatile uint32_t depth = 0;
    depth = Descend(&depth);
  }
}

#else

inline void SeededDefect(std::span<const uint8_t>, DefectStep) {}

#endif  // INGOT_SEEDED_DEFECT

}  // namespace ingot::wasm32

#endif  // COMPILER_WASM32_SEEDED_DEFECT_H_
