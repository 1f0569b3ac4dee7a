#include "compiler/abi/calling_convention.h"
#include "compiler/x64/emitter.h"

// A function's first and last instructions: its frame, the stack check, home
// slots that start as zero, and the way out (DIALECT.md, T1, T2, T11).

namespace ingot::compiler {

// The convention vouches for the upper halves of i32 arguments.
uint32_t Emitter::EntryZeroUpper() const {
  const wasm::FuncType& type =
      arena_.Get(graph_.module->types,
                 arena_.Get(graph_.module->functions, graph_.body->function));
  uint32_t zero_upper = 0;
  abi::ArgumentCursor cursor;
  for (uint32_t i = 0; i < type.params; ++i) {
    const wasm::ValType param =
        arena_.Get(graph_.module->type_pool, type.pool_offset + i);
    const abi::ArgumentCursor::Place place = cursor.Next(param);
    if (place.in_register && param == wasm::ValType::kI32) {
      zero_upper |= 1u << abi::kIntArgument[place.index];
    }
  }
  return zero_upper;
}

// sub rsp; the stack check. An overflow is located at the call, whose return
// address stands above the frame.
void Emitter::Prologue() {
  as_.SetZeroUpper(EntryZeroUpper());
  as_.Ri(x::kIdSub, Width::k64, kRsp, frame_ - 8);
  as_.Rm(x::kIdCmp, Width::k64, kRsp, Base(abi::kVmctxStackLimit));
  trap_stubs_.Push(
      TrapStub{as_.Jcc(Cc::kB), 0, TrapCode::kStackOverflow, 0});
  if (graph_.needs_base) {
    as_.Mr(x::kIdMov, Width::k64,
           Mem{kRsp, kNoReg, 0, static_cast<int32_t>(frame_ - 16)}, kBaseReg);
  }
  if (graph_.slot_mode) ZeroSlots();
}

// Slot mode: declared locals start as zero in their home slots.
void Emitter::ZeroSlots() {
  const wasm::Body& body = *graph_.body;
  const uint32_t params =
      arena_.Get(graph_.module->types,
                 arena_.Get(graph_.module->functions, body.function))
          .params;
  const uint32_t count = body.locals - params;
  if (count == 0) return;
  constexpr uint32_t kUnrolled = 8;
  if (count <= kUnrolled) {
    for (uint32_t i = params; i < body.locals; ++i) {
      as_.Mi(x::kIdMov, Slot(i), 8, 0);
    }
    return;
  }
  // r11 counts down; parameters in registers must survive.
  as_.Ri(x::kIdMov, Width::k32, kScratch, count);
  const uint32_t loop = as_.offset();
  Certificate({as_.zero_upper(), kNowhere, 0, 0}, 0);
  Mem mem = Slot(params);
  mem.index = kScratch;
  mem.shift = 3;
  mem.disp -= 8;
  as_.Mi(x::kIdMov, mem, 8, 0);
  as_.Ri(x::kIdSub, Width::k32, kScratch, 1);
  as_.JccBack(Cc::kNe, loop);
}

uint32_t Emitter::OwnStackArguments() const {
  const wasm::FuncType& type =
      arena_.Get(graph_.module->types,
                 arena_.Get(graph_.module->functions, graph_.body->function));
  return abi::StackSlots(arena_.View(graph_.module->type_pool)
                             .subspan(type.pool_offset, type.params));
}

void Emitter::Epilogue() {
  as_.Ri(x::kIdAdd, Width::k64, kRsp, frame_ - 8);
  as_.RetPop(8 * OwnStackArguments());
}

}  // namespace ingot::compiler
