// Planted: a function of the compiler's namespace in what stands for an
// executor, which symbol_rules_test must see.

namespace ingot::compiler {

int Planted() { return 0; }

}  // namespace ingot::compiler
