#ifndef RUNTIME_NATIVE_NATIVE_INSTANCE_H_
#define RUNTIME_NATIVE_NATIVE_INSTANCE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "compiler/abi/vmctx.h"
#include "runtime/native/host_functions.h"
#include "runtime/native/native_program.h"
#include "runtime/native/reservation.h"
#include "runtime/platform/platform.h"
#include "runtime/store.h"

// What a native store holds: function, table, memory, global and module
// instances (core specification 2.0, 4.2) in the layout that native code
// expects (compiler/abi/vmctx.h). They live as long as their store and never
// move. A funcref is a FuncRef* in native code and in tables and globals, and
// the function's number in the store + 1 in a Value.

namespace ingot::runtime {

class NativeStore;
struct NativeInstance;
struct NativeHostFunction;

// The 8-byte field of a vmctx at a displacement.
inline uint64_t& VmctxField(uint8_t* base, int32_t displacement) {
  return *reinterpret_cast<uint64_t*>(base + displacement);
}

// Memory of the platform that frees itself; zeroed, aligned to 16.
struct PlatformFree {
  void operator()(void* memory) const { platform::Free(memory); }
};
template <typename T>
using PlatformArray = std::unique_ptr<T[], PlatformFree>;

// What kVmctxOwner points to.
struct VmctxOwner {
  NativeInstance* instance = nullptr;  // one of the two
  NativeHostFunction* host = nullptr;
};

// One function as a store sees it.
struct NativeFunction {
  const abi::FuncRef* ref = nullptr;
  const Signature* signature = nullptr;
  NativeInstance* instance = nullptr;  // one of the two
  NativeHostFunction* host = nullptr;
};

// Functions of a store that are numbered one after the other, from `first` on:
// those that an instance's module defines, or the host's of one
// AddHostFunctions.
struct NativeFunctions {
  uint32_t first = 0;
  NativeInstance* instance = nullptr;  // one of the two
  NativeHostFunction* hosts = nullptr;
};

struct NativeHostFunction {
  VmctxOwner owner;
  // Shared with other stores (NativeHostFunctions).
  const HostFunctionEntry* entry = nullptr;
  uint32_t index = 0;  // in the store
  abi::FuncRef ref;
  // A vmctx header; its end is the base that native code has in r15.
  alignas(16) uint8_t context[-abi::kVmctxHeaderEnd];

  uint8_t* base() { return context + sizeof context; }
};

struct NativeMemory {
  wasm::Limits type;
  uint32_t largest = 0;  // pages it may grow to
  // Whether its module's active data segments were mapped.
  bool has_image = false;
  Reservation reservation;

  uint8_t* base() const { return reservation.base(); }
  // Native code reads the size there.
  uint64_t& bytes() const {
    return VmctxField(base(), abi::kVmctxMemoryBytes);
  }
  std::span<uint8_t> View() const { return {base(), bytes()}; }
};

struct NativeTable {
  wasm::TableType type;
  uint32_t largest = 0;  // elements it may grow to
  abi::TableCell* cell = nullptr;  // in the vmctx of its instance, or host_cell
  abi::TableCell host_cell = {};
  PlatformArray<uint64_t> elements;
  uint64_t capacity = 0;

  std::span<uint64_t> View() const { return {elements.get(), cell->size}; }
  // Adds elements; false when the host has no memory.
  [[nodiscard]] bool Grow(uint32_t count, uint64_t value);
};

struct NativeGlobal {
  wasm::GlobalType type;
  uint64_t* cell = nullptr;  // in the vmctx of its instance, or host_cell
  std::unique_ptr<uint64_t> host_cell;

  // Native code writes only the low half of a narrow value.
  uint64_t bits() const {
    const bool narrow = type.type == wasm::ValType::kI32 ||
                        type.type == wasm::ValType::kF32;
    return narrow ? static_cast<uint32_t>(*cell) : *cell;
  }
};

struct NativeInstance {
  VmctxOwner owner;
  InstanceId id = kNoInstance;
  std::shared_ptr<const NativeProgram> program;
  uint8_t* base = nullptr;
  PlatformArray<uint8_t> block;  // the vmctx, without a memory of its own
  NativeMemory* memory = nullptr;
  // Of all functions of the module; one whose code is null was not asked for.
  PlatformArray<abi::FuncRef> refs;
  // Numbers in the store: of imported functions; of the first defined one; of
  // tables; of the first of each kind that the module defines.
  std::vector<uint32_t> imported_functions;
  uint32_t first_function = 0;
  std::vector<uint32_t> tables;
  std::vector<uint32_t> imported_globals;
  uint32_t first_global = 0;
  uint32_t memory_index = 0;
  std::vector<bool> element_dropped;
  std::vector<bool> data_dropped;

  uint32_t FunctionIndex(uint32_t function) const {
    const auto imports = static_cast<uint32_t>(imported_functions.size());
    return function < imports ? imported_functions[function]
                              : first_function + (function - imports);
  }
  // A function's reference, which is made when it is first asked for.
  const abi::FuncRef* Ref(uint32_t function) const {
    abi::FuncRef& ref = refs[function];
    if (ref.code == 0) {
      ref = program->RefOf(function);
      ref.base = reinterpret_cast<uint64_t>(base);
    }
    return &ref;
  }
  uint32_t GlobalIndex(uint32_t global) const {
    const auto imports = static_cast<uint32_t>(imported_globals.size());
    return global < imports ? imported_globals[global]
                            : first_global + (global - imports);
  }
};

// The owner that a base's vmctx names.
inline VmctxOwner& OwnerOf(uint64_t base) {
  return *reinterpret_cast<VmctxOwner*>(
      VmctxField(reinterpret_cast<uint8_t*>(base), abi::kVmctxOwner));
}

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_NATIVE_INSTANCE_H_
