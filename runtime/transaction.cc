#include "runtime/transaction.h"

#include "runtime/platform/wasm_stack.h"

// Here because the header knows the native stack only by name.

namespace ingot::runtime {

Transaction::Transaction(const Budget& budget) : budget_(budget) {}

Transaction::~Transaction() = default;

}  // namespace ingot::runtime
