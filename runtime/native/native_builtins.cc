// What native code asks of the runtime (compiler/abi/builtins.def; core
// specification 2.0, 4.4.6 and 4.4.7). The order of effects is DESIGN.md 4.6:
// fee, bounds, then the work as a whole; a trap keeps the fee. Growing checks
// its limits first, and a refusal costs the fee of nothing. Lengths and
// addresses are 32 bits wide and are added in 64.

#include <algorithm>
#include <cstring>

#include "metering/gas_schedule.h"
#include "runtime/native/native_run.h"
#include "runtime/native/native_store.h"

namespace ingot::runtime {
namespace {

enum class BuiltinNumber : uint32_t {
#define INGOT_BUILTIN(number, name, parameters, result) name = number,
#include "compiler/abi/builtins.def"
#undef INGOT_BUILTIN
};

constexpr uint64_t kRefused = 0xFFFFFFFF;  // -1 as an i32
constexpr uint32_t kWasmPageBytes = 65536;

bool InBounds(uint64_t begin, uint64_t count, uint64_t size) {
  return begin + count <= size;
}

}  // namespace

// One call of a builtin: its operands and its effects.
class BuiltinCall {
 public:
  BuiltinCall(NativeRun& run, ExitRecord& record)
      : run_(run),
        record_(record),
        instance_(*OwnerOf(record.base).instance),
        schedule_(instance_.program->profile().execution) {}

  // False when the run ends here. Immediates, which native code passes in
  // registers, are looked at first: whether they are in range and of types that
  // fit each other. In code that a compiler made from a valid module they are;
  // the executor does not rely on it.
  bool Do(BuiltinNumber number) {
    switch (number) {
      case BuiltinNumber::kMemoryGrow:
        if (!HasMemory()) break;
        return MemoryGrow(U32(0));
      case BuiltinNumber::kMemoryCopy:
        if (!HasMemory()) break;
        return MemoryCopy(U32(0), U32(1), U32(2));
      case BuiltinNumber::kMemoryFill:
        if (!HasMemory()) break;
        return MemoryFill(U32(0), U32(1), U32(2));
      case BuiltinNumber::kMemoryInit:
        if (!HasMemory() || U32(0) >= module().data.size) break;
        return MemoryInit(U32(0), U32(1), U32(2), U32(3));
      case BuiltinNumber::kDataDrop:
        if (U32(0) >= module().data.size) break;
        instance_.data_dropped[U32(0)] = true;
        return true;
      case BuiltinNumber::kTableGet:
        if (!HasTable(0)) break;
        return TableGet(Table(0), U32(1));
      case BuiltinNumber::kTableSet:
        if (!HasTable(0)) break;
        return TableSet(Table(0), U32(1), U64(2));
      case BuiltinNumber::kTableGrow:
        if (!HasTable(0)) break;
        return TableGrow(Table(0), U64(1), U32(2));
      case BuiltinNumber::kTableFill:
        if (!HasTable(0)) break;
        return TableFill(Table(0), U32(1), U64(2), U32(3));
      case BuiltinNumber::kTableCopy:
        if (!HasTable(0) || !HasTable(1) ||
            Table(0).type.element != Table(1).type.element) {
          break;
        }
        return TableCopy(Table(0), Table(1), U32(2), U32(3), U32(4));
      case BuiltinNumber::kTableInit:
        if (U32(0) >= module().elements.size || !HasTable(1) ||
            instance_.program->View(module().elements)[U32(0)].type !=
                Table(1).type.element) {
          break;
        }
        return TableInit(U32(0), Table(1), U32(2), U32(3), U32(4));
      case BuiltinNumber::kElemDrop:
        if (U32(0) >= module().elements.size) break;
        instance_.element_dropped[U32(0)] = true;
        return true;
      case BuiltinNumber::kTableSize:
        if (!HasTable(0)) break;
        return Return(Table(0).cell->size);
    }
    return run_.Fault(
        absl::InternalError("native code named what its module has not"));
  }

 private:
  const wasm::Module& module() const { return instance_.program->module(); }
  bool HasMemory() const { return instance_.memory != nullptr; }
  bool HasTable(int operand) const {
    return U32(operand) < instance_.tables.size();
  }

  uint32_t U32(int operand) const {
    return static_cast<uint32_t>(record_.values.ints[operand]);
  }
  uint64_t U64(int operand) const { return record_.values.ints[operand]; }
  NativeTable& Table(int operand) const {
    return run_.store_.TableAt(instance_.tables[U32(operand)]);
  }
  bool Return(uint64_t value) {
    record_.values.ints[0] = value;
    return true;
  }
  bool Pay(const Fee& fee, uint32_t units) {
    return run_.PayFee(FeeFor(fee, units).value());
  }
  bool TrapMemory() { return run_.TrapAtCall(TrapCode::kOutOfBoundsMemory); }
  bool TrapTable() { return run_.TrapAtCall(TrapCode::kOutOfBoundsTable); }

  // The memory's own limit, then the transaction's pages; both refuse alike.
  bool MemoryGrow(uint32_t count) {
    NativeMemory& memory = *instance_.memory;
    Transaction& transaction = run_.transaction_;
    const uint64_t bytes = memory.bytes();
    const auto old = static_cast<uint32_t>(bytes / kWasmPageBytes);
    const uint64_t budget = transaction.budget().memory_pages;
    if (count > memory.largest - old || count > budget ||
        transaction.pages_used > budget - count) {
      return Pay(schedule_.memory_grow, 0) && Return(kRefused);
    }
    if (!Pay(schedule_.memory_grow, count)) return false;
    const uint64_t grown = bytes + uint64_t{count} * kWasmPageBytes;
    if (!memory.reservation.Grow(grown)) {
      return run_.Fault(absl::ResourceExhaustedError(
          "the host has no memory left for a linear memory"));
    }
    memory.bytes() = grown;
    transaction.pages_used += count;
    return Return(old);
  }

  bool MemoryCopy(uint32_t to, uint32_t from, uint32_t count) {
    if (!Pay(schedule_.memory_copy, count)) return false;
    const std::span<uint8_t> memory = instance_.memory->View();
    if (!InBounds(from, count, memory.size()) ||
        !InBounds(to, count, memory.size())) {
      return TrapMemory();
    }
    std::memmove(memory.data() + to, memory.data() + from, count);
    return true;
  }

  bool MemoryFill(uint32_t to, uint32_t value, uint32_t count) {
    if (!Pay(schedule_.memory_fill, count)) return false;
    const std::span<uint8_t> memory = instance_.memory->View();
    if (!InBounds(to, count, memory.size())) return TrapMemory();
    std::memset(memory.data() + to, static_cast<uint8_t>(value), count);
    return true;
  }

  bool MemoryInit(uint32_t segment, uint32_t to, uint32_t from,
                  uint32_t count) {
    if (!Pay(schedule_.memory_init, count)) return false;
    const NativeProgram& program = *instance_.program;
    const wasm::DataSegment& data =
        program.View(program.module().data)[segment];
    const uint32_t size = instance_.data_dropped[segment] ? 0 : data.bytes.size;
    const std::span<uint8_t> memory = instance_.memory->View();
    if (!InBounds(from, count, size) || !InBounds(to, count, memory.size())) {
      return TrapMemory();
    }
    if (count == 0) return true;
    std::memcpy(memory.data() + to,
                program.bytes().data() + data.bytes.offset + from, count);
    return true;
  }

  bool TableGet(NativeTable& table, uint32_t index) {
    if (index >= table.cell->size) return TrapTable();
    return Return(table.elements[index]);
  }

  // What a table holds is called without another look.
  bool Fits(const NativeTable& table, uint64_t value) const {
    return run_.store_.IsValue(table.type.element, value);
  }

  bool TableSet(NativeTable& table, uint32_t index, uint64_t value) {
    if (!Fits(table, value)) return run_.MadeUpReference();
    if (index >= table.cell->size) return TrapTable();
    table.elements[index] = value;
    return true;
  }

  bool TableGrow(NativeTable& table, uint64_t value, uint32_t count) {
    if (!Fits(table, value)) return run_.MadeUpReference();
    const auto old = static_cast<uint32_t>(table.cell->size);
    if (count > table.largest - old) {
      return Pay(schedule_.table_grow, 0) && Return(kRefused);
    }
    if (!Pay(schedule_.table_grow, count)) return false;
    if (!table.Grow(count, value)) {
      return run_.Fault(absl::ResourceExhaustedError(
          "the host has no memory left for a table"));
    }
    return Return(old);
  }

  bool TableFill(NativeTable& table, uint32_t to, uint64_t value,
                 uint32_t count) {
    if (!Fits(table, value)) return run_.MadeUpReference();
    if (!Pay(schedule_.table_fill, count)) return false;
    if (!InBounds(to, count, table.cell->size)) return TrapTable();
    std::fill_n(table.elements.get() + to, count, value);
    return true;
  }

  bool TableCopy(NativeTable& to_table, const NativeTable& from_table,
                 uint32_t to, uint32_t from, uint32_t count) {
    if (!Pay(schedule_.table_copy, count)) return false;
    if (!InBounds(from, count, from_table.cell->size) ||
        !InBounds(to, count, to_table.cell->size)) {
      return TrapTable();
    }
    if (count == 0) return true;
    std::memmove(to_table.elements.get() + to,
                 from_table.elements.get() + from, 8 * uint64_t{count});
    return true;
  }

  bool TableInit(uint32_t segment, NativeTable& table, uint32_t to,
                 uint32_t from, uint32_t count) {
    if (!Pay(schedule_.table_init, count)) return false;
    const NativeProgram& program = *instance_.program;
    const wasm::ElementSegment& elements =
        program.View(program.module().elements)[segment];
    const uint32_t size =
        instance_.element_dropped[segment] ? 0 : elements.count;
    if (!InBounds(from, count, size) ||
        !InBounds(to, count, table.cell->size)) {
      return TrapTable();
    }
    for (uint32_t i = 0; i < count; ++i) {
      table.elements[to + i] =
          run_.store_.ElementAt(instance_, elements.first + from + i);
    }
    return true;
  }

  NativeRun& run_;
  ExitRecord& record_;
  NativeInstance& instance_;
  const GasSchedule& schedule_;
};

Resume NativeRun::Builtin(ExitRecord& record) {
  gas_ = record.gas;
  record_ = &record;
  results_at_ = record.wasm_rsp + 8;
  if (gas_ < 0) {
    OutOfGas();
    return Resume::kLeave;
  }
  BuiltinCall call(*this, record);
  if (!call.Do(static_cast<BuiltinNumber>(record.number))) {
    return Resume::kLeave;
  }
  record.gas = gas_;
  return Resume::kContinue;
}

}  // namespace ingot::runtime
