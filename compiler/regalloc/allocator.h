#ifndef COMPILER_REGALLOC_ALLOCATOR_H_
#define COMPILER_REGALLOC_ALLOCATOR_H_

#include <bit>
#include <cstdint>

#include "compiler/regalloc/allocation.h"

// The allocator's state, shared by its two halves: allocator.cc keeps registers
// and block boundaries, constraints.cc knows what each instruction wants.

namespace ingot::compiler {

class Allocator {
 public:
  Allocator(Arena& arena, Graph& graph, Liveness& liveness, Allocation* out)
      : arena_(arena), graph_(graph), live_(liveness), out_(*out) {}

  AllocateResult Run(uint32_t max_slots);

 private:
  // allocator.cc: blocks.
  void EnterBlock(BlockId b);
  void LoadState(BlockId from, uint32_t pos);
  void DropDead(uint32_t pos);
  void MergeState(BlockId b, EdgeId base);
  bool ExitHas(BlockId from, InstId value, uint8_t reg, bool* in_reg) const;
  void PlacePhis(BlockId b, EdgeId base);
  void LeaveBlock(BlockId b);
  void RecordState(uint32_t* at, uint32_t* count);
  void RecordEdgeArgs(InstId last);
  AllocateResult AssignSlots(uint32_t max_slots);

  // allocator.cc: registers.
  uint8_t RegOf(InstId value) const;
  uint32_t NextUse(InstId value, uint32_t after);
  bool DiesAt(InstId value, uint32_t pos) const {
    return live_.values[value].end <= pos;
  }
  void Occupy(uint8_t reg, InstId value, uint32_t start);
  void Release(uint8_t reg);
  void EndSegment(uint8_t reg, uint32_t pos);
  void Evict(uint8_t reg, uint32_t pos);
  void Relocate(uint8_t reg, uint8_t to, uint32_t pos);
  void Vacate(uint8_t reg, uint32_t pos);
  uint8_t Preference(InstId value, uint32_t candidates) const;
  uint8_t TakeRegister(bool is_float, InstId value, uint32_t pos);
  uint8_t FreeRegister(uint32_t mask) const;
  void AddMove(uint32_t pos, InstId value, uint8_t dst, uint8_t src);
  void Lock(uint8_t reg) { locked_ |= 1u << reg; }
  bool IsConst(InstId value) const { return graph_.insts[value].op == kConst; }
  bool IsFused(InstId value) const {
    return (graph_.insts[value].flags & kFlagFused) != 0;
  }

  // allocator.cc: operands and results of the instruction at `pos`.
  uint8_t UseInRegister(InstId value, uint32_t pos);
  uint8_t UseAnywhere(InstId value, uint32_t pos);
  InstId UseFolded(InstId load, uint32_t pos, uint8_t* where);
  uint8_t LocationOf(InstId value, uint32_t pos);
  void FreeOperand(InstId value, uint32_t pos);
  void Define(InstId inst, uint8_t reg);
  uint8_t DefineAny(InstId inst);

  // constraints.cc
  void AllocateInst(InstId i);
  void Numeric(InstId i, const Inst& inst);
  void TwoAddress(InstId i, InstId a, InstId b, bool commutative,
                  bool memory_ok, bool imm_ok);
  void ThreeOperand(InstId i, InstId a, InstId b, bool memory_ok);
  void Unary(InstId i, InstId a, bool early_result);
  void InPlace(InstId i, InstId a);
  void Shift(InstId i, InstId a, InstId count);
  void Divide(InstId i, InstId a, InstId b, bool remainder);
  void CompareOperands(InstId i, uint32_t pos);
  void FreeCompared(InstId i, uint32_t pos);
  void Compare(InstId i);
  void Select(InstId i);
  void Condition(InstId cond, uint32_t pos, uint8_t* where);
  void Load(InstId i);
  void Store(InstId i);
  void Arguments(InstId i);
  void CallLike(InstId i);
  void Result(InstId i);
  bool FitsImmediate(InstId value) const {
    return compiler::FitsImmediate(graph_.insts[value]);
  }

  Arena& arena_;
  Graph& graph_;
  Liveness& live_;
  Allocation& out_;
  InstId reg_value_[32] = {};    // kNoId: free
  uint32_t reg_last_use_[32] = {};
  uint32_t used_ = 0;            // mask of occupied registers
  uint32_t locked_ = 0;          // registers of the current instruction
  BlockId block_ = 0;
  uint32_t* open_ = nullptr;     // starts of the open loops, outermost first
  uint32_t* open_ends_ = nullptr;
  uint32_t num_open_ = 0;
};

}  // namespace ingot::compiler

#endif  // COMPILER_REGALLOC_ALLOCATOR_H_
