#include "compiler/ir/printer.h"

#include <string>

// One function per sort of line; values are named by their instruction.

namespace ingot::compiler {

using wasm::Op;

namespace {

const char* TypeName(Type type) {
  switch (type) {
    case Type::kI32: return "i32";
    case Type::kI64: return "i64";
    case Type::kF32: return "f32";
    case Type::kF64: return "f64";
    case Type::kNone: break;
  }
  return "none";
}

const char* OwnName(IrOp op) {
  switch (op) {
    case kConst: return "const";
    case kParam: return "param";
    case kPhi: return "phi";
    case kResult: return "result";
    case kCall: return "call";
    case kCallImport: return "call_import";
    case kCallIndirect: return "call_indirect";
    case kBuiltin: return "builtin";
    case kGlobalGet: return "global.get";
    case kGlobalSet: return "global.set";
    case kMemorySize: return "memory.size";
    case kTestZero: return "test_zero";
    case kTestNonzero: return "test_nonzero";
    case kAndNot: return "and_not";
    case kByteSwap: return "byte_swap";
    case kAddImmediate: return "add_immediate";
    case kAddScaled: return "add_scaled";
    case kRefFunc: return "ref.func";
    case kLoadSlot: return "load_slot";
    case kStoreSlot: return "store_slot";
    case kGas: return "gas";
    case kJump: return "jump";
    case kBranch: return "branch";
    case kBrTable: return "br_table";
    case kReturn: return "return";
    case kTrap: return "trap";
    case kTailCall: return "return_call";
    case kTailCallImport: return "return_call_import";
    case kTailCallIndirect: return "return_call_indirect";
    default: return "?";
  }
}

class Printer {
 public:
  explicit Printer(Graph& graph) : graph_(graph) {}

  std::string Run() {
    for (BlockId b = 0; b < graph_.num_blocks; ++b) {
      const Block& block = graph_.blocks[b];
      out_ += "b" + std::to_string(b) + ":";
      if (block.is_loop_header) out_ += "  loop header";
      out_ += "\n";
      for (InstId i = block.first; i < block.end; ++i) Line(b, i);
    }
    return out_;
  }

 private:
  void Value(InstId value) { out_ += " v" + std::to_string(value); }
  void Number(uint64_t number) { out_ += " " + std::to_string(number); }
  void Target(EdgeId edge) {
    out_ += " b" + std::to_string(graph_.edges[edge].to);
  }

  void Line(BlockId b, InstId i) {
    Inst& inst = graph_.insts[i];
    out_ += "  ";
    if (inst.type != Type::kNone) {
      out_ += "v" + std::to_string(i) + " = ";
    }
    out_ += inst.op < kIrFirst ? wasm::OpText(static_cast<Op>(inst.op))
                               : OwnName(inst.op);
    if (inst.op >= kIrFirst && inst.type != Type::kNone) {
      out_ += std::string(" ") + TypeName(inst.type);
    }
    ForEachOperand(graph_, inst, [&](uint32_t& value) { Value(value); });
    Immediates(b, i, inst);
    out_ += "\n";
  }

  void Immediates(BlockId b, InstId i, const Inst& inst) {
    switch (inst.op) {
      case kConst: Number(uint64_t{inst.b} << 32 | inst.a); return;
      case kParam: Number(inst.a); return;
      case kResult:
        Value(inst.a);
        Number(inst.b);
        return;
      case kPhi: return PhiArguments(b, i);
      case kCall: case kCallImport: case kCallIndirect: case kBuiltin:
      case kTailCall: case kTailCallImport: case kTailCallIndirect:
        out_ += " #" + std::to_string(graph_.pool[inst.a]);
        return;
      case kGlobalGet: case kGlobalSet: case kRefFunc:
      case kLoadSlot: case kStoreSlot: case kTrap:
        out_ += " #" + std::to_string(inst.c);
        return;
      case kGas:
        Number(inst.a);
        if ((inst.flags & kFlagCheck) != 0) out_ += " check";
        return;
      case kJump: return Target(inst.a);
      case kBranch:
        Target(inst.b);
        Target(inst.c);
        return;
      case kBrTable: {
        const uint32_t distinct = graph_.pool[inst.b];
        for (uint32_t k = 0; k < inst.c; ++k) {
          Target(graph_.pool[inst.b + 1 +
                             graph_.pool[inst.b + 1 + distinct + k]]);
        }
        return;
      }
      default:
        if (inst.op < kIrFirst &&
            wasm::InfoOf(static_cast<Op>(inst.op)).immediate ==
                wasm::ImmediateKind::kMemArg) {
          out_ += " +" + std::to_string(inst.c);
        }
        return;
    }
  }

  // Edges in the order of their making.
  void PhiArguments(BlockId b, InstId phi) {
    out_ += " [";
    bool first = true;
    for (EdgeId e = 0; e < graph_.num_edges; ++e) {
      const Edge& edge = graph_.edges[e];
      if (edge.to != b) continue;
      if (!first) out_ += ",";
      first = false;
      out_ += (out_.back() == '[' ? "b" : " b") + std::to_string(edge.from) +
              ":";
      Value(graph_.pool[edge.args + graph_.insts[phi].a]);
    }
    out_ += "]";
  }

  Graph& graph_;
  std::string out_;
};

}  // namespace

std::string PrintGraph(Graph& graph) { return Printer(graph).Run(); }

}  // namespace ingot::compiler
