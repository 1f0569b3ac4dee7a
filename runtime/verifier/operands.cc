#include <bit>

#include "compiler/abi/traps.h"
#include "runtime/verifier/function_pass.h"
#include "runtime/verifier/refuse.h"

// Memory operands (DIALECT.md, 2), and what is known of the values that
// instructions leave in registers.

namespace ingot::verifier {
namespace {

// Far above every offset of wasm, far below what a sum could wrap from.
constexpr uint64_t kLargestSum = uint64_t{1} << 40;

bool IsPinned(uint8_t reg) { return (kPinned >> reg & 1) != 0; }

}  // namespace

// mov rm, reg
void FunctionPass::Move(const Instruction& in) {
  const Tag tag = state_.At(in.reg);
  state_.Write(in);
  if (tag.kind == TagKind::kConst && tag.value <= 0xFFFFFFFF) {
    state_.SetTag(in.rm, tag);
  }
}

void FunctionPass::MoveImmediate(const Instruction& in) {
  state_.Write(in);
  const uint64_t value = in.width == 4 ? static_cast<uint32_t>(in.imm) : in.imm;
  state_.SetTag(static_cast<uint8_t>(std::countr_zero(in.written)),
                {TagKind::kConst, 0, value});
}

void FunctionPass::ConditionalMove(const Instruction& in) {
  const Comparison compared = Compared();
  state_.Write(in);
  if (compared.flags == Flags::kBelow && in.width == 4 &&
      in.cc == compared.cc && in.reg == compared.reg &&
      in.rm == compared.other) {
    state_.SetTag(in.reg, compared.proves);
  }
}

// add rm, reg
void FunctionPass::Add(const Instruction& in) {
  const Tag to = state_.At(in.rm), from = state_.At(in.reg);
  const bool from_zero_upper = state_.Implies(1u << in.reg);
  state_.Write(in);
  if (in.width != 8 || in.reg == in.rm) return;
  if (to.kind == TagKind::kConst && to.value <= kLargestSum &&
      from_zero_upper) {
    state_.SetTag(in.rm, {TagKind::kSum, 0, to.value});
  } else if (to.kind == TagKind::kTableEntry &&
             from.kind == TagKind::kTables) {
    state_.SetTag(in.rm, {TagKind::kJumpTarget, to.index, to.value});
  }
}

Reason FunctionPass::Lea(const Instruction& in) {
  state_.Write(in);
  if (in.base == kRip) {
    const int64_t to = int64_t{next()} + in.disp - parts_.text_bytes;
    VERIFY(in.width == 8 && to == rodata_begin_, kRodata);
    state_.SetTag(in.reg, {TagKind::kTables, rodata_begin_, 0});
    return Reason::kNone;
  }
  VERIFY(!IsPinned(in.base) && !IsPinned(in.index), kPinnedRead);
  return Reason::kNone;
}

// A load whose result the verifier follows must be a plain one of its width.
Reason FunctionPass::Load(const Instruction& in, const Tag& loaded) {
  if (loaded.kind == TagKind::kTableEntry) {
    VERIFY(in.op == Op::kMovsxd, kJumpTable);
  } else {
    const uint8_t bytes = loaded.kind == TagKind::kTypeId ? 4 : 8;
    VERIFY(in.op == Op::kLoad && in.width == bytes, kVmctxRead);
  }
  state_.Write(in);
  state_.SetTag(in.reg, loaded);
  return Reason::kNone;
}

// `loaded`: what the register will hold if the instruction is a load.
Reason FunctionPass::Memory(const Instruction& in, Tag* loaded) {
  VERIFY(in.mem == MemUse::kLoad || in.mem == MemUse::kStore, kMemoryOperand);
  if (in.base == kRsp) return Frame(in);
  if (in.base == kBase) {
    return in.index == kNoRegister ? Vmctx(in, loaded) : Heap(in, false);
  }
  return Tagged(in, loaded);
}

Reason FunctionPass::Frame(const Instruction& in) {
  VERIFY(in.index == kNoRegister && in.disp >= 0, kFrameOperand);
  const int64_t end = int64_t{in.disp} + in.mem_bytes;
  if (end <= frame_ - 16) return Reason::kNone;
  // The caller's: arguments are read, results behind them written.
  const int64_t arguments = int64_t{frame_} + 8 * int64_t{own_.argument_slots};
  const int64_t results = arguments + 8 * int64_t{own_.result_slots};
  const bool load = in.mem == MemUse::kLoad;
  VERIFY(in.disp >= (load ? frame_ : arguments) &&
             end <= (load ? arguments : results),
         kFrameOperand);
  return Reason::kNone;
}

// [base + index + disp], and the end of T7.
Reason FunctionPass::Heap(const Instruction& in, bool imported) {
  VERIFY(module_.memories.size != 0 &&
             (module_.imported_memories != 0) == imported && in.scale == 0 &&
             !IsPinned(in.index) && in.mem_bytes <= 8,
         kMemoryOperand);
  if (in.disp >= 0) {
    VERIFY(state_.Implies(1u << in.index), kIndex);
  } else {
    const Tag sum = state_.At(in.index);
    const int64_t below = -int64_t{in.disp};
    VERIFY(sum.kind == TagKind::kCheckedSum &&
               (sum.index != 0) == imported && below >= in.mem_bytes &&
               static_cast<uint64_t>(below) <= sum.value,
           kUncheckedOffset);
  }
  return UseSite(Bit(TrapCode::kOutOfBoundsMemory));
}

Reason FunctionPass::Vmctx(const Instruction& in, Tag* loaded) {
  const bool load = in.mem == MemUse::kLoad;
  const uint32_t globals = module_.globals.size;
  // Cells count downwards from the header.
  if (in.disp < abi::kVmctxHeaderEnd && globals != 0 &&
      in.disp >= facts_.layout.Global(globals - 1)) {
    VERIFY(in.disp % 8 == 0, kVmctxRead);
    const uint32_t global =
        static_cast<uint32_t>(abi::kVmctxHeaderEnd - in.disp) / 8 - 1;
    if (global >= module_.imported_globals) return GlobalAccess(in, global);
    VERIFY(load, kVmctxWrite);
    *loaded = {TagKind::kGlobalPointer, global, 0};
    return Reason::kNone;
  }
  VERIFY(load, kVmctxWrite);
  if (in.disp < abi::kVmctxHeaderEnd) {
    const uint32_t table = CellAt(in.disp - abi::kTableElements,
                                  facts_.layout.Table(0), module_.tables.size);
    VERIFY(table != kNowhere, kVmctxRead);
    *loaded = {table < module_.imported_tables ? TagKind::kTableCell
                                               : TagKind::kElements,
               table, 0};
    return Reason::kNone;
  }
  VERIFY(in.op == Op::kLoad && in.width == 8, kVmctxRead);
  switch (in.disp) {
    case abi::kVmctxMemoryBytes:
    case abi::kVmctxFuncRefs:
      return Reason::kNone;
    case abi::kVmctxTypeIds:
      *loaded = {TagKind::kTypeIds, 0, 0};
      return Reason::kNone;
    case abi::kVmctxMemoryBase:
      VERIFY(module_.imported_memories != 0, kVmctxRead);
      *loaded = {TagKind::kMemoryBase, 0, 0};
      return Reason::kNone;
    default:
      return Reason::kVmctxRead;
  }
}

Reason FunctionPass::GlobalAccess(const Instruction& in, uint32_t global) {
  const wasm::GlobalType& type =
      parts_.arena->Get(module_.globals, global).type;
  const bool narrow = type.type == wasm::ValType::kI32 ||
                      type.type == wasm::ValType::kF32;
  const bool load = in.mem == MemUse::kLoad;
  if (in.mem_bytes != (narrow ? 4 : 8) || (!load && !type.is_mutable)) {
    return load ? Reason::kVmctxRead : Reason::kVmctxWrite;
  }
  return Reason::kNone;
}

// Through a register that holds one of the executor's addresses, which are
// read but for a global's.
Reason FunctionPass::Tagged(const Instruction& in, Tag* loaded) {
  const Tag base = state_.At(in.base), index = state_.At(in.index);
  const bool plain = in.index == kNoRegister;
  if (base.kind == TagKind::kMemoryBase && !plain) return Heap(in, true);
  if (base.kind == TagKind::kGlobalPointer) {
    VERIFY(plain && in.disp == 0, kMemoryOperand);
    return GlobalAccess(in, base.index);
  }
  VERIFY(in.mem == MemUse::kLoad, kMemoryOperand);
  switch (base.kind) {
    case TagKind::kMemoryBase:
      VERIFY(in.disp == abi::kVmctxMemoryBytes && in.op == Op::kLoad &&
                 in.width == 8,
             kMemoryOperand);
      return Reason::kNone;
    case TagKind::kTableCell:
      VERIFY(plain && in.disp == abi::kTableElements, kMemoryOperand);
      *loaded = {TagKind::kElements, base.index, 0};
      return Reason::kNone;
    case TagKind::kElements:
      VERIFY(index.kind == TagKind::kElementIndex &&
                 index.index == base.index && in.scale == 3 && in.disp == 0 &&
                 parts_.arena->Get(module_.tables, base.index).element ==
                     wasm::ValType::kFuncRef,
             kIndirectCall);
      *loaded = {TagKind::kRefOrNull, base.index, 0};
      return Reason::kNone;
    case TagKind::kTypeIds: {
      const auto type = static_cast<uint32_t>(in.disp / 4);
      VERIFY(plain && in.disp >= 0 && in.disp % 4 == 0 &&
                 type < module_.types.size,
             kMemoryOperand);
      *loaded = {TagKind::kTypeId, type, 0};
      return Reason::kNone;
    }
    case TagKind::kTables: {
      // The tables of a function stand in the order of its code.
      const int64_t begin = int64_t{base.index} + in.disp;
      VERIFY(index.kind == TagKind::kBelow && in.scale == 2 && in.disp >= 0,
             kJumpTable);
      VERIFY(begin == facts_.rodata_at &&
                 index.value <= (parts_.rodata.size() - facts_.rodata_at) / 4,
             kRodata);
      *loaded = {TagKind::kTableEntry, facts_.rodata_at, index.value};
      facts_.rodata_at += static_cast<uint32_t>(4 * index.value);
      return Reason::kNone;
    }
    default:
      return Reason::kMemoryOperand;
  }
}

// cmp reg, memory
Reason FunctionPass::CompareMemory(const Instruction& in) {
  const Tag reg = state_.At(in.reg), base = state_.At(in.base);
  const bool own = in.base == kBase, plain = in.index == kNoRegister;
  if (plain && in.width == 8 && in.disp == abi::kVmctxMemoryBytes &&
      (own || base.kind == TagKind::kMemoryBase)) {
    if (reg.kind == TagKind::kSum) {
      Compare({Flags::kCheck, kCcAbove, in.reg, 0,
               {TagKind::kCheckedSum, own ? 0u : 1u, reg.value}});
    }
    return Reason::kNone;
  }
  uint32_t table = kNowhere;
  if (plain && in.width == 8 && own) {
    table = CellAt(int64_t{in.disp} - abi::kTableSize, facts_.layout.Table(0),
                   module_.tables.size);
    VERIFY(table >= module_.imported_tables, kVmctxRead);
  } else if (plain && in.width == 8 && base.kind == TagKind::kTableCell &&
             in.disp == abi::kTableSize) {
    table = base.index;
  }
  if (table != kNowhere) {
    Compare({Flags::kCheck, kCcAboveEqual, in.reg, 0,
             {TagKind::kElementIndex, table, 0}});
    return Reason::kNone;
  }
  if (plain && in.width == 4 && base.kind == TagKind::kRef &&
      in.disp == abi::kFuncRefTypeId) {
    if (reg.kind == TagKind::kTypeId) {
      Compare({Flags::kCheck, kCcNotEqual, in.base, 0,
               {TagKind::kRefOfType, reg.index, base.index}});
    }
    return Reason::kNone;
  }
  Tag loaded;
  RETURN_IF_REFUSED(Memory(in, &loaded));
  VERIFY(loaded.kind == TagKind::kNone, kVmctxRead);
  return Reason::kNone;
}

}  // namespace ingot::verifier
