#ifndef FUZZ_GENERATOR_PLAN_H_
#define FUZZ_GENERATOR_PLAN_H_

#include <cstdint>
#include <vector>

#include "compiler/wasm/module.h"
#include "fuzz/differential/random.h"
#include "fuzz/generator/generator.h"

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
  // The first functions are those of the library, the next ones the host's.
  uint32_t library_functions = 0;
  uint32_t imported_functions = 0;
  std::vector<wasm::GlobalType> globals;  // 0: the fuel, an i32
  bool has_memory = false;
  wasm::Limits memory;
  std::vector<wasm::TableType> tables;  // 0: functions, filled
  // What table 0 holds: the type of each function. A module that is linked
  // puts its functions behind those of its library.
  std::vector<uint32_t> slots;
  uint32_t first_slot = 0;
  // The first globals and tables and the memory are the library's.
  uint32_t library_globals = 0;
  uint32_t library_tables = 0;
  bool library_memory = false;
  std::vector<wasm::ValType> elements;  // passive segments, after the active
  uint32_t first_passive_element = 0;
  uint32_t data_segments = 0;
  // Of a body, roughly: most modules are small, so that there can be many.
  uint32_t largest_body = 48;
  GeneratorOptions options;

  const PlannedType& TypeOf(uint32_t function) const {
    return types[functions[function]];
  }
  // Where table 0 holds the function at the start.
  uint32_t SlotOf(uint32_t function) const {
    return function < library_functions
               ? function
               : first_slot + function - library_functions;
  }
};

// Fuel of one exported call.
inline constexpr uint32_t kFuel = 400;

}  // namespace ingot::fuzz

#endif  // FUZZ_GENERATOR_PLAN_H_
