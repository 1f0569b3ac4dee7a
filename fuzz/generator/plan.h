#ifndef FUZZ_GENERATOR_PLAN_H_
#define FUZZ_GENERATOR_PLAN_H_

#include <cstdint>
#include <vector>

#include "compiler/wasm/module.h"
#include "fuzz/differential/random.h"

// What a generated module consists of besides its bodies: chosen first, so
// that bodies can refer to everything.

namespace ingot::fuzz {

using Types = std::vector<wasm::ValType>;

struct PlannedType {
  Types params;
  Types results;
};

struct PlannedModule {
  std::vector<PlannedType> types;
  std::vector<uint32_t> functions;  // type of each, imports first
  uint32_t imported_functions = 0;
  std::vector<wasm::GlobalType> globals;  // 0: the fuel, an i32
  uint32_t imported_globals = 0;
  bool has_memory = false;
  wasm::Limits memory;
  std::vector<wasm::TableType> tables;  // 0: functions, filled
  std::vector<wasm::ValType> elements;  // passive segments, after the active
  uint32_t first_passive_element = 0;
  uint32_t data_segments = 0;
  bool tail_calls = false;

  const PlannedType& TypeOf(uint32_t function) const {
    return types[functions[function]];
  }
};

// Fuel of one exported call.
inline constexpr uint32_t kFuel = 400;

// A number that is interesting to its type.
uint64_t CornerValue(wasm::ValType type, Random& random);

}  // namespace ingot::fuzz

#endif  // FUZZ_GENERATOR_PLAN_H_
