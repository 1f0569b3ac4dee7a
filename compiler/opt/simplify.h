#ifndef COMPILER_OPT_SIMPLIFY_H_
#define COMPILER_OPT_SIMPLIFY_H_

#include <cstdint>

#include "compiler/ir/ir.h"

// One pure instruction in, a simpler one of the same value out: constants
// folded, identities used, comparisons inverted, constants moved to the right.
// Each rule looks at the operands' instructions and no deeper, and is applied a
// fixed number of times: constant work for an instruction.
//
// Floats are not folded: only their bits' copies are seen through.

namespace ingot::compiler {

struct Pure {
  IrOp op = 0;       // kConst: the value's bits are a and b
  Type type = Type::kNone;
  uint32_t a = kNoId;
  uint32_t b = kNoId;
  uint32_t c = 0;    // select: condition
};

// What `pure` became: an existing value, or an instruction to emit. A constant
// operand that a rule needs is emitted by `constant`.
struct Simplified {
  InstId value = kNoId;  // if not kNoId, the result; else `pure`
  Pure pure;
};

// Makes constants on demand.
class ConstantMaker {
 public:
  virtual InstId Constant(Type type, uint64_t bits) = 0;

 protected:
  ~ConstantMaker() = default;
};

// `v3`: the target has kAndNot.
Simplified Simplify(const Inst* insts, Pure pure, bool v3,
                    ConstantMaker& constants);

// For a branch or select: an instruction that is nonzero exactly if the value
// `condition` is; or that value, or one that it was made from.
Simplified SimplifyCondition(const Inst* insts, InstId condition);

}  // namespace ingot::compiler

#endif  // COMPILER_OPT_SIMPLIFY_H_
