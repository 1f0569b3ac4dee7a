#include "compiler/quote/quote.h"

#include <utility>

#include "compiler/wasm/work_classes.h"
#include "metering/gas.h"
#include "metering/gas_schedule.h"

// A sum of products: amount × gas per unit, from coefficients.def, whose gas is
// that of the default profile's compile schedule. Under another schedule each
// executed instruction and each fee of the compiler costs at least the least
// ratio of two prices, and at most the greatest, times as much, and so does
// their sum.

namespace ingot::compiler {
namespace {

// Gas per unit, by Quantity.
struct Coefficients {
  uint32_t lower[kQuantities];
  uint32_t upper[kQuantities];
};

constexpr uint32_t kLevels = 2;

// Not constexpr, so that another coefficient is another byte of data and never
// other code.
const Coefficients kByLevel[kLevels] = {
    {{
#define INGOT_COEFFICIENT(name, lower0, upper0, lower1, upper1) lower0,
#include "compiler/quote/coefficients.def"
#undef INGOT_COEFFICIENT
     },
     {
#define INGOT_COEFFICIENT(name, lower0, upper0, lower1, upper1) upper0,
#include "compiler/quote/coefficients.def"
#undef INGOT_COEFFICIENT
     }},
    {{
#define INGOT_COEFFICIENT(name, lower0, upper0, lower1, upper1) lower1,
#include "compiler/quote/coefficients.def"
#undef INGOT_COEFFICIENT
     },
     {
#define INGOT_COEFFICIENT(name, lower0, upper0, lower1, upper1) upper1,
#include "compiler/quote/coefficients.def"
#undef INGOT_COEFFICIENT
     }}};

// The rows stand in the order of quantities.def.
constexpr Quantity kRowOrder[] = {
#define INGOT_COEFFICIENT(name, lower0, upper0, lower1, upper1) Quantity::name,
#include "compiler/quote/coefficients.def"
#undef INGOT_COEFFICIENT
};
constexpr bool RowsMatch() {
  if (sizeof(kRowOrder) / sizeof(kRowOrder[0]) != kQuantities) return false;
  for (uint32_t i = 0; i < kQuantities; ++i) {
    if (static_cast<uint32_t>(kRowOrder[i]) != i) return false;
  }
  return true;
}
static_assert(RowsMatch());

// The first quantity that is a WorkClass, and the class.
constexpr uint32_t kFirstClass = static_cast<uint32_t>(Quantity::kConstant);
static_assert(kQuantities - kFirstClass == wasm::kWorkClasses - 1);

// What a batch or the link may take of the arena.
constexpr uint64_t kMemoryPerLargestBodyByte = 1024;
constexpr uint64_t kMemoryPerByte = 128;
constexpr uint64_t kMemoryBase = uint64_t{2} << 20;

// Prices as parts of others, in 2^-20ths, rounded down and up.
struct Ratio {
  static constexpr uint64_t kOne = uint64_t{1} << 20;
  static constexpr uint64_t kUnbounded = ~uint64_t{0};
  // A part of the gas is the host's own work, whose price stays.
  uint64_t least = kOne;
  uint64_t greatest = kOne;

  void Add(uint64_t price, uint64_t reference) {
    if (reference == 0) {
      // What was free and is not cannot be bounded by what was paid.
      if (price != 0) greatest = kUnbounded;
      return;
    }
    AddLeast(price, reference);
    AddGreatest(price, reference);
  }

  void AddLeast(uint64_t price, uint64_t reference) {
    const uint64_t ratio = price * kOne / reference;
    if (ratio < least) least = ratio;
  }

  void AddGreatest(uint64_t price, uint64_t reference) {
    const uint64_t ratio = (price * kOne + reference - 1) / reference;
    if (ratio > greatest) greatest = ratio;
  }

  void Add(const Fee& fee, const Fee& reference) {
    Add(fee.base, reference.base);
    if (reference.per_unit == 0) return Add(fee.per_unit, 0);
    // n items are at most 2^k times as many units where a unit is 2^k times
    // smaller, and at most as many where it is larger.
    const uint32_t smaller = reference.unit_log2 > fee.unit_log2
                                 ? reference.unit_log2 - fee.unit_log2
                                 : 0;
    const uint32_t larger = fee.unit_log2 > reference.unit_log2
                                ? fee.unit_log2 - reference.unit_log2
                                : 0;
    AddGreatest(uint64_t{fee.per_unit} << smaller, reference.per_unit);
    AddLeast(fee.per_unit, uint64_t{reference.per_unit} << larger);
  }
};

Ratio Compare(const GasSchedule& schedule, const GasSchedule& reference) {
  Ratio ratio;
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    ratio.Add(schedule.op[i], reference.op[i]);
  }
  ratio.Add(schedule.function_entry, reference.function_entry);
  ratio.Add(schedule.per_parameter, reference.per_parameter);
  ratio.Add(schedule.per_result, reference.per_result);
  ratio.Add(schedule.per_local, reference.per_local);
  for (const auto& [fee, other] :
       {std::pair{&schedule.memory_grow, &reference.memory_grow},
        std::pair{&schedule.memory_copy, &reference.memory_copy},
        std::pair{&schedule.memory_fill, &reference.memory_fill},
        std::pair{&schedule.memory_init, &reference.memory_init}}) {
    ratio.Add(*fee, *other);
  }
  return ratio;
}

// gas × ratio, rounded down, at most Gas::kMaxValue.
uint64_t Scale(uint64_t gas, uint64_t ratio) {
  const Gas high = Gas::SaturatingProduct(gas >> 20, ratio);
  const Gas low = Gas::FromLimit(((gas & (Ratio::kOne - 1)) * ratio) >> 20);
  return high.SaturatingAdd(low).value();
}

uint64_t MemoryOf(const QuotedWork& work) {
  const auto of = [&](Quantity quantity) {
    return work.amount[static_cast<uint32_t>(quantity)];
  };
  return kMemoryBase + kMemoryPerLargestBodyByte * work.largest_body +
         kMemoryPerByte * (of(Quantity::kBodyBytes) + of(Quantity::kBodies) +
                           of(Quantity::kLocals) + of(Quantity::kCallOperands) +
                           of(Quantity::kFunctions)) +
         2 * of(Quantity::kKeptBytes);
}

// Bytes of the body's loops that the builder may build again: 72 for a small
// innermost loop without calls, and in all half of the body
// (compiler/ir/builder_unroll.cc).
uint64_t UnrolledBytes(const Arena& arena, const wasm::Module& module,
                       const wasm::Body& body) {
  constexpr uint64_t kMostOfALoop = 72;
  constexpr uint64_t kMostBesides = 96;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < body.loops; ++i) {
    const wasm::LoopInfo& loop = arena.Get(module.loops, body.first_loop + i);
    const bool innermost =
        i + 1 == body.loops ||
        arena.Get(module.loops, body.first_loop + i + 1).end_offset >
            loop.end_offset;
    if (innermost && !loop.contains_call) bytes += kMostOfALoop;
  }
  const uint64_t most = (body.end - body.begin) / 2 + kMostBesides;
  return bytes < most ? bytes : most;
}

}  // namespace

QuotedWork CountWork(const Arena& arena, const wasm::Module& module,
                     uint32_t batches) {
  QuotedWork work;
  const auto add = [&](Quantity quantity, uint64_t amount) {
    work.amount[static_cast<uint32_t>(quantity)] += amount;
  };
  add(Quantity::kJob, 1);
  add(Quantity::kBatches, batches);
  add(Quantity::kBodies, module.bodies.size);
  add(Quantity::kFunctions, module.functions.size);
  uint64_t most_locals = 0;
  for (const wasm::Body& body : arena.View(module.bodies)) {
    add(Quantity::kBodyBytes, body.end - body.begin);
    add(Quantity::kLocalRuns, body.runs);
    add(Quantity::kLocals, body.locals);
    add(Quantity::kInstructions, body.instructions);
    add(Quantity::kControls, body.controls);
    add(Quantity::kBranches, body.branches);
    add(Quantity::kLoops, body.loops);
    add(Quantity::kMergeValues, body.merge_values);
    add(Quantity::kUnrolled, UnrolledBytes(arena, module, body));
    add(Quantity::kPassedValues, body.passed_values);
    add(Quantity::kCallOperands, body.call_operands);
    if (body.locals > most_locals) most_locals = body.locals;
    if (body.end - body.begin > work.largest_body) {
      work.largest_body = body.end - body.begin;
    }
  }
  add(Quantity::kLocals, most_locals * batches);
  add(Quantity::kLoopLocals, module.loop_locals.size);
  for (const wasm::Bytes& section : arena.View(module.kept_sections)) {
    add(Quantity::kKeptBytes, section.size);
  }
  for (uint32_t i = 1; i < wasm::kWorkClasses; ++i) {
    work.amount[kFirstClass + i - 1] = module.work[i];
  }
  return work;
}

QuotedGas PriceWork(const QuotedWork& work, const Profile& profile,
                    uint64_t free_bytes) {
  const Coefficients& coefficients = kByLevel[profile.level];
  QuotedGas gas;
  // Amounts are below 2^36 and coefficients below 2^21: no sum overflows.
  for (uint32_t i = 0; i < kQuantities; ++i) {
    gas.lower += work.amount[i] * coefficients.lower[i];
    gas.upper += work.amount[i] * coefficients.upper[i];
  }
  if (MemoryOf(work) > free_bytes) gas.lower = 0;
  const Ratio ratio = Compare(profile.compile, kGasScheduleV1);
  gas.lower = Scale(gas.lower, ratio.least);
  if (ratio.greatest == Ratio::kUnbounded) {
    gas.upper = Gas::kMaxValue;
  } else {
    gas.upper =
        Gas::FromLimit(Scale(gas.upper, ratio.greatest) + 1).value();
  }
  return gas;
}

}  // namespace ingot::compiler
