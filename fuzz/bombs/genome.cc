// Genes to instructions. Every gene leaves the operand stack as it found it;
// what it needs of control flow (a label, an `if` for an `else`) it looks up in
// the list of open blocks and does without if there is none.

#include "fuzz/bombs/genome.h"

#include <algorithm>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"

namespace ingot::fuzz {

using wasm::ByteWriter;
using wasm::ExternKind;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::ValType;

namespace {

enum class Kind : uint8_t {
  kAdd, kMultiply, kRemainder, kShift, kCompare, kSelect, kTee,
  kLoad, kStore, kGlobal, kFill, kGrow,
  kFloat, kSquareRoot, kTruncate, kConvert, kConstant,
  kBlock, kLoop, kIf, kElse, kEnd, kBranch, kBranchIf, kTable, kReturn,
  kCall, kCallIndirect, kPush, kDrop, kNop, kNewFunction,
  kCount,
};
constexpr uint32_t kKinds = static_cast<uint32_t>(Kind::kCount);

// Locals: a parameter [i32], one i64, one f64, then the i32 ones.
constexpr uint32_t kI32Param = 0;
constexpr uint32_t kI64 = 1;
constexpr uint32_t kF64 = 2;
constexpr uint32_t kFirstLocal = 3;
constexpr uint32_t kMostPushed = 10'000;
constexpr uint32_t kMostGenes = 24;

// The type of all functions, and a leaf that calls go to.
constexpr uint32_t kType = 0;
constexpr uint32_t kLeaf = 0;

class Writer {
 public:
  explicit Writer(const Genome& genome)
      : locals_(1u << std::min<uint32_t>(genome.locals_log2, 15)) {
    builder_.AddType({ValType::kI32}, {});
    builder_.AddTable({ValType::kFuncRef, {4, 0, false}});
    builder_.AddMemory({1, 0, false});
    builder_.AddGlobal({ValType::kI32, true},
                       ByteWriter().I32Const(0).Inst(Op::kEnd).bytes());
    builder_.AddFunction(kType, {}, ByteWriter().Inst(Op::kEnd).bytes());
  }

  void Add(const Gene& gene) {
    const Kind kind = static_cast<Kind>(gene.kind % kKinds);
    if (kind == Kind::kNewFunction) {
      EndFunction();
    } else if (kind >= Kind::kBlock && kind <= Kind::kReturn) {
      Control(kind, gene);
    } else {
      Plain(kind, gene);
    }
  }

  std::vector<uint8_t> Take() {
    EndFunction();
    return builder_.Build();
  }

 private:
  struct Open {
    bool may_else;
    uint32_t pushed;  // operands below it in its function
  };

  uint32_t Local(uint32_t number) const {
    // Neighbouring numbers and repetitions reach different locals.
    return kFirstLocal + (number * 17 + step_) % locals_;
  }
  uint32_t Floor() const { return open_.empty() ? 0 : open_.back().pushed; }

  void Plain(Kind kind, const Gene& gene) {
    const uint32_t a = Local(gene.a);
    const uint32_t b = Local(gene.b);
    switch (kind) {
      case Kind::kAdd:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kLocalGet, b);
        code_.Inst(Op::kI32Add).Inst(Op::kLocalSet, a);
        break;
      case Kind::kMultiply:
        code_.Inst(Op::kLocalGet, kI64).I64Const(gene.a * 99991);
        code_.Inst(Op::kI64Mul).Inst(Op::kLocalSet, kI64);
        break;
      case Kind::kRemainder:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kLocalGet, b);
        code_.Inst(gene.a % 2 == 0 ? Op::kI32RemS : Op::kI32DivU);
        code_.Inst(Op::kLocalSet, a);
        break;
      case Kind::kShift:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kLocalGet, b);
        code_.Inst(Op::kI32Shl).Inst(Op::kLocalSet, a);
        break;
      case Kind::kCompare:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kLocalGet, b);
        code_.Inst(Op::kI32LtS).Inst(Op::kLocalSet, a);
        break;
      case Kind::kSelect:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kLocalGet, b);
        code_.Inst(Op::kLocalGet, kI32Param).Inst(Op::kSelect);
        code_.Inst(Op::kLocalSet, a);
        break;
      case Kind::kTee:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kLocalTee, b);
        code_.Inst(Op::kLocalSet, kI32Param);
        break;
      case Kind::kLoad:
        code_.Inst(Op::kLocalGet, a).Opcode(Op::kI32Load).U32(0);
        code_.U32(gene.b).Inst(Op::kLocalSet, b);
        break;
      case Kind::kStore:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kLocalGet, b);
        code_.Opcode(Op::kI32Store).U32(0).U32(gene.b);
        break;
      case Kind::kGlobal:
        code_.Inst(Op::kGlobalGet, 0).Inst(Op::kLocalGet, a);
        code_.Inst(Op::kI32Xor).Inst(Op::kGlobalSet, 0);
        break;
      case Kind::kFill:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kLocalGet, b).I32Const(gene.b);
        code_.Inst(Op::kMemoryFill, 0);
        break;
      case Kind::kGrow:
        code_.I32Const(0).Inst(Op::kMemoryGrow, 0).Inst(Op::kLocalSet, a);
        break;
      case Kind::kFloat:
        code_.Inst(Op::kLocalGet, kF64).Inst(Op::kLocalGet, kF64);
        code_.Inst(gene.a % 2 == 0 ? Op::kF64Mul : Op::kF64Min);
        code_.Inst(Op::kLocalSet, kF64);
        break;
      case Kind::kSquareRoot:
        code_.Inst(Op::kLocalGet, kF64).Inst(Op::kF64Sqrt);
        code_.Inst(Op::kLocalSet, kF64);
        break;
      case Kind::kTruncate:
        code_.Inst(Op::kLocalGet, kF64);
        code_.Inst(gene.a % 2 == 0 ? Op::kI64TruncF64U : Op::kI64TruncF64S);
        code_.Inst(Op::kLocalSet, kI64);
        break;
      case Kind::kConvert:
        code_.Inst(Op::kLocalGet, kI64);
        code_.Inst(gene.a % 2 == 0 ? Op::kF64ConvertI64U
                                   : Op::kF64ConvertI64S);
        code_.Inst(Op::kLocalSet, kF64);
        break;
      case Kind::kConstant:
        code_.I32Const(gene.a * 1000 + gene.b).Inst(Op::kLocalSet, a);
        break;
      case Kind::kCall:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kCall, kLeaf);
        break;
      case Kind::kCallIndirect:
        code_.Inst(Op::kLocalGet, a).Inst(Op::kLocalGet, b);
        code_.Inst(Op::kCallIndirect, kType, 0);
        break;
      case Kind::kPush:
        for (uint32_t i = 0; i <= gene.a % 16 && pushed_ < kMostPushed; ++i) {
          code_.Inst(Op::kLocalGet, a);
          ++pushed_;
        }
        break;
      case Kind::kDrop:
        for (uint32_t i = 0; i <= gene.a % 16 && pushed_ > Floor(); ++i) {
          code_.Inst(Op::kDrop);
          --pushed_;
        }
        break;
      default:
        code_.Inst(Op::kNop);
    }
    ++step_;
  }

  void Control(Kind kind, const Gene& gene) {
    const uint32_t label =
        open_.empty() ? 0
                      : (gene.a + gene.b * 256u) %
                            static_cast<uint32_t>(open_.size());
    switch (kind) {
      case Kind::kBlock:
      case Kind::kLoop:
        code_.Block(kind == Kind::kBlock ? Op::kBlock : Op::kLoop);
        open_.push_back({false, pushed_});
        break;
      case Kind::kIf:
        code_.Inst(Op::kLocalGet, Local(gene.a)).Block(Op::kIf);
        open_.push_back({true, pushed_});
        break;
      case Kind::kElse:
        if (open_.empty() || !open_.back().may_else) return;
        DropTo(open_.back().pushed);
        code_.Inst(Op::kElse);
        open_.back().may_else = false;
        break;
      case Kind::kEnd:
        if (!open_.empty()) Close();
        break;
      case Kind::kBranch:
        // What follows would be dead: a block of its own keeps the rest.
        if (open_.empty()) return;
        code_.Block(Op::kBlock).Inst(Op::kBr, label + 1).Inst(Op::kEnd);
        break;
      case Kind::kBranchIf:
        if (open_.empty()) return;
        code_.Inst(Op::kLocalGet, Local(gene.a)).Inst(Op::kBrIf, label);
        break;
      case Kind::kTable:
        code_.Block(Op::kBlock).Inst(Op::kLocalGet, Local(gene.a));
        code_.Inst(Op::kBrTable, gene.b);
        for (uint32_t i = 0; i <= gene.b; ++i) {
          code_.U32(i % (static_cast<uint32_t>(open_.size()) + 1));
        }
        code_.Inst(Op::kEnd);
        break;
      default:
        code_.Inst(Op::kLocalGet, Local(gene.a)).Block(Op::kIf);
        code_.Inst(Op::kReturn).Inst(Op::kEnd);
    }
  }

  void DropTo(uint32_t height) {
    for (; pushed_ > height; --pushed_) code_.Inst(Op::kDrop);
  }

  void Close() {
    DropTo(open_.back().pushed);
    code_.Inst(Op::kEnd);
    open_.pop_back();
  }

  void EndFunction() {
    while (!open_.empty()) Close();
    DropTo(0);
    const uint32_t function = builder_.AddFunction(
        kType,
        {{1, ValType::kI64}, {1, ValType::kF64}, {locals_, ValType::kI32}},
        code_.Inst(Op::kEnd).bytes());
    if (!exported_) builder_.AddExport("run", ExternKind::kFunc, function);
    exported_ = true;
    code_ = ByteWriter();
  }

  ModuleBuilder builder_;
  const uint32_t locals_;
  ByteWriter code_;
  std::vector<Open> open_;
  uint32_t pushed_ = 0;
  uint32_t step_ = 0;
  bool exported_ = false;
};

Gene RandomGene(Random* random) {
  return {static_cast<uint8_t>(random->Below(kKinds)),
          static_cast<uint8_t>(random->Below(256)),
          static_cast<uint8_t>(random->Below(256))};
}

}  // namespace

std::string TextOf(const Genome& genome) {
  std::string text = std::to_string(genome.locals_log2) + ":";
  const auto digits = [&text](uint8_t byte) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  };
  for (const Gene& gene : genome.genes) {
    digits(gene.kind);
    digits(gene.a);
    digits(gene.b);
  }
  return text;
}

std::optional<Genome> ParseGenome(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == 0 || colon > 2 || (text.size() - colon - 1) % 6 != 0) {
    return std::nullopt;
  }
  Genome genome{0, {}};
  for (const char digit : text.substr(0, colon)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    genome.locals_log2 =
        static_cast<uint8_t>(genome.locals_log2 * 10 + digit - '0');
  }
  std::vector<uint8_t> bytes;
  for (size_t i = colon + 1; i < text.size(); i += 2) {
    uint32_t byte = 0;
    for (const char digit : text.substr(i, 2)) {
      const size_t value = std::string_view("0123456789abcdef").find(digit);
      if (value == std::string_view::npos) return std::nullopt;
      byte = byte * 16 + static_cast<uint32_t>(value);
    }
    bytes.push_back(static_cast<uint8_t>(byte));
  }
  for (size_t i = 0; i < bytes.size(); i += 3) {
    genome.genes.push_back({bytes[i], bytes[i + 1], bytes[i + 2]});
  }
  return genome;
}

Genome RandomGenome(Random* random) {
  Genome genome;
  genome.locals_log2 = static_cast<uint8_t>(random->Below(12));
  const uint32_t genes = 1 + random->Below(8);
  for (uint32_t i = 0; i < genes; ++i) {
    genome.genes.push_back(RandomGene(random));
  }
  return genome;
}

Genome Mutate(const Genome& genome, Random* random) {
  Genome copy = genome;
  const uint32_t size = static_cast<uint32_t>(copy.genes.size());
  const uint32_t at = random->Below(size);
  switch (random->Below(5)) {
    case 0:
      copy.locals_log2 = static_cast<uint8_t>(random->Below(16));
      break;
    case 1:
      if (size < kMostGenes) {
        copy.genes.insert(copy.genes.begin() + at, RandomGene(random));
      }
      break;
    case 2:
      if (size > 1) copy.genes.erase(copy.genes.begin() + at);
      break;
    case 3:
      copy.genes[at] = RandomGene(random);
      break;
    default:
      copy.genes[at].a = static_cast<uint8_t>(random->Below(256));
      copy.genes[at].b = static_cast<uint8_t>(random->Below(256));
  }
  return copy;
}

Genome Cross(const Genome& left, const Genome& right, Random* random) {
  Genome child = left;
  const auto cut = [random](const Genome& of) {
    return random->Below(static_cast<uint32_t>(of.genes.size()) + 1);
  };
  child.genes.resize(cut(left));
  child.genes.insert(child.genes.end(), right.genes.begin() + cut(right),
                     right.genes.end());
  if (child.genes.empty()) child.genes = left.genes;
  if (child.genes.size() > kMostGenes) child.genes.resize(kMostGenes);
  return child;
}

std::vector<uint8_t> ModuleOf(const Genome& genome, uint32_t repetitions) {
  Writer writer(genome);
  for (uint32_t i = 0; i < repetitions; ++i) {
    for (const Gene& gene : genome.genes) writer.Add(gene);
  }
  return writer.Take();
}

std::vector<uint8_t> ModuleOfSize(const Genome& genome, uint32_t bytes) {
  constexpr uint32_t kSample = 64;
  const uint64_t few = ModuleOf(genome, kSample).size();
  const uint64_t many = ModuleOf(genome, 2 * kSample).size();
  const uint64_t each = many > few ? many - few : 1;
  // No genome asks for more repetitions than one byte each would.
  const uint64_t repetitions =
      std::min<uint64_t>(kSample * uint64_t{bytes} / each + 1, bytes);
  return ModuleOf(genome, static_cast<uint32_t>(repetitions));
}

}  // namespace ingot::fuzz
