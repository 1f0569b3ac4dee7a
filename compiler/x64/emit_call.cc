#include "compiler/abi/calling_convention.h"
#include "compiler/x64/emitter.h"

// Calls of other functions and of the runtime: arguments go to their places all
// at once, control passes by the templates T8, T9 and T14 of DIALECT.md, and
// results are taken from theirs.

namespace ingot::compiler {

const wasm::FuncType& Emitter::TypeOfCall(InstId i) const {
  const Inst& inst = graph_.insts[i];
  const uint32_t imm = graph_.pool[inst.a];
  const uint32_t type =
      IsIndirect(inst.op)
          ? imm
          : arena_.Get(graph_.module->functions, imm);
  return arena_.Get(graph_.module->types, type);
}

// Moves all arguments to where the convention wants them; the index of an
// indirect call, their last, to r12.
void Emitter::PlaceArguments(InstId i, const wasm::FuncType* type) {
  const Inst& inst = graph_.insts[i];
  out_area_ = 0;
  abi::ArgumentCursor cursor;
  for (uint32_t k = 0; k < inst.b; ++k) {
    const uint32_t at = inst.a + 2 + k;
    uint32_t dst = kR12;
    if (!IsIndirect(inst.op) || k + 1 < inst.b) {
      const wasm::ValType val_type =
          type == nullptr
              ? wasm::ValType::kI64
              : arena_.Get(graph_.module->type_pool, type->pool_offset + k);
      const abi::ArgumentCursor::Place place = cursor.Next(val_type);
      dst = kSlotBase + num_slots_ + place.index;
      if (place.in_register) {
        dst =
            place.is_float ? 16 + place.index : abi::kIntArgument[place.index];
      }
    }
    AddParallel(dst, alloc_.pool_loc[at], graph_.pool[at]);
  }
  call_stack_arguments_ = cursor.slots;
  RunParallel();
}

// Right behind the call instruction: records the site, takes the popped
// arguments back, and restores the base if the callee may be elsewhere.
void Emitter::AfterCall(InstId i, uint32_t stack_arguments, bool reload_base) {
  AddTrap(as_.offset(), i, TrapCode::kCallSite, 0);
  if (stack_arguments != 0) {
    as_.Ri(x::kIdSub, Width::k64, kRsp, 8 * int64_t{stack_arguments});
  }
  if (reload_base) {
    as_.Rm(x::kIdMov, Width::k64, kBaseReg,
           Mem{kRsp, kNoReg, 0, static_cast<int32_t>(frame_ - 16)});
  }
}

void Emitter::Call(InstId i) {
  const Inst& inst = graph_.insts[i];
  if (inst.op == kBuiltin) {
    PlaceArguments(i, nullptr);
    as_.MovImm64(kScratch, graph_.pool[inst.a]);
    as_.CallMem(Base(abi::kVmctxBuiltinStub));
    AfterCall(i, 0, false);
    return;
  }
  PlaceArguments(i, &TypeOfCall(i));
  const uint32_t function = graph_.pool[inst.a];
  if (inst.op == kCallImport) {
    EnterImport(function);
    as_.CallMem(Mem{kR10, kNoReg, 0, layout_.Import(function)});
  } else {
    out_->relocs.Push(Reloc{as_.CallRel(), RelocKind::kFunction, function});
  }
  // A function of this module may end in a tail call to another instance.
  AfterCall(i, call_stack_arguments_,
            inst.op == kCallImport || graph_.module->leaves_by_tail_call);
}

// From now on the base is the callee's; r10 keeps this instance's.
void Emitter::EnterImport(uint32_t function) {
  as_.Rr(x::kIdMov, Width::k64, kR10, kBaseReg);
  as_.Rm(x::kIdMov, Width::k64, kBaseReg,
         Mem{kR10, kNoReg, 0, layout_.Import(function) + 8});
}

void Emitter::EnterLoaded() {
  as_.Rr(x::kIdMov, Width::k64, kR10, kBaseReg);
  as_.Rm(x::kIdMov, Width::k64, kBaseReg,
         Mem{kScratch, kNoReg, 0, abi::kFuncRefBase});
}

void Emitter::CallIndirect(InstId i) {
  PlaceArguments(i, &TypeOfCall(i));
  LoadCallee(i);
  EnterLoaded();
  as_.CallMem(Mem{kScratch, kNoReg, 0, abi::kFuncRefCode});
  AfterCall(i, call_stack_arguments_, true);
}

// The function reference of an indirect call into r11. Bound, null, type: in
// the order of the specification. r8-r13 hold no argument, so r10-r13 are free
// here.
void Emitter::LoadCallee(InstId i) {
  const Inst& inst = graph_.insts[i];
  constexpr uint8_t kR13 = 13;
  const uint32_t type = graph_.pool[inst.a];
  const uint32_t table = graph_.pool[inst.a + 1];
  Mem cell = Base(layout_.Table(table));
  if (table < graph_.module->imported_tables) {
    as_.Rm(x::kIdMov, Width::k64, kR10, cell);
    cell = Mem{kR10, kNoReg, 0, 0};
  }
  Mem size = cell;
  size.disp += abi::kTableSize;
  as_.Rm(x::kIdCmp, Width::k64, kR12, size);
  TrapIf(Cc::kAe, i, TrapCode::kUndefinedElement);
  as_.Rm(x::kIdMov, Width::k64, kScratch, cell);
  as_.Rm(x::kIdMov, Width::k64, kScratch, Mem{kScratch, kR12, 3, 0});
  as_.Rr(x::kIdTest, Width::k64, kScratch, kScratch);
  TrapIf(Cc::kE, i, TrapCode::kUninitializedElement);
  as_.Rm(x::kIdMov, Width::k64, kR13, Base(abi::kVmctxTypeIds));
  as_.Rm(x::kIdMov, Width::k32, kR13,
         Mem{kR13, kNoReg, 0, static_cast<int32_t>(4 * type)});
  as_.Rm(x::kIdCmp, Width::k32, kR13,
         Mem{kScratch, kNoReg, 0, abi::kFuncRefTypeId});
  TrapIf(Cc::kNe, i, TrapCode::kIndirectCallMismatch);
}

// The frame is left for good. What can trap comes first, since a backtrace
// reads the return address where it stands.
void Emitter::TailCall(InstId i) {
  const Inst& inst = graph_.insts[i];
  PlaceArguments(i, &TypeOfCall(i));
  const uint32_t function = graph_.pool[inst.a];
  if (inst.op == kTailCallIndirect) LoadCallee(i);
  const uint32_t own = OwnStackArguments();
  const uint32_t callees = call_stack_arguments_;
  if (own + callees != 0) MoveToCallers(callees);
  if (inst.op == kTailCallIndirect) EnterLoaded();
  if (inst.op == kTailCallImport) EnterImport(function);
  as_.Ri(x::kIdAdd, Width::k64, kRsp,
         int64_t{frame_} - 8 + 8 * (int64_t{own} - callees));
  if (inst.op == kTailCallIndirect) {
    as_.JumpMem(Mem{kScratch, kNoReg, 0, abi::kFuncRefCode});
  } else if (inst.op == kTailCallImport) {
    as_.JumpMem(Mem{kR10, kNoReg, 0, layout_.Import(function)});
  } else {
    out_->relocs.Push(Reloc{as_.Jmp(), RelocKind::kFunction, function});
  }
}

// Moves stack arguments from the outgoing area, and the return address, to
// where the callee of a tail call finds them: so that its stack results stand
// where this function's would. r8 and r9 hold no argument.
void Emitter::MoveToCallers(uint32_t stack_arguments) {
  constexpr uint8_t kR8 = 8, kR9 = 9;
  const auto at = [](int64_t disp) {
    return Mem{kRsp, kNoReg, 0, static_cast<int32_t>(disp)};
  };
  const int64_t arguments =
      int64_t{frame_} +
      8 * (int64_t{OwnStackArguments()} - int64_t{stack_arguments});
  as_.Rm(x::kIdMov, Width::k64, kR8, at(int64_t{frame_} - 8));
  for (uint32_t k = 0; k < stack_arguments; ++k) {
    as_.Rm(x::kIdMov, Width::k64, kR9, at(8 * int64_t{k}));
    as_.Mr(x::kIdMov, Width::k64, at(arguments + 8 * int64_t{k}), kR9);
  }
  as_.Mr(x::kIdMov, Width::k64, at(arguments - 8), kR8);
}

// A parameter or result that the convention leaves on the stack.
void Emitter::StackValue(InstId i) {
  const Inst& inst = graph_.insts[i];
  if ((inst.c & kOnStack) == 0) {
    // The convention vouches for the upper half of an i32.
    if (inst.type == Type::kI32) {
      as_.SetZeroUpper(as_.zero_upper() | 1u << inst.c);
    }
    return;
  }
  const uint32_t slot = inst.c & ~kOnStack;
  const uint32_t bytes = inst.op == kParam
                             ? frame_ + 8 * slot
                             : 8 * (call_stack_arguments_ + slot);
  LoadFrame(inst.type, alloc_.insts[i].dst,
            Mem{kRsp, kNoReg, 0, static_cast<int32_t>(bytes)});
}

}  // namespace ingot::compiler
