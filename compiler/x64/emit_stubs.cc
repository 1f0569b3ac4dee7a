#include "compiler/x64/emitter.h"

// Code that stands behind all blocks, and the trap table: the ways out of
// unrolled loops, NaN repairs (T12), moves on edges, second tests of gas (T13),
// and trap stubs (T4). In: what the blocks left to be done. Out: their jumps
// lead there.

namespace ingot::compiler {

void Emitter::EmitLate() {
  for (uint32_t i = 0; i < late_.size(); ++i) {
    segment_ = late_[i].segment;
    EmitBlock(late_[i].block);
  }
}

void Emitter::Stubs() {
  for (uint32_t i = 0; i < nan_stubs_.size(); ++i) {
    const NanStub stub = nan_stubs_[i];
    as_.Patch32(stub.at, as_.offset());
    Certificate(stub.situation,
                abi::kCertificatePaid | abi::kCertificateRepair);
    if (stub.type == Type::kF32) {
      as_.MovImm64(kScratch, 0x7FC00000u);
      as_.Xr(x::kIdMovd, Width::k32, stub.reg, kScratch);
    } else {
      as_.MovImm64(kScratch, 0x7FF8000000000000u);
      as_.Xr(x::kIdMovq, Width::k64, stub.reg, kScratch);
    }
    as_.JmpBack(stub.back);
  }
  for (uint32_t i = 0; i < edge_stubs_.size(); ++i) {
    const EdgeStub stub = edge_stubs_[i];
    as_.Patch32(stub.at, as_.offset());
    Certificate(stub.situation, abi::kCertificatePaid);
    EdgeMoves(stub.edge);
    as_.JmpBack(block_at_[TargetOf(stub.edge)]);
  }
  for (uint32_t i = 0; i < gas_stubs_.size(); ++i) {
    const GasStub stub = gas_stubs_[i];
    as_.Patch32(stub.at, as_.offset());
    Certificate(stub.situation,
                abi::kCertificatePaid | abi::kCertificateRepair);
    as_.Ri(x::kIdCmp, Width::k64, kGasReg, -int64_t{stub.price});
    gas_jumps_.Push(as_.Jcc(Cc::kL));
    as_.JmpBack(stub.back);
  }
  for (uint32_t i = 0; i < trap_stubs_.size(); ++i) {
    const TrapStub stub = trap_stubs_[i];
    as_.Patch32(stub.at, as_.offset());
    if (stub.also != kNoId) as_.Patch32(stub.also, as_.offset());
    AddTrap(as_.offset(), stub.inst, stub.code, stub.correction);
    as_.Ud2();
  }
  if (gas_jumps_.size() != 0) {
    for (uint32_t i = 0; i < gas_jumps_.size(); ++i) {
      as_.Patch32(gas_jumps_[i], as_.offset());
    }
    AddTrap(as_.offset(), 0, TrapCode::kOutOfGas, 0);
    as_.Ud2();
  }
}

// The gas that a trap at `inst` owes and has not paid: never positive here,
// since a segment is paid at its start.
int32_t Emitter::Correction(InstId inst) const {
  return static_cast<int32_t>(graph_.insts[inst].gas - segment_paid_);
}

void Emitter::TrapIf(Cc cc, InstId inst, TrapCode code) {
  trap_stubs_.Push(TrapStub{as_.Jcc(cc), inst, code, Correction(inst)});
}

void Emitter::TrapLikeLast(Cc cc) {
  const uint32_t at = as_.Jcc(cc);
  if (!trap_stubs_.failed()) trap_stubs_[trap_stubs_.size() - 1].also = at;
}

void Emitter::TrapHere(InstId inst, TrapCode code) {
  AddTrap(as_.offset(), inst, code, Correction(inst));
  as_.Ud2();
}

void Emitter::AddTrap(uint32_t at, InstId inst, TrapCode code,
                      int32_t correction) {
  out_->traps.Push(abi::TrapEntry{at, graph_.insts[inst].pos,
                                  graph_.body->function, correction,
                                  static_cast<uint32_t>(code)});
}

}  // namespace ingot::compiler
