#ifndef METERING_GAS_SCHEDULE_H_
#define METERING_GAS_SCHEDULE_H_

#include <cstdint>

#include "compiler/wasm/opcodes.h"
#include "metering/gas.h"

// A gas schedule: the price of every instruction and of what else costs gas
// (metering/README.md). Schedules are made at compile time from
// metering/gas_schedule.def: version n is version n - 1 plus its rows. A
// profile holds two whole schedules, so that a chain may also set its own.

namespace ingot {

// A fee for work of n items: base + per_unit × ceil(n / 2^unit_log2).
struct Fee {
  uint32_t base = 0;
  uint32_t per_unit = 0;
  uint32_t unit_log2 = 0;
};

constexpr Gas FeeFor(const Fee& fee, uint32_t n) {
  const uint64_t unit = uint64_t{1} << fee.unit_log2;
  const uint64_t units = (uint64_t{n} + unit - 1) >> fee.unit_log2;
  return Gas(fee.base + fee.per_unit * units);
}

// Bounds on what a schedule may hold. They keep every fee below 2^62, every
// entry price below 2^31 and the sums of a block in 64 bits.
inline constexpr uint32_t kMaxPrice = 10000;
inline constexpr uint32_t kMaxFeeBase = uint32_t{1} << 30;
inline constexpr uint32_t kMaxFeePerUnit = (uint32_t{1} << 29) - 1;
inline constexpr uint32_t kMaxFeeUnitLog2 = 16;
static_assert(kMaxFeeBase + uint64_t{kMaxFeePerUnit} * 0xFFFFFFFF <
              Gas::kMaxValue);

struct GasSchedule {
  uint32_t version = 0;
  // By wasm::OpIndex.
  uint32_t op[wasm::kOpCount] = {};
  // Paid on entry of a function, after the stack check.
  uint32_t function_entry = 0;
  uint32_t per_parameter = 0;
  uint32_t per_result = 0;
  uint32_t per_local = 0;  // declared locals: they are zeroed
  // Fees: of operations whose work is an operand, of items of an instance.
#define INGOT_FEE(name, items) Fee name;
#include "metering/gas_schedule.def"

  constexpr uint32_t Price(wasm::Op opcode) const {
    return op[wasm::OpIndex(opcode)];
  }
  // What entering a function costs; `locals` are the declared ones.
  constexpr uint32_t EntryPrice(uint32_t params, uint32_t results,
                                uint32_t locals) const {
    return function_entry + per_parameter * params + per_result * results +
           per_local * locals;
  }
};

inline constexpr uint32_t kNewestGasSchedule = 2;

namespace gas_schedule_internal {

inline constexpr uint32_t kUnpriced = 0xFFFFFFFF;

// Applies the rows of versions 1 … version in their order.
constexpr GasSchedule Make(uint32_t version) {
  GasSchedule schedule;
  schedule.version = version;
  for (uint32_t& price : schedule.op) price = kUnpriced;
#define INGOT_PRICE(since, opcode, price)                         \
  if (since <= version) {                                         \
    schedule.op[wasm::OpIndex(wasm::Op::opcode)] = price;         \
  }
#define INGOT_ENTRY_PRICE(since, name, price) \
  if (since <= version) schedule.name = price;
#define INGOT_FEE_PRICE(since, name, base, per_unit, unit_log2) \
  if (since <= version) schedule.name = Fee{base, per_unit, unit_log2};
#include "metering/gas_schedule.def"
  return schedule;
}

}  // namespace gas_schedule_internal

inline constexpr GasSchedule kGasScheduleV1 = gas_schedule_internal::Make(1);
inline constexpr GasSchedule kGasScheduleV2 = gas_schedule_internal::Make(2);

// True when every price is within its bounds, structure is free and whatever
// closes a cycle costs something, so that no run is endless.
constexpr bool IsSound(const GasSchedule& schedule) {
  for (const wasm::OpInfo& info : wasm::kOpInfo) {
    const uint32_t price = schedule.Price(info.op);
    if (price > kMaxPrice) return false;
    if (wasm::IsStructure(info.op) && price != 0) return false;
  }
  for (wasm::Op op :
       {wasm::Op::kBr, wasm::Op::kBrIf, wasm::Op::kBrTable, wasm::Op::kCall,
        wasm::Op::kCallIndirect, wasm::Op::kReturnCall,
        wasm::Op::kReturnCallIndirect}) {
    if (schedule.Price(op) == 0) return false;
  }
  if (schedule.function_entry > kMaxPrice ||
      schedule.per_parameter > kMaxPrice || schedule.per_result > kMaxPrice ||
      schedule.per_local > kMaxPrice) {
    return false;
  }
  for (const Fee& fee : {
#define INGOT_FEE(name, items) schedule.name,
#include "metering/gas_schedule.def"
       }) {
    if (fee.base > kMaxFeeBase || fee.per_unit > kMaxFeePerUnit ||
        fee.unit_log2 > kMaxFeeUnitLog2) {
      return false;
    }
  }
  return true;
}

static_assert(IsSound(kGasScheduleV1), "version 1 is complete and in bounds");
static_assert(IsSound(kGasScheduleV2), "version 2 is in bounds");

}  // namespace ingot

#endif  // METERING_GAS_SCHEDULE_H_
