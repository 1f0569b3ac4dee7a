// Each kernel compiles, returns, and uses gas by its argument.

#include "bench/gas/kernels.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "sandbox/native_compiler.h"

namespace ingot::bench {
namespace {

TEST(GasKernelsTest, AreValidAndHaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const GasKernel& kernel : GasKernels()) {
    EXPECT_TRUE(names.insert(kernel.name).second) << kernel.name;
    const auto compiled =
        sandbox::CompileNatively(kernel.module, Profile{}, Digest{});
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    EXPECT_TRUE(compiled->verdict.ok())
        << kernel.name << ": " << static_cast<int>(compiled->verdict.code);
  }
  EXPECT_GE(names.size(), 60u);
}

}  // namespace
}  // namespace ingot::bench
