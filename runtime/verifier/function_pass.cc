#include "runtime/verifier/function_pass.h"

#include <algorithm>

#include "compiler/abi/traps.h"
#include "runtime/verifier/refuse.h"

// Labels, jumps, calls, returns and traps. Refusals name the instruction at
// at_.

namespace ingot::verifier {
namespace {

using abi::CertificateEntry;
using abi::TrapEntry;

constexpr uint8_t kR10 = 10, kR11 = 11;
constexpr uint8_t kCcBelow = 2, kCcAboveEqual = 3, kCcEqual = 4;
constexpr uint8_t kCcNotEqual = 5, kCcAbove = 7, kCcLess = 12;

// Results of builtins that are an i32, by number.
enum BuiltinResult : uint8_t { kNoResult, kI32Result, kRefResult };
consteval uint8_t ResultOf(const char* text) {
  return text[0] == 'i' ? kI32Result : text[0] == 'r' ? kRefResult : kNoResult;
}
constexpr uint8_t kBuiltinResults[] = {
#define INGOT_BUILTIN(number, name, parameters, result) ResultOf(result),
#include "compiler/abi/builtins.def"
#undef INGOT_BUILTIN
};
constexpr uint32_t kBuiltins = sizeof(kBuiltinResults);

bool IsCode(const TrapEntry& entry, TrapCode code) {
  return entry.code == static_cast<uint32_t>(code);
}

// The first entry that is not before `offset`. `near` or the one behind it are
// likely, and that there is none: code leads to its places in their order, and
// traps stand behind all.
template <typename Entry>
uint32_t FirstFrom(std::span<const Entry> entries, uint32_t offset,
                   uint32_t near) {
  const auto size = static_cast<uint32_t>(entries.size());
  for (uint32_t at = near; at < size && at - near < 2; ++at) {
    if (entries[at].code_offset == offset &&
        (at == 0 || entries[at - 1].code_offset < offset)) {
      return at;
    }
  }
  if (size == 0 || entries[size - 1].code_offset < offset) return size;
  uint32_t low = 0, high = size;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (entries[middle].code_offset < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace

FunctionPass::FunctionPass(const CodeParts& parts,
                           const abi::VmctxLayout& layout, uint32_t defined,
                           std::span<const TrapEntry> traps,
                           std::span<const CertificateEntry> certificates,
                           Meter* meter, uint32_t* rodata_at,
                           BaseFacts* base_facts)
    : parts_(parts),
      layout_(layout),
      module_(*parts.module),
      entry_(parts.functions[defined]),
      defined_(defined),
      meter_(meter),
      rodata_at_(rodata_at),
      base_facts_(base_facts),
      rodata_begin_(*rodata_at),
      end_(entry_.code_offset + entry_.code_bytes),
      frame_(static_cast<int32_t>(entry_.frame_bytes)),
      own_(ShapeOf(TypeOfFunction(module_.imported_functions + defined))),
      traps_(traps),
      certificates_(certificates) {}

uint32_t FunctionPass::TypeOfFunction(uint32_t function) const {
  return parts_.arena->Get(module_.functions, function);
}

FunctionPass::Shape FunctionPass::ShapeOf(uint32_t type) const {
  const wasm::FuncType& signature = parts_.arena->Get(module_.types, type);
  const auto pool = parts_.arena->View(module_.type_pool);
  Shape shape;
  abi::ArgumentCursor arguments, results;
  for (uint32_t i = 0; i < signature.params + uint32_t{signature.results};
       ++i) {
    const bool is_result = i >= signature.params;
    const wasm::ValType value = pool[signature.pool_offset + i];
    const auto place = (is_result ? results : arguments).Next(value);
    if (!place.in_register || value != wasm::ValType::kI32) continue;
    const uint32_t bit = 1u << abi::kIntArgument[place.index];
    (is_result ? shape.results_mask : shape.arguments_mask) |= bit;
  }
  shape.argument_slots = arguments.slots;
  shape.result_slots = results.slots;
  return shape;
}

Refusal FunctionPass::Run() {
  at_ = entry_.code_offset;
  const uint32_t function = module_.imported_functions + defined_;
  for (const TrapEntry& entry : traps_) {
    if (entry.function != function || entry.code == 0 ||
        entry.code > static_cast<uint32_t>(TrapCode::kCallSite) ||
        entry.owed_minus_paid > 0) {
      return {Reason::kTrapEntry, function, entry.code_offset};
    }
  }
  for (const CertificateEntry& entry : certificates_) {
    if ((entry.zero_upper & ~abi::kCertificateFlags) > 0xFFFF) {
      return {Reason::kCertificateContents, function, entry.code_offset};
    }
  }
  Reason reason = Reason::kNone;
  if (meter_ != nullptr) reason = meter_->Begin(defined_);
  if (reason == Reason::kNone) reason = Prologue();
  if (reason == Reason::kNone) reason = Code();
  if (reason == Reason::kNone) return {};
  return {reason, function, at_};
}

bool FunctionPass::Decode(uint32_t at, Instruction* out) const {
  return DecodeInstruction(parts_.code.data() + at, end_ - at, out);
}

// T1, but for the saved base.
Reason FunctionPass::Prologue() {
  VERIFY(frame_ >= 16, kFrameSize);
  Instruction in;
  VERIFY(Decode(at_, &in) && in.op == Op::kSubImm && in.rm == kRsp &&
             in.width == 8 && in.imm == frame_ - 8,
         kPrologue);
  at_ += in.length;
  VERIFY(Decode(at_, &in) && in.op == Op::kCmpMem && in.reg == kRsp &&
             in.width == 8 && in.base == kBase && in.index == kNoRegister &&
             in.disp == abi::kVmctxStackLimit,
         kPrologue);
  at_ += in.length;
  VERIFY(Decode(at_, &in) && in.op == Op::kJcc && in.cc == kCcBelow,
         kPrologue);
  length_ = in.length;
  const Target target = FindTarget(int64_t{next()} + in.imm);
  VERIFY(target.is_trap && IsCode(*target.trap, TrapCode::kStackOverflow) &&
             target.trap->owed_minus_paid == 0,
         kPrologue);
  at_ = next();
  state_.Reset(own_.arguments_mask);
  if (at_ < end_ && Decode(at_, &in) && in.op == Op::kStore &&
      in.width == 8 && in.reg == kBase && in.base == kRsp &&
      in.index == kNoRegister && in.disp == frame_ - 16) {
    base_saved_ = true;
    at_ += in.length;
  }
  // Nothing is listed for what the templates have covered.
  VERIFY(traps_.empty() || traps_[0].code_offset >= at_, kTrapEntry);
  VERIFY(certificates_.empty() || certificates_[0].code_offset >= at_,
         kJumpIntoTemplate);
  return Reason::kNone;
}

Reason FunctionPass::Code() {
  while (at_ < end_) {
    site_ = nullptr;
    if (at_ >= next_listed_ || after_call_) {
      site_used_ = false;
      RETURN_IF_REFUSED(AtTrapEntries());
      if (CertificateOffset() <= at_) RETURN_IF_REFUSED(AtLabel());
      next_listed_ = std::min(TrapOffset(), CertificateOffset());
    }
    Instruction in;
    VERIFY(Decode(at_, &in), kUnknownInstruction);
    VERIFY(in.isa <= static_cast<uint32_t>(parts_.isa), kIsaLevel);
    length_ = in.length;
    VERIFY(reachable_ || in.op == Op::kUd2, kFallsThrough);
    if (expect_ != Expect::kAnything) {
      RETURN_IF_REFUSED(Expected(in));
    } else {
      RETURN_IF_REFUSED(Step(in));
    }
    VERIFY(site_ == nullptr || site_used_, kTrapEntry);
    at_ = next();
  }
  VERIFY(!reachable_, kFallsThrough);
  VERIFY(next_trap_ == traps_.size(), kTrapEntry);
  VERIFY(next_certificate_ == certificates_.size(), kOverlap);
  return Reason::kNone;
}

// What is known here is what the certificate says, from now on.
Reason FunctionPass::AtLabel() {
  const CertificateEntry& entry = certificates_[next_certificate_++];
  VERIFY(entry.code_offset == at_, kOverlap);
  if (expect_ == Expect::kMayRestoreBase) BaseNotRestored();
  VERIFY(expect_ == Expect::kAnything, kJumpIntoTemplate);
  VERIFY(!reachable_ || state_.Implies(entry.zero_upper & 0xFFFF),
         kCertificateNotImplied);
  if (meter_ != nullptr) {
    RETURN_IF_REFUSED(meter_->Label(entry, reachable_));
    if ((entry.zero_upper & abi::kCertificateRepair) != 0) {
      int64_t price;
      VERIFY(!reachable_, kCertificateContents);
      if (SecondTestReturn(at_, &price, &repair_jump_) != kNowhere) {
        second_test_ = at_;
      } else {
        VERIFY(RepairReturn(at_, &repair_jump_) != kNowhere,
               kCertificateContents);
      }
      VERIFY(next_certificate_ >= certificates_.size() ||
                 certificates_[next_certificate_].code_offset > repair_jump_,
             kJumpIntoTemplate);
    }
  }
  state_.Reset(entry.zero_upper & 0xFFFF);
  compared_ = {};
  reachable_ = true;
  straight_ = false;
  return Reason::kNone;
}

// Takes the entries for this place: a call's return, then this instruction's.
Reason FunctionPass::AtTrapEntries() {
  while (next_trap_ < traps_.size() &&
         traps_[next_trap_].code_offset <= at_) {
    const TrapEntry& entry = traps_[next_trap_++];
    VERIFY(entry.code_offset == at_, kTrapEntry);
    if (!IsCode(entry, TrapCode::kCallSite)) {
      VERIFY(site_ == nullptr, kTrapEntry);
      site_ = &entry;
      continue;
    }
    VERIFY(after_call_, kTrapEntry);
    after_call_ = false;
    if (meter_ != nullptr) {
      RETURN_IF_REFUSED(meter_->CallSite(entry, callee_));
    }
  }
  VERIFY(!after_call_, kNoTrapEntry);
  return Reason::kNone;
}

Reason FunctionPass::Step(const Instruction& in) {
  Comparison compared;
  if (compared_.flags != Flags::kNothing) {
    compared = compared_;
    compared_.flags = Flags::kNothing;
  }
  // The flags of a gas test or payment are for the jump behind it alone.
  VERIFY(compared.flags != Flags::kGas || in.op == Op::kJcc, kGasTemplate);
  switch (in.op) {
    case Op::kUd2: return Trap();
    case Op::kJcc: return Jcc(in, compared);
    case Op::kJmp: return Jmp(in);
    case Op::kJmpReg: return JmpRegister(in);
    case Op::kCall: return Call(in);
    case Op::kCallMem: return CallMemory(in);
    case Op::kRet: return Reason::kStackPointer;
    case Op::kLoad: {
      bool matched = false;
      RETURN_IF_REFUSED(MoveArguments(in, &matched));
      if (matched) return Reason::kNone;
      break;
    }
    case Op::kAddImm:
      if (in.rm == kRsp) return SetStackPointer(in);
      if (in.rm == kGas) return GiveBackGas(in);
      break;
    case Op::kSubImm:
      if (in.rm == kRsp) return SetStackPointer(in);
      if (in.rm == kGas) return PayGas(in);
      break;
    case Op::kTest:
      if (in.reg == kGas && in.rm == kGas && in.width == 8) {
        compared_.flags = Flags::kGas;
        return Reason::kNone;
      }
      break;
    case Op::kCmpImm:
      if (in.rm == kGas && in.width == 8) {
        VERIFY(meter_ == nullptr || at_ == second_test_, kGasTemplate);
        compared_.flags = Flags::kGas;
        return Reason::kNone;
      }
      break;
    case Op::kMovImm: {
      bool matched = false;
      RETURN_IF_REFUSED(ZeroingLoop(in, &matched));
      if (matched) return Reason::kNone;
      break;
    }
    default:
      break;
  }
  return Value(in, compared);
}

// The rest of a template.
Reason FunctionPass::Expected(const Instruction& in) {
  switch (expect_) {
    case Expect::kPopArguments:
      VERIFY(in.op == Op::kSubImm && in.rm == kRsp && in.width == 8 &&
                 in.imm == expected_,
             kStackPointer);
      expect_ = after_pop_;
      return Reason::kNone;
    case Expect::kRestoreBase:
      VERIFY(IsRestoreOfBase(in), kBaseNotRestored);
      expect_ = Expect::kAnything;
      return Reason::kNone;
    case Expect::kMayRestoreBase:
      if (!IsRestoreOfBase(in)) {
        BaseNotRestored();
        return Step(in);
      }
      VERIFY(base_saved_, kBaseNotRestored);
      expect_ = Expect::kAnything;
      return Reason::kNone;
    case Expect::kReturn:
      return in.op == Op::kJmp ? ExpectedOfTail(in) : Return(in);
    case Expect::kImportCall: {
      if (in.op == Op::kAddImm) return LeaveFrame(in, Expect::kImportJump);
      VERIFY(moved_ == kNowhere, kTailCall);
      VERIFY(in.op == Op::kCallMem && in.base == kR10 &&
                 in.index == kNoRegister &&
                 in.disp == layout_.Import(expected_),
             kIndirectCall);
      const uint32_t import = expected_;
      return FinishCall(ShapeOf(TypeOfFunction(import)),
                        {CalledKind::kImport, 0, import});
    }
    case Expect::kIndirectCall: {
      if (in.op == Op::kAddImm) return LeaveFrame(in, Expect::kIndirectJump);
      VERIFY(moved_ == kNowhere, kTailCall);
      VERIFY(in.op == Op::kCallMem && in.base == expected_reg_ &&
                 in.index == kNoRegister && in.disp == abi::kFuncRefCode,
             kIndirectCall);
      const uint32_t type = expected_;
      return FinishCall(ShapeOf(type), {CalledKind::kIndirect, 1, type,
                                        {expected_table_, kNowhere}});
    }
    case Expect::kTailEntry:
    case Expect::kTailBase:
    case Expect::kImportJump:
    case Expect::kIndirectJump:
      return ExpectedOfTail(in);
    case Expect::kAnything:
      break;
  }
  return Reason::kJumpIntoTemplate;
}

// T11: `mov r11d, n`, a label, `mov qword [rsp + r11*8 + d], 0`, `sub r11d, 1`,
// `jne` back to the label. r11 is n … 1 at the store.
Reason FunctionPass::ZeroingLoop(const Instruction& in, bool* matched) {
  const uint32_t label = next();
  if (!straight_ || in.width != 4 || in.reg != kR11 ||
      next_certificate_ >= certificates_.size() ||
      certificates_[next_certificate_].code_offset != label) {
    return Reason::kNone;
  }
  Instruction store, sub, back;
  if (label >= end_ || !Decode(label, &store) || store.op != Op::kStoreImm ||
      store.base != kRsp || store.index != kR11) {
    return Reason::kNone;
  }
  uint32_t at = label + store.length;
  VERIFY(at < end_ && Decode(at, &sub) && sub.op == Op::kSubImm &&
             sub.rm == kR11 && sub.width == 4 && sub.imm == 1,
         kMemoryOperand);
  at += sub.length;
  VERIFY(at < end_ && Decode(at, &back) && back.op == Op::kJcc &&
             back.cc == kCcNotEqual &&
             int64_t{at} + back.length + back.imm == label,
         kMemoryOperand);
  const int64_t count = in.imm;
  VERIFY(store.width == 8 && store.scale == 3 && store.imm == 0 &&
             count > 0 && int64_t{store.disp} + 8 >= 0 &&
             store.disp + 8 * count + 8 <= frame_ - 16,
         kFrameOperand);
  const CertificateEntry& entry = certificates_[next_certificate_++];
  VERIFY(state_.Implies(entry.zero_upper & 0xFFFF & ~(1u << kR11)),
         kCertificateNotImplied);
  at += back.length;
  VERIFY(next_trap_ >= traps_.size() || traps_[next_trap_].code_offset >= at,
         kTrapEntry);
  VERIFY(next_certificate_ >= certificates_.size() ||
             certificates_[next_certificate_].code_offset >= at,
         kJumpIntoTemplate);
  state_.Reset(entry.zero_upper & 0xFFFF & ~(1u << kR11));
  closed_label_ = label;
  length_ = at - at_;
  straight_ = false;
  *matched = true;
  return Reason::kNone;
}

// A jump target is a trap, or certified, or nothing. Each listed place is found
// to be an instruction's start when the pass comes to it.
FunctionPass::Target FunctionPass::FindTarget(int64_t to) {
  Target target;
  if (to < entry_.code_offset || to >= end_) return target;
  const uint32_t offset = static_cast<uint32_t>(to);
  uint32_t at = FirstFrom(certificates_, offset, next_certificate_);
  if (at < certificates_.size() && certificates_[at].code_offset == offset) {
    if (offset != closed_label_) target.certificate = &certificates_[at];
    return target;
  }
  if (end_ - offset < 2 || parts_.code[offset] != 0x0F ||
      parts_.code[offset + 1] != 0x0B) {
    return target;
  }
  at = FirstFrom(traps_, offset, near_trap_);
  // A return address may be listed at the same place.
  while (at < traps_.size() && traps_[at].code_offset == offset &&
         IsCode(traps_[at], TrapCode::kCallSite)) {
    ++at;
  }
  if (at < traps_.size() && traps_[at].code_offset == offset) {
    target.is_trap = true;
    target.trap = &traps_[at];
    near_trap_ = at;
  }
  return target;
}

Reason FunctionPass::Jcc(const Instruction& in, const Comparison& compared) {
  straight_ = false;
  const Target target = FindTarget(int64_t{next()} + in.imm);
  if (compared.flags == Flags::kGas) {
    VERIFY(in.cc == kCcLess && target.is_trap &&
               IsCode(*target.trap, TrapCode::kOutOfGas) &&
               target.trap->owed_minus_paid == 0,
           kGasTemplate);
    if (meter_ == nullptr) return Reason::kNone;
    // T13's own test stands for the one that led to it.
    const bool second = repair_jump_ == next();
    return second ? Reason::kNone : meter_->Test();
  }
  if (compared.flags == Flags::kPaid) {
    int64_t price;
    uint32_t jump;
    VERIFY(in.cc == kCcLess && target.certificate != nullptr &&
               SecondTestReturn(target.certificate->code_offset, &price,
                                &jump) == next() &&
               static_cast<uint64_t>(price) == compared.value,
           kGasTemplate);
    if (meter_ != nullptr) {
      VERIFY((target.certificate->zero_upper & abi::kCertificateRepair) != 0,
             kGasTemplate);
      RETURN_IF_REFUSED(meter_->Test());
    }
    return Branch(*target.certificate);
  }
  if (!target.is_trap) {
    VERIFY(target.certificate != nullptr, kJumpTarget);
    if (meter_ != nullptr && (target.certificate->zero_upper &
                              abi::kCertificateRepair) != 0) {
      uint32_t jump;
      VERIFY(RepairReturn(target.certificate->code_offset, &jump) == next(),
             kTransfer);
    }
    return Branch(*target.certificate);
  }
  VERIFY(!IsCode(*target.trap, TrapCode::kStackOverflow) &&
             !IsCode(*target.trap, TrapCode::kOutOfGas),
         kTrapEntry);
  if (meter_ != nullptr) RETURN_IF_REFUSED(meter_->Trap(*target.trap));
  // What holds when the jump is not taken.
  const uint8_t reg = compared.reg;
  if (compared.flags == Flags::kMemoryBound && in.cc == kCcAbove) {
    state_.SetTag(reg, {TagKind::kCheckedSum, compared.index, compared.value});
  } else if (compared.flags == Flags::kTableBound && in.cc == kCcAboveEqual) {
    state_.SetTag(reg, {TagKind::kElementIndex, compared.index, 0});
  } else if (compared.flags == Flags::kNull && in.cc == kCcEqual) {
    state_.SetTag(reg, {TagKind::kRef, compared.index, 0});
  } else if (compared.flags == Flags::kTypeMatch && in.cc == kCcNotEqual) {
    state_.SetTag(reg, {TagKind::kRefOfType, compared.index, compared.value});
  }
  return Reason::kNone;
}

// A jump from here to a certified place.
Reason FunctionPass::Branch(const CertificateEntry& to) {
  VERIFY(state_.Implies(to.zero_upper & 0xFFFF), kCertificateNotImplied);
  if (meter_ == nullptr) return Reason::kNone;
  return meter_->Jump(to, to.code_offset >= next() || at_ == repair_jump_);
}

// T12 and T13 stand out of line and end with a jump back, right behind the one
// that leads there: so they close no loop. Where the two instructions and the
// jump at `label` go on, and where the jump is; kNowhere if it is no jump.
uint32_t FunctionPass::OutOfLine(uint32_t label, Instruction* first,
                                 Instruction* second, uint32_t* jump) const {
  Instruction back;
  uint32_t at = label;
  for (Instruction* in : {first, second, &back}) {
    if (at >= end_ || !Decode(at, in)) return kNowhere;
    *jump = at;
    at += in->length;
  }
  return back.op == Op::kJmp ? static_cast<uint32_t>(at + back.imm) : kNowhere;
}

// T12: where the repair at `label` goes on; kNowhere if none stands there.
uint32_t FunctionPass::RepairReturn(uint32_t label, uint32_t* jump) const {
  Instruction bits, move;
  const uint32_t to = OutOfLine(label, &bits, &move, jump);
  // From a general register to a vector register, and nothing else.
  const bool moves = move.op == Op::kPlain && move.rm != kNoRegister &&
                     move.reg != kNoRegister && move.written == 0 &&
                     move.general == 1u << move.rm;
  return bits.op == Op::kMovImm && moves ? to : kNowhere;
}

// T13: where the second test at `label` goes on, and what was paid before it;
// kNowhere if none stands there.
uint32_t FunctionPass::SecondTestReturn(uint32_t label, int64_t* price,
                                        uint32_t* jump) const {
  Instruction compare, leave;
  const uint32_t to = OutOfLine(label, &compare, &leave, jump);
  *price = -compare.imm;
  return compare.op == Op::kCmpImm && compare.rm == kGas &&
                 compare.width == 8 && leave.op == Op::kJcc &&
                 leave.cc == kCcLess
             ? to
             : kNowhere;
}

Reason FunctionPass::Jmp(const Instruction& in) {
  straight_ = false;
  const Target target = FindTarget(int64_t{next()} + in.imm);
  VERIFY(target.certificate != nullptr, kJumpTarget);
  reachable_ = false;
  VERIFY((target.certificate->zero_upper & abi::kCertificateRepair) == 0,
         kTransfer);
  return Branch(*target.certificate);
}

// T10's end: every entry of the table leads to a certified place.
Reason FunctionPass::JmpRegister(const Instruction& in) {
  const Tag tag = state_.At(in.rm);
  VERIFY(tag.kind == TagKind::kJumpTarget, kJumpTable);
  straight_ = false;
  reachable_ = false;
  const uint8_t* table = parts_.rodata.data() + tag.index;
  uint32_t last = 0;
  for (uint64_t k = 0; k < tag.value; ++k, table += 4) {
    const uint32_t raw = table[0] | table[1] << 8 | table[2] << 16 |
                         static_cast<uint32_t>(table[3]) << 24;
    if (k != 0 && raw == last) continue;
    last = raw;
    const int64_t to = int64_t{parts_.text_bytes} + rodata_begin_ +
                       static_cast<int32_t>(raw);
    const Target target = FindTarget(to);
    VERIFY(target.certificate != nullptr, kJumpTarget);
    VERIFY((target.certificate->zero_upper & abi::kCertificateRepair) == 0,
           kTransfer);
    RETURN_IF_REFUSED(Branch(*target.certificate));
  }
  return Reason::kNone;
}

// The function whose entry stands there; kNowhere if none.
uint32_t FunctionPass::FunctionAt(int64_t code_offset) const {
  size_t low = 0, high = parts_.functions.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (parts_.functions[middle].code_offset < code_offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == parts_.functions.size() ||
      parts_.functions[low].code_offset != code_offset) {
    return kNowhere;
  }
  return module_.imported_functions + static_cast<uint32_t>(low);
}

Reason FunctionPass::Call(const Instruction& in) {
  const uint32_t function = FunctionAt(int64_t{next()} + in.imm);
  VERIFY(function != kNowhere, kCallTarget);
  return FinishCall(ShapeOf(TypeOfFunction(function)),
                    {CalledKind::kFunction, 0, function});
}

// A runtime call; other calls through memory end a template (Expected).
Reason FunctionPass::CallMemory(const Instruction& in) {
  VERIFY(in.base == kBase && in.index == kNoRegister &&
             in.disp == abi::kVmctxBuiltinStub,
         kIndirectCall);
  const Tag number = state_.At(kR11);
  VERIFY(number.kind == TagKind::kConst && number.value < kBuiltins,
         kRuntimeCall);
  Shape shape;
  if (kBuiltinResults[number.value] == kI32Result) {
    shape.results_mask = 1u << kRax;
  }
  Callee callee = {CalledKind::kRuntime, 2,
                   static_cast<uint32_t>(number.value)};
  for (uint32_t i = 0; i < 2; ++i) {
    const Tag immediate = state_.At(abi::kIntArgument[i]);
    if (immediate.kind != TagKind::kConst) continue;
    callee.immediate[i] = static_cast<uint32_t>(immediate.value);
  }
  return FinishCall(shape, callee);
}

Reason FunctionPass::FinishCall(const Shape& shape, const Callee& callee) {
  const bool restore = callee.kind == CalledKind::kImport ||
                       callee.kind == CalledKind::kIndirect;
  VERIFY(state_.Implies(shape.arguments_mask), kNotZeroExtended);
  VERIFY(!restore || base_saved_, kBaseNotRestored);
  VERIFY(8 * (int64_t{shape.argument_slots} + shape.result_slots) <=
             frame_ - 16,
         kOutgoingArea);
  state_.Reset(shape.results_mask);
  after_call_ = true;
  callee_ = callee;
  expected_ = 8 * shape.argument_slots;
  after_pop_ = restore ? Expect::kRestoreBase
               : callee.kind == CalledKind::kFunction
                   ? Expect::kMayRestoreBase
                   : Expect::kAnything;
  expect_ = expected_ != 0 ? Expect::kPopArguments : after_pop_;
  return Reason::kNone;
}

bool FunctionPass::IsRestoreOfBase(const Instruction& in) const {
  return in.op == Op::kLoad && in.width == 8 && in.reg == kBase &&
         in.base == kRsp && in.index == kNoRegister && in.disp == frame_ - 16;
}

// Behind a direct call. Whether that is allowed is known at the artifact's end.
void FunctionPass::BaseNotRestored() {
  expect_ = Expect::kAnything;
  if (base_facts_->function != kNowhere) return;
  base_facts_->function = module_.imported_functions + defined_;
  base_facts_->code_offset = at_;
}

// T2: only `add rsp, F - 8` with `ret` behind it, or `jmp` (T14 without stack
// arguments). What a call pops is taken back by Expected, the frame by
// Prologue.
Reason FunctionPass::SetStackPointer(const Instruction& in) {
  VERIFY(in.op == Op::kAddImm && in.width == 8 && in.imm == frame_ - 8,
         kStackPointer);
  expect_ = Expect::kReturn;
  return Reason::kNone;
}

Reason FunctionPass::Return(const Instruction& in) {
  VERIFY(in.op == Op::kRet && moved_ == kNowhere &&
             (in.imm & 0xFFFF) == 8 * own_.argument_slots,
         kStackPointer);
  VERIFY(state_.Implies(own_.results_mask), kNotZeroExtended);
  expect_ = Expect::kAnything;
  reachable_ = false;
  return meter_ != nullptr ? meter_->Return() : Reason::kNone;
}

Reason FunctionPass::Trap() {
  VERIFY(site_ != nullptr, kNoTrapEntry);
  site_used_ = true;
  straight_ = false;
  // Out of line, what was paid is checked at each jump here.
  if (reachable_) {
    VERIFY(!IsCode(*site_, TrapCode::kStackOverflow) &&
               !IsCode(*site_, TrapCode::kOutOfGas),
           kTrapEntry);
    if (meter_ != nullptr) RETURN_IF_REFUSED(meter_->Trap(*site_));
  }
  reachable_ = false;
  return Reason::kNone;
}

// What was paid ahead for a way that is not taken.
Reason FunctionPass::GiveBackGas(const Instruction& in) {
  VERIFY(in.width == 8 && in.imm > 0, kGasTemplate);
  return meter_ != nullptr ? meter_->Pay(-in.imm) : Reason::kNone;
}

Reason FunctionPass::PayGas(const Instruction& in) {
  VERIFY(in.width == 8 && in.imm > 0, kGasTemplate);
  compared_.flags = Flags::kPaid;
  compared_.value = static_cast<uint64_t>(in.imm);
  if (meter_ == nullptr) return Reason::kNone;
  return meter_->Pay(in.imm);
}

}  // namespace ingot::verifier
