#ifndef FUZZ_GENERATOR_BODY_H_
#define FUZZ_GENERATOR_BODY_H_

#include <cstdint>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "fuzz/generator/plan.h"

// One body of a generated module. An expression leaves values of known types,
// a statement leaves nothing, so that everything that is written is valid;
// values of unfinished expressions stay live below blocks, loops, calls and
// branches.

namespace ingot::fuzz {

struct GeneratedBody {
  std::vector<wasm::LocalRun> locals;
  std::vector<uint8_t> code;
};

class BodyGenerator {
 public:
  BodyGenerator(const PlannedModule& plan, uint32_t function, Random& random);

  GeneratedBody Generate();

 private:
  struct Label {
    Types types;  // what a branch to it carries
    bool is_loop;
    // Of a counted loop: its counter.
    uint32_t counter = ~0u;
  };

  // Of the body as a whole.
  void ChooseLocals();
  void TakeFuel();

  // Leave one value of a type.
  void Value(wasm::ValType type);
  void Leaf(wasm::ValType type);
  void Const(wasm::ValType type);
  void Operation(wasm::ValType type);
  void Apply(const wasm::OpInfo& info);
  void SafeOperand(wasm::Op op, wasm::ValType type);
  void Load(wasm::ValType type);
  void Address();
  void MemArg(wasm::Op op);
  void Select(wasm::ValType type);
  void Reference(wasm::ValType type);
  void Size();
  void Wide(wasm::ValType type);
  bool CallFor(wasm::ValType type);

  // Leave values of these types.
  void Values(const Types& types);
  void Block(const Types& results);
  void Loop(const Types& results);
  void IfElse(const Types& results);
  void Enter(wasm::Op op, const Types& params, const Types& results);
  void Call(uint32_t function);
  void CallIndirect(uint32_t type);
  // Takes values of these types away.
  void Consume(const Types& types);

  // Leave nothing.
  void Statements();
  void Statement();
  void SetLocal();
  void SetGlobal();
  void Store();
  void AnyCall();
  void BranchIf();
  void Branch();
  void BranchTable();
  void Continue();
  void ContinueTable(uint32_t depth, uint32_t counter);
  void CountDown(uint32_t counter);
  void Rotate();
  void Return();
  void Trap();
  void Bulk();
  void TableStatement();
  uint32_t OtherTable(uint32_t table);
  void DeadCode();

  uint32_t Local(wasm::ValType type);
  int FindGlobal(wasm::ValType type, bool is_mutable);
  uint32_t TypeIndex(const Types& params, const Types& results);
  // A label that is not a loop, by its depth.
  uint32_t ForwardLabel();
  wasm::ValType NumberType();
  Types SomeTypes(uint32_t largest);
  bool Pay(uint32_t size);

  const PlannedModule& plan_;
  const PlannedType& type_;
  Random& random_;
  wasm::ByteWriter out_;
  Types locals_;
  std::vector<wasm::LocalRun> runs_;
  // Locals that count rounds of loops, never written otherwise.
  std::vector<uint32_t> counters_;
  // The first of what stands behind all others: the counters, and an f32 and
  // an f64 for NaNs.
  uint32_t reserved_ = 0;
  std::vector<Label> labels_;
  uint32_t nesting_ = 0;
  uint32_t loops_ = 0;  // that are open
  int budget_ = 0;
};

}  // namespace ingot::fuzz

#endif  // FUZZ_GENERATOR_BODY_H_
