#include <algorithm>
#include <cstring>
#include <new>

#include "metering/gas_schedule.h"
#include "runtime/interpreter/run.h"

// Instructions whose work is an operand (core specification 2.0, 4.4.6 and
// 4.4.7). The order of effects is DESIGN.md 4.6: fee, bounds, then the work as
// a whole; a trap keeps the fee. Growing checks its limits first, and a
// refusal costs the fee of nothing. Lengths and addresses are 32 bits wide and
// are added in 64.

namespace ingot::runtime::interpreter {
namespace {

constexpr uint64_t kRefused = 0xFFFFFFFF;  // -1 as an i32

bool InBounds(uint64_t begin, uint64_t count, uint64_t size) {
  return begin + count <= size;
}

}  // namespace

bool Run::ExecuteBulk(const Instruction& in) {
  using wasm::Op;
  ModuleInstance& instance = module();
  switch (in.op) {
    case Op::kMemoryGrow:
      return MemoryGrow();
    case Op::kMemoryCopy:
      return MemoryCopy();
    case Op::kMemoryFill:
      return MemoryFill();
    case Op::kMemoryInit:
      return MemoryInit(in.a);
    case Op::kDataDrop:
      instance.data[in.a].size = 0;
      return true;
    case Op::kTableGet:
      return TableGet(*instance.tables[in.a]);
    case Op::kTableSet:
      return TableSet(*instance.tables[in.a]);
    case Op::kTableSize:
      Push(instance.tables[in.a]->elements.size());
      return true;
    case Op::kTableGrow:
      return TableGrow(*instance.tables[in.a]);
    case Op::kTableFill:
      return TableFill(*instance.tables[in.a]);
    case Op::kTableCopy:
      return TableCopy(*instance.tables[in.a], *instance.tables[in.b]);
    case Op::kTableInit:
      return TableInit(*instance.tables[in.b], in.a);
    case Op::kElemDrop:
      instance.elements[in.a] = {};
      return true;
    default:
      INGOT_CHECK(false);
      return false;
  }
}

// The memory's own limit, then the transaction's pages; both refuse alike.
bool Run::MemoryGrow() {
  MemoryInstance& memory = *module().memory;
  const uint32_t count = Pop32();
  const uint32_t old = memory.bytes.pages();
  const uint64_t budget = transaction_.budget().memory_pages;
  if (count > memory.largest - old || count > budget ||
      transaction_.pages_used > budget - count) {
    if (!PayFee(FeeFor(schedule().memory_grow, 0).value())) return false;
    Push(kRefused);
    return true;
  }
  if (!PayFee(FeeFor(schedule().memory_grow, count).value())) return false;
  if (absl::Status status = memory.bytes.Grow(count); !status.ok()) {
    return Fault(std::move(status));
  }
  transaction_.pages_used += count;
  Push(old);
  return true;
}

bool Run::MemoryCopy() {
  LinearMemory& memory = module().memory->bytes;
  const uint32_t count = Pop32();
  const uint32_t from = Pop32();
  const uint32_t to = Pop32();
  if (!PayFee(FeeFor(schedule().memory_copy, count).value())) return false;
  if (!InBounds(from, count, memory.size()) ||
      !InBounds(to, count, memory.size())) {
    return Trap(TrapCode::kOutOfBoundsMemory);
  }
  if (count != 0) {
    std::memmove(memory.data() + to, memory.data() + from, count);
  }
  return true;
}

bool Run::MemoryFill() {
  LinearMemory& memory = module().memory->bytes;
  const uint32_t count = Pop32();
  const uint32_t value = Pop32();
  const uint32_t to = Pop32();
  if (!PayFee(FeeFor(schedule().memory_fill, count).value())) return false;
  if (!InBounds(to, count, memory.size())) {
    return Trap(TrapCode::kOutOfBoundsMemory);
  }
  if (count != 0) {
    std::memset(memory.data() + to, static_cast<uint8_t>(value), count);
  }
  return true;
}

bool Run::MemoryInit(uint32_t segment) {
  LinearMemory& memory = module().memory->bytes;
  const wasm::Bytes data = module().data[segment];
  const uint32_t count = Pop32();
  const uint32_t from = Pop32();
  const uint32_t to = Pop32();
  if (!PayFee(FeeFor(schedule().memory_init, count).value())) return false;
  if (!InBounds(from, count, data.size) ||
      !InBounds(to, count, memory.size())) {
    return Trap(TrapCode::kOutOfBoundsMemory);
  }
  if (count != 0) {
    const uint8_t* bytes = module().program->bytes().data();
    std::memcpy(memory.data() + to, bytes + data.offset + from, count);
  }
  return true;
}

bool Run::TableGet(TableInstance& table) {
  const uint32_t index = Pop32();
  if (index >= table.elements.size()) {
    return Trap(TrapCode::kOutOfBoundsTable);
  }
  Push(table.elements[index]);
  return true;
}

bool Run::TableSet(TableInstance& table) {
  const uint64_t value = Pop();
  const uint32_t index = Pop32();
  if (index >= table.elements.size()) {
    return Trap(TrapCode::kOutOfBoundsTable);
  }
  table.elements[index] = value;
  return true;
}

bool Run::TableGrow(TableInstance& table) {
  const uint32_t count = Pop32();
  const uint64_t value = Pop();
  const uint32_t old = static_cast<uint32_t>(table.elements.size());
  if (count > table.largest - old) {
    if (!PayFee(FeeFor(schedule().table_grow, 0).value())) return false;
    Push(kRefused);
    return true;
  }
  if (!PayFee(FeeFor(schedule().table_grow, count).value())) return false;
  try {
    table.elements.insert(table.elements.end(), count, value);
  } catch (const std::bad_alloc&) {
    return Fault(absl::ResourceExhaustedError(
        "the host has no memory left for a table"));
  }
  Push(old);
  return true;
}

bool Run::TableFill(TableInstance& table) {
  const uint32_t count = Pop32();
  const uint64_t value = Pop();
  const uint32_t to = Pop32();
  if (!PayFee(FeeFor(schedule().table_fill, count).value())) return false;
  if (!InBounds(to, count, table.elements.size())) {
    return Trap(TrapCode::kOutOfBoundsTable);
  }
  std::fill_n(table.elements.begin() + to, count, value);
  return true;
}

bool Run::TableCopy(TableInstance& to_table, const TableInstance& from_table) {
  const uint32_t count = Pop32();
  const uint32_t from = Pop32();
  const uint32_t to = Pop32();
  if (!PayFee(FeeFor(schedule().table_copy, count).value())) return false;
  if (!InBounds(from, count, from_table.elements.size()) ||
      !InBounds(to, count, to_table.elements.size())) {
    return Trap(TrapCode::kOutOfBoundsTable);
  }
  if (count != 0) {
    std::memmove(to_table.elements.data() + to,
                 from_table.elements.data() + from, 8 * uint64_t{count});
  }
  return true;
}

bool Run::TableInit(TableInstance& table, uint32_t segment) {
  const std::vector<uint64_t>& elements = module().elements[segment];
  const uint32_t count = Pop32();
  const uint32_t from = Pop32();
  const uint32_t to = Pop32();
  if (!PayFee(FeeFor(schedule().table_init, count).value())) return false;
  if (!InBounds(from, count, elements.size()) ||
      !InBounds(to, count, table.elements.size())) {
    return Trap(TrapCode::kOutOfBoundsTable);
  }
  std::copy_n(elements.begin() + from, count, table.elements.begin() + to);
  return true;
}

}  // namespace ingot::runtime::interpreter
