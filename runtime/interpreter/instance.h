#ifndef RUNTIME_INTERPRETER_INSTANCE_H_
#define RUNTIME_INTERPRETER_INSTANCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "compiler/wasm/module.h"
#include "runtime/interpreter/code.h"
#include "runtime/interpreter/linear_memory.h"
#include "runtime/program.h"
#include "runtime/store.h"

// What a store consists of at run time (core specification 2.0, 4.2): function,
// table, memory, global and module instances. They live as long as their store
// and never move, so they refer to each other by plain pointers.
//
// Each has its number in the store, among those of its kind: `index`.
//
// A value is 64 bits: i32 and f32 in the low half with a zero upper half, a
// reference 0 when null, an externref of the host n + 1, a funcref the index
// of its function instance in the store + 1.

namespace ingot::runtime::interpreter {

struct ModuleInstance;

struct FunctionInstance {
  uint32_t index = 0;
  uint32_t type = 0;  // canonical in the store: equal types, equal numbers
  // Of a module: module, number of the body, index in its function space.
  ModuleInstance* module = nullptr;
  uint32_t body = 0;
  uint32_t module_index = 0;
  std::unique_ptr<const Code> code;  // made by the first call
  // Of the host:
  HostFunction host;

  uint64_t Reference() const { return uint64_t{index} + 1; }
};

struct TableInstance {
  uint32_t index = 0;
  wasm::TableType type;
  uint32_t largest = 0;  // elements it may grow to
  std::vector<uint64_t> elements;
};

struct MemoryInstance {
  uint32_t index = 0;
  wasm::Limits type;
  uint32_t largest = 0;  // pages it may grow to
  LinearMemory bytes;
};

struct GlobalInstance {
  uint32_t index = 0;
  wasm::GlobalType type;
  uint64_t bits = 0;
};

struct ModuleInstance {
  std::shared_ptr<const Program> program;
  std::vector<uint32_t> types;  // canonical, by type index
  std::vector<FunctionInstance*> functions;
  std::vector<TableInstance*> tables;
  MemoryInstance* memory = nullptr;  // version 2.0 has at most one
  std::vector<GlobalInstance*> globals;
  // Segments; a dropped one is empty, which is all that can be seen of it.
  std::vector<std::vector<uint64_t>> elements;
  std::vector<wasm::Bytes> data;
  absl::btree_map<std::string, Extern> exports;
  InstanceId id = kNoInstance;
};

}  // namespace ingot::runtime::interpreter

#endif  // RUNTIME_INTERPRETER_INSTANCE_H_
