#ifndef COMPILER_ABI_VMCTX_H_
#define COMPILER_ABI_VMCTX_H_

#include <cstdint>

#include "compiler/wasm/module.h"

// The vmctx: what native code knows of its instance. It ends where memory 0
// begins, and the register r15 (the base) points at that border: linear memory
// at non-negative displacements, vmctx at negative ones. This file is the one
// place that fixes those displacements; native code, executor and verifier
// take them from here.
//
//   base - 8 … -128          the header below (8-bit displacements)
//   then downwards           one 8-byte cell per global
//                            one TableCell (16 bytes) per table
//                            one ImportCell (16 bytes) per imported function
//
// An instance without a memory has a base all the same; its memory_bytes are 0.

namespace ingot::abi {

// Displacements from the base. `R`: native code reads it; nothing here is
// written by native code.
enum Vmctx : int32_t {
  // Lowest value that rsp may take in a frame (R).
  kVmctxStackLimit = -8,
  // Size in bytes of memory 0, when this instance owns it (R).
  kVmctxMemoryBytes = -16,
  // Address of the code that leaves wasm for the runtime: the target of
  // runtime calls (R).
  kVmctxBuiltinStub = -24,
  // FuncRef[functions of the module]: the references of its functions (R).
  kVmctxFuncRefs = -32,
  // uint32_t[types of the module]: canonical type ids (R).
  kVmctxTypeIds = -40,
  // Base of an imported memory 0; it never moves (R). The owner's own base,
  // so that its size stands at kVmctxMemoryBytes below it.
  kVmctxMemoryBase = -48,
  // Belongs to the executor: the store that runs this instance.
  kVmctxStore = -56,
  // Belongs to the executor: its own record of this instance, or of the host
  // function if this is the context of one.
  kVmctxOwner = -64,
  kVmctxHeaderEnd = -128,
};

// A function as a value: what a funcref points to. Null is address 0.
struct FuncRef {
  uint64_t code;      // entry address
  uint64_t base;      // r15 of the callee
  uint32_t type_id;   // canonical within the process
  uint32_t function;  // index in the callee's module
};
static_assert(sizeof(FuncRef) == 24);
inline constexpr int32_t kFuncRefCode = 0;
inline constexpr int32_t kFuncRefBase = 8;
inline constexpr int32_t kFuncRefTypeId = 16;

// The cell of a table that the instance defines. An element is 8 bytes: a
// FuncRef*, or the host's value of an externref; null is 0.
struct TableCell {
  uint64_t elements;  // address of element 0 (R)
  uint64_t size;      // number of elements (R)
};
// The cell of an imported table: the address of the owner's TableCell (R).
struct ImportedTableCell {
  uint64_t cell;
  uint64_t reserved;
};
static_assert(sizeof(TableCell) == 16 && sizeof(ImportedTableCell) == 16);
inline constexpr int32_t kTableElements = 0;
inline constexpr int32_t kTableSize = 8;

struct ImportCell {
  uint64_t code;  // entry address (R)
  uint64_t base;  // r15 of the callee (R)
};
static_assert(sizeof(ImportCell) == 16);

// Displacements of the cells whose number depends on the module.
class VmctxLayout {
 public:
  explicit VmctxLayout(const wasm::Module& module)
      : globals_(module.globals.size),
        tables_(module.tables.size),
        imports_(module.imported_functions) {}

  // The cell of a global: its value, 8 bytes of which an i32 or f32 uses the
  // low four; for an imported global the address of the owner's cell.
  int32_t Global(uint32_t index) const {
    return kVmctxHeaderEnd - 8 * static_cast<int32_t>(index + 1);
  }
  int32_t Table(uint32_t index) const {
    return TablesEnd() - 16 * static_cast<int32_t>(tables_ - index);
  }
  int32_t Import(uint32_t index) const {
    return ImportsEnd() - 16 * static_cast<int32_t>(imports_ - index);
  }
  // Bytes below the base that the vmctx takes, a multiple of 16.
  uint32_t Bytes() const {
    return static_cast<uint32_t>(
        -(ImportsEnd() - 16 * static_cast<int32_t>(imports_)));
  }

 private:
  int32_t TablesEnd() const {
    const int32_t end = kVmctxHeaderEnd - 8 * static_cast<int32_t>(globals_);
    return end & ~15;
  }
  int32_t ImportsEnd() const {
    return TablesEnd() - 16 * static_cast<int32_t>(tables_);
  }

  uint32_t globals_;
  uint32_t tables_;
  uint32_t imports_;
};

// The address space that an instance reserves above its base: 4 GiB that an
// index reaches, 2 GiB that an offset adds, and one page that an access may
// run into. Offsets of 2^31 and more are checked explicitly.
inline constexpr uint64_t kMemoryReservation =
    (uint64_t{4} << 30) + (uint64_t{2} << 30) + 65536;
inline constexpr uint64_t kLargestFoldedOffset = (uint64_t{1} << 31) - 1;

}  // namespace ingot::abi

#endif  // COMPILER_ABI_VMCTX_H_
