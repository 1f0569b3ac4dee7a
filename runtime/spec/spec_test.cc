#include "gtest/gtest.h"
#include "runtime/spec/suite.h"

// The specification's scripts under the interpreter. The other modes are those
// of //fuzz/spec.

namespace ingot::runtime::spec {
namespace {

TEST(SpecTest, InterpreterPassesEveryScript) { RunSuite(InterpreterEngine()); }

}  // namespace
}  // namespace ingot::runtime::spec
