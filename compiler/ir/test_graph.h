#ifndef COMPILER_IR_TEST_GRAPH_H_
#define COMPILER_IR_TEST_GRAPH_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "compiler/ir/builder.h"
#include "compiler/wasm/module_builder.h"
#include "compiler/wasm/test_module.h"

// A graph for tests: a function of a one-function module goes in, its graph in
// the module's arena comes out, optimised for x86-64-v3 if asked. Memory 0 has a
// page; the function may call itself.

namespace ingot::compiler {

inline std::vector<uint8_t> OneFunction(
    const std::vector<wasm::ValType>& params,
    const std::vector<wasm::ValType>& results,
    const std::vector<wasm::LocalRun>& locals, const wasm::ByteWriter& code) {
  wasm::ModuleBuilder builder;
  const uint32_t type = builder.AddType(params, results);
  builder.AddMemory({1, 1, true});
  builder.AddFunction(type, locals, code.bytes());
  return builder.Build();
}

class TestGraph {
 public:
  explicit TestGraph(const std::vector<uint8_t>& bytes,
                     BuildMode mode = BuildMode::kSsa, bool optimised = false)
      : module_(bytes) {
    if (!module_.status().ok()) return;
    const wasm::Body& body = module_.body(0);
    ValueNumbering numbering;
    if (!PrepareLocals(module_.arena(), body.locals, &locals_) ||
        !numbering.Allocate(module_.arena())) {
      return;
    }
    result_ = BuildGraph(module_.arena(), module_.bytes(), module_.module(),
                         body, kGasScheduleV1, mode, &locals_,
                         optimised ? &numbering : nullptr, optimised, &graph_);
  }

  bool valid() const { return module_.status().ok(); }
  BuildResult result() const { return result_; }
  Graph& graph() { return graph_; }
  Arena& arena() { return module_.arena(); }
  const wasm::Module& module() const { return module_.module(); }
  const wasm::Body& body() const { return module_.body(0); }

  // The sum of all prices in the graph.
  uint64_t Paid() const {
    uint64_t sum = 0;
    for (InstId i = 0; i < graph_.num_insts; ++i) {
      if (graph_.insts[i].op == kGas) sum += graph_.insts[i].a;
    }
    return sum;
  }
  uint32_t Count(IrOp op) const {
    uint32_t count = 0;
    for (InstId i = 0; i < graph_.num_insts; ++i) {
      if (graph_.insts[i].op == op) ++count;
    }
    return count;
  }

 private:
  wasm::TestModule module_;
  LocalsScratch locals_;
  Graph graph_;
  BuildResult result_ = BuildResult::kOutOfMemory;
};

}  // namespace ingot::compiler

#endif  // COMPILER_IR_TEST_GRAPH_H_
