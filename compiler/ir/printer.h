#ifndef COMPILER_IR_PRINTER_H_
#define COMPILER_IR_PRINTER_H_

#include <string>

#include "compiler/ir/ir.h"

// The text form of a graph: a line per instruction, for golden tests and for
// people. Hosted; not part of compiler.wasm.
//
//   b1:  loop header
//     v6 = phi i32 [b0: v1, b1: v9]
//     gas 12 check
//     v9 = i32.add v6 v8
//     branch v9 b1 b2

namespace ingot::compiler {

std::string PrintGraph(Graph& graph);

}  // namespace ingot::compiler

#endif  // COMPILER_IR_PRINTER_H_
