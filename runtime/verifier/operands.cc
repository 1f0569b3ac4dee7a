#include "runtime/verifier/function_pass.h"

#include "compiler/abi/traps.h"
#include "runtime/verifier/refuse.h"

// Memory operands (DIALECT.md, 2), and what is known of the values that
// instructions leave in registers.

namespace ingot::verifier {
namespace {

constexpr uint8_t kR10 = 10;
constexpr uint8_t kCcBelow = 2;
// Far above every offset of wasm, far below what a sum could wrap from.
constexpr uint64_t kLargestSum = uint64_t{1} << 40;

bool IsPinned(uint8_t reg) {
  return reg == kRsp || reg == kGas || reg == kBase;
}

constexpr uint32_t kPinned = 1u << kRsp | 1u << kGas | 1u << kBase;

}  // namespace

// A pinned register is an operand where the call of an import or by reference
// begins, and nowhere else but in templates that are recognised before.
Reason FunctionPass::Pinned(const Instruction& in) {
  if (in.op == Op::kMov && in.reg == kBase && in.width == 8 && in.rm == kR10) {
    state_.Write(kR10, 8);
    state_.SetTag(kR10, {TagKind::kCallerBase, 0, 0});
    return Reason::kNone;
  }
  if (in.op == Op::kLoad && in.reg == kBase) return LoadBase(in);
  return (in.written & kPinned) != 0 ? Reason::kPinnedWritten
                                     : Reason::kPinnedRead;
}

// Everything but control, stack and gas.
Reason FunctionPass::Value(const Instruction& in, const Comparison& compared) {
  if ((in.general & kPinned) != 0) [[unlikely]] return Pinned(in);
  switch (in.op) {
    case Op::kPlain:
      break;
    case Op::kCmpMem:
      return CompareMemory(in);
    case Op::kLea:
      return Lea(in);
    case Op::kAdd:
      Add(in);
      return Reason::kNone;
    case Op::kMov: {
      // mov rm, reg
      const Tag tag = state_.At(in.reg);
      state_.Write(in.rm, in.width);
      if (tag.kind == TagKind::kConst && tag.value <= 0xFFFFFFFF) {
        state_.SetTag(in.rm, tag);
      }
      return Reason::kNone;
    }
    case Op::kMovImm: {
      const uint8_t reg = in.reg != kNoRegister ? in.reg : in.rm;
      state_.Write(reg, in.width);
      const uint64_t value =
          in.width == 4 ? static_cast<uint32_t>(in.imm) : in.imm;
      state_.SetTag(reg, {TagKind::kConst, 0, value});
      return Reason::kNone;
    }
    case Op::kTest:
      if (in.width == 8 && in.reg == in.rm &&
          state_.Is(in.reg, TagKind::kRefOrNull)) {
        compared_ = {Flags::kNull, in.reg, 0, state_.At(in.reg).index, 0};
      }
      return Reason::kNone;
    case Op::kCmp:
      // cmp rm, reg
      if (in.width == 4 && state_.Is(in.reg, TagKind::kConst)) {
        compared_ = {Flags::kBelow, in.reg, in.rm, 0,
                     state_.At(in.reg).value};
      }
      return Reason::kNone;
    case Op::kCmov: {
      const bool clamps = compared.flags == Flags::kBelow && in.width == 4 &&
                          in.cc == kCcBelow && in.reg == compared.reg &&
                          in.rm == compared.other;
      state_.Write(in.reg, in.width);
      if (clamps) {
        state_.SetTag(in.reg, {TagKind::kBelow, 0,
                               (compared.value & 0xFFFFFFFF) + 1});
      }
      return Reason::kNone;
    }
    case Op::kDivide:
      state_.Write(kRax, in.width);
      state_.Write(kRdx, in.width);
      return Reason::kNone;
    case Op::kExtend:
      state_.Write(kRdx, in.width);
      return Reason::kNone;
    default:
      break;
  }
  Tag loaded;
  if (in.mem != MemUse::kNone) RETURN_IF_REFUSED(Memory(in, &loaded));
  if (loaded.kind != TagKind::kNone) return Load(in, loaded);
  state_.Write(in);
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
  state_.Write(in.reg, in.width);
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
  VERIFY(in.base < 16, kMemoryOperand);
  return Tagged(in, loaded);
}

Reason FunctionPass::Frame(const Instruction& in) {
  VERIFY(in.index == kNoRegister && in.disp >= 0, kFrameOperand);
  const int64_t end = int64_t{in.disp} + in.mem_bytes;
  if (end <= frame_ - 16) return Reason::kNone;
  // The caller's: arguments are read, results behind them written.
  const int64_t arguments = int64_t{frame_} + 8 * int64_t{own_.argument_slots};
  const int64_t results = arguments + 8 * int64_t{own_.result_slots};
  const int64_t begin = in.mem == MemUse::kLoad ? frame_ : arguments;
  VERIFY(in.disp >= begin &&
             end <= (in.mem == MemUse::kLoad ? arguments : results),
         kFrameOperand);
  return Reason::kNone;
}

// [base + index + disp], and the end of T7.
Reason FunctionPass::Heap(const Instruction& in, bool imported) {
  VERIFY(module_.memories.size != 0 &&
             (module_.imported_memories != 0) == imported,
         kMemoryOperand);
  VERIFY(in.scale == 0 && !IsPinned(in.index) && in.mem_bytes <= 8,
         kMemoryOperand);
  if (in.disp >= 0) {
    VERIFY(state_.IsZeroUpper(in.index), kIndex);
  } else {
    const Tag sum = state_.At(in.index);
    const int64_t below = -int64_t{in.disp};
    VERIFY(sum.kind == TagKind::kCheckedSum &&
               (sum.index != 0) == imported && below >= in.mem_bytes &&
               static_cast<uint64_t>(below) <= sum.value,
           kUncheckedOffset);
  }
  VERIFY(site_ != nullptr, kNoTrapEntry);
  VERIFY(site_->code == static_cast<uint32_t>(TrapCode::kOutOfBoundsMemory),
         kTrapEntry);
  site_used_ = true;
  return meter_ != nullptr ? meter_->Trap(*site_) : Reason::kNone;
}

Reason FunctionPass::Vmctx(const Instruction& in, Tag* loaded) {
  const bool load = in.mem == MemUse::kLoad;
  if (in.disp >= abi::kVmctxHeaderEnd) {
    VERIFY(load, kVmctxWrite);
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
  // Cells count downwards from the header.
  const uint32_t globals = module_.globals.size;
  if (globals != 0 && in.disp >= layout_.Global(globals - 1)) {
    VERIFY(in.disp % 8 == 0, kVmctxRead);
    const uint32_t global =
        static_cast<uint32_t>(abi::kVmctxHeaderEnd - in.disp) / 8 - 1;
    if (global >= module_.imported_globals) return GlobalAccess(in, global);
    VERIFY(load, kVmctxWrite);
    *loaded = {TagKind::kGlobalPointer, global, 0};
    return Reason::kNone;
  }
  VERIFY(load, kVmctxWrite);
  const uint32_t tables = module_.tables.size;
  VERIFY(tables != 0 && in.disp >= layout_.Table(0), kVmctxRead);
  const int64_t above = int64_t{in.disp} - layout_.Table(0);
  const uint32_t table = static_cast<uint32_t>(above / 16);
  VERIFY(table < tables && above % 16 == abi::kTableElements, kVmctxRead);
  *loaded = {table < module_.imported_tables ? TagKind::kTableCell
                                             : TagKind::kElements,
             table, 0};
  return Reason::kNone;
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

// Through a register that holds one of the executor's addresses.
Reason FunctionPass::Tagged(const Instruction& in, Tag* loaded) {
  const Tag base = state_.At(in.base);
  const bool load = in.mem == MemUse::kLoad;
  switch (base.kind) {
    case TagKind::kMemoryBase:
      if (in.index != kNoRegister) return Heap(in, true);
      VERIFY(load && in.disp == abi::kVmctxMemoryBytes &&
                 in.op == Op::kLoad && in.width == 8,
             kMemoryOperand);
      return Reason::kNone;
    case TagKind::kGlobalPointer:
      VERIFY(in.index == kNoRegister && in.disp == 0, kMemoryOperand);
      return GlobalAccess(in, base.index);
    case TagKind::kTableCell:
      VERIFY(load && in.index == kNoRegister &&
                 in.disp == abi::kTableElements,
             kMemoryOperand);
      *loaded = {TagKind::kElements, base.index, 0};
      return Reason::kNone;
    case TagKind::kElements: {
      const Tag index =
          in.index < 16 ? state_.At(in.index) : Tag{};
      VERIFY(load && index.kind == TagKind::kElementIndex &&
                 index.index == base.index && in.scale == 3 && in.disp == 0 &&
                 parts_.arena->Get(module_.tables, base.index).element ==
                     wasm::ValType::kFuncRef,
             kIndirectCall);
      *loaded = {TagKind::kRefOrNull, base.index, 0};
      return Reason::kNone;
    }
    case TagKind::kTypeIds:
      VERIFY(load && in.index == kNoRegister && in.disp >= 0 &&
                 in.disp % 4 == 0 &&
                 static_cast<uint32_t>(in.disp / 4) < module_.types.size,
             kMemoryOperand);
      *loaded = {TagKind::kTypeId, static_cast<uint32_t>(in.disp / 4), 0};
      return Reason::kNone;
    case TagKind::kTables: {
      // The tables of a function stand in the order of its code.
      const Tag index = in.index < 16 ? state_.At(in.index) : Tag{};
      VERIFY(load && index.kind == TagKind::kBelow && in.scale == 2 &&
                 in.disp >= 0,
             kJumpTable);
      const uint64_t begin = uint64_t{base.index} + in.disp;
      VERIFY(begin == *rodata_at_ &&
                 index.value <= (parts_.rodata.size() - begin) / 4,
             kRodata);
      *rodata_at_ += static_cast<uint32_t>(4 * index.value);
      *loaded = {TagKind::kTableEntry, static_cast<uint32_t>(begin),
                 index.value};
      return Reason::kNone;
    }
    default:
      return Reason::kMemoryOperand;
  }
}

// The callee's base, right before the call through the same cell.
Reason FunctionPass::LoadBase(const Instruction& in) {
  VERIFY(in.width == 8 && in.index == kNoRegister && in.base < 16,
         kPinnedWritten);
  const Tag base = state_.At(in.base);
  VERIFY(state_.Is(kR10, TagKind::kCallerBase), kPinnedWritten);
  if (base.kind == TagKind::kCallerBase) {
    const uint32_t imports = module_.imported_functions;
    VERIFY(in.base == kR10 && imports != 0, kPinnedWritten);
    const int64_t above = int64_t{in.disp} - 8 - layout_.Import(0);
    VERIFY(above >= 0 && above % 16 == 0 && above / 16 < imports,
           kPinnedWritten);
    expected_ = static_cast<uint32_t>(above / 16);
    expect_ = Expect::kImportCall;
    return Reason::kNone;
  }
  VERIFY(base.kind == TagKind::kRefOfType && in.disp == abi::kFuncRefBase,
         kIndirectCall);
  expected_ = base.index;
  expected_table_ = static_cast<uint32_t>(base.value);
  expected_reg_ = in.base;
  expect_ = Expect::kIndirectCall;
  return Reason::kNone;
}

Reason FunctionPass::CompareMemory(const Instruction& in) {
  const Tag reg = state_.At(in.reg);
  const Tag base = in.base < 16 ? state_.At(in.base) : Tag{};
  const bool plain = in.index == kNoRegister;
  const bool own = in.base == kBase;
  if (plain && in.width == 8 && in.disp == abi::kVmctxMemoryBytes &&
      (own || base.kind == TagKind::kMemoryBase)) {
    if (reg.kind == TagKind::kSum) {
      compared_ = {Flags::kMemoryBound, in.reg, 0, own ? 0u : 1u, reg.value};
    }
    return Reason::kNone;
  }
  const uint32_t tables = module_.tables.size;
  if (plain && in.width == 8 && own && in.disp < abi::kVmctxHeaderEnd &&
      tables != 0 && in.disp >= layout_.Table(0)) {
    const int64_t above = int64_t{in.disp} - layout_.Table(0);
    const uint32_t table = static_cast<uint32_t>(above / 16);
    if (table < tables && above % 16 == abi::kTableSize) {
      VERIFY(table >= module_.imported_tables, kVmctxRead);
      compared_ = {Flags::kTableBound, in.reg, 0, table, 0};
      return Reason::kNone;
    }
  }
  if (plain && in.width == 8 && base.kind == TagKind::kTableCell &&
      in.disp == abi::kTableSize) {
    compared_ = {Flags::kTableBound, in.reg, 0, base.index, 0};
    return Reason::kNone;
  }
  if (plain && in.width == 4 && base.kind == TagKind::kRef &&
      in.disp == abi::kFuncRefTypeId) {
    if (reg.kind == TagKind::kTypeId) {
      compared_ = {Flags::kTypeMatch, in.base, 0, reg.index, base.index};
    }
    return Reason::kNone;
  }
  Tag loaded;
  RETURN_IF_REFUSED(Memory(in, &loaded));
  VERIFY(loaded.kind == TagKind::kNone, kVmctxRead);
  return Reason::kNone;
}

Reason FunctionPass::Lea(const Instruction& in) {
  if (in.base == kRip) {
    const int64_t to = int64_t{next()} + in.disp - parts_.text_bytes;
    VERIFY(in.width == 8 && to == rodata_begin_, kRodata);
    state_.Write(in.reg, 8);
    state_.SetTag(in.reg, {TagKind::kTables, rodata_begin_, 0});
    return Reason::kNone;
  }
  VERIFY(!IsPinned(in.base) &&
             (in.index == kNoRegister || !IsPinned(in.index)),
         kPinnedRead);
  state_.Write(in.reg, in.width);
  return Reason::kNone;
}

// add rm, reg
void FunctionPass::Add(const Instruction& in) {
  const Tag to = state_.At(in.rm), from = state_.At(in.reg);
  const bool from_zero_upper = state_.IsZeroUpper(in.reg);
  state_.Write(in.rm, in.width);
  if (in.width != 8 || in.reg == in.rm) return;
  if (to.kind == TagKind::kConst && to.value <= kLargestSum &&
      from_zero_upper) {
    state_.SetTag(in.rm, {TagKind::kSum, 0, to.value});
  } else if (to.kind == TagKind::kTableEntry &&
             from.kind == TagKind::kTables) {
    state_.SetTag(in.rm, {TagKind::kJumpTarget, to.index, to.value});
  }
}

}  // namespace ingot::verifier
