// An instance put back to what instantiation made of it. Pages of memory that
// already have the right contents are left alone: they stay in the processor's
// caches and in the page tables, so that using an instance again costs
// comparisons where a new one costs page faults.

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "runtime/native/native_store.h"

namespace ingot::runtime {
namespace {

constexpr uint64_t kWasmPageBytes = 65536;
// Compared, and copied where they differ.
constexpr uint64_t kChunkBytes = 1024;

absl::Status NoMemory() {
  return absl::ResourceExhaustedError(
      "the host has no memory left to reset an instance");
}

}  // namespace

bool NativeStore::ResetMemory(NativeMemory& memory,
                              std::span<const uint8_t> contents) {
  const uint64_t old = memory.bytes();
  const bool sized = contents.size() < old
                         ? memory.reservation.Shrink(contents.size())
                         : memory.reservation.Grow(contents.size());
  if (!sized) return false;
  memory.bytes() = contents.size();
  for (uint64_t at = 0; at < contents.size(); at += kChunkBytes) {
    uint8_t* to = memory.base() + at;
    const uint8_t* from = contents.data() + at;
    if (std::memcmp(to, from, kChunkBytes) != 0) {
      std::memcpy(to, from, kChunkBytes);
    }
  }
  return true;
}

// Elements that no segment writes are null; a segment that is active was within
// bounds when the instance was made.
bool NativeStore::ResetTables(NativeInstance& instance) {
  const NativeProgram& program = *instance.program;
  const wasm::Module& module = program.module();
  for (const uint32_t index : instance.tables) {
    NativeTable& table = *tables_[index];
    table.cell->size = 0;
    if (!table.Grow(table.type.limits.min, 0)) return false;
  }
  const auto segments = program.View(module.elements);
  for (size_t i = 0; i < segments.size(); ++i) {
    const wasm::ElementSegment& segment = segments[i];
    instance.element_dropped[i] = segment.mode != wasm::SegmentMode::kPassive;
    if (segment.mode != wasm::SegmentMode::kActive) continue;
    NativeTable& table = *tables_[instance.tables[segment.table]];
    const uint64_t to =
        static_cast<uint32_t>(Evaluate(instance, segment.offset));
    for (uint32_t j = 0; j < segment.count; ++j) {
      table.elements[to + j] = ElementAt(instance, segment.first + j);
    }
  }
  return true;
}

absl::StatusOr<bool> NativeStore::Reset(InstanceId id,
                                        std::span<const uint8_t> memory) {
  NativeInstance& instance = *instances_.at(id);
  const NativeProgram& program = *instance.program;
  const wasm::Module& module = program.module();
  const bool has_memory = instance.memory != nullptr;
  // What is imported is not this instance's own.
  if (module.start != kNowhere ||
      module.imports.size != module.imported_functions) {
    return false;
  }
  if (memory.size() % kWasmPageBytes != 0 || (!has_memory && !memory.empty()) ||
      (has_memory &&
       memory.size() / kWasmPageBytes > instance.memory->largest)) {
    return absl::InvalidArgumentError("no such size of a memory");
  }
  if (has_memory && !ResetMemory(*instance.memory, memory)) return NoMemory();
  const auto globals = program.View(module.globals);
  for (uint32_t i = 0; i < globals.size(); ++i) {
    *globals_[instance.GlobalIndex(i)].cell =
        Evaluate(instance, globals[i].init);
  }
  if (!ResetTables(instance)) return NoMemory();
  const auto data = program.View(module.data);
  for (size_t i = 0; i < data.size(); ++i) {
    instance.data_dropped[i] = data[i].mode == wasm::SegmentMode::kActive;
  }
  return true;
}

}  // namespace ingot::runtime
