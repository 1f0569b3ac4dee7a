#ifndef RUNTIME_NATIVE_TEST_ARTIFACT_H_
#define RUNTIME_NATIVE_TEST_ARTIFACT_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/native/native_program.h"

// An artifact made by hand for the executor's tests: a module whose functions
// are those of test_code.S, each exported by its name, with two imported
// functions, a table of six elements (add, trap, trap, then null), a memory of
// one page that may grow to four, a mutable i32 global of 41, and a data
// segment "ingot".

namespace ingot::runtime {

struct TestArtifactOptions {
  uint32_t data_offset = 16;
  // Function index of a start function; none.
  uint32_t start = 0xFFFFFFFF;
  // Whether the artifact says where its sections began: 1000 bytes later.
  bool with_offsets = false;
};

std::vector<uint8_t> MakeTestArtifact(const TestArtifactOptions& options = {});

// The loader without the verifier: the functions are written by hand to reach
// what compiled code cannot.
class UnverifiedProgram {
 public:
  static absl::StatusOr<std::shared_ptr<const NativeProgram>> Load(
      std::span<const uint8_t> artifact, const ExpectedArtifact& expected) {
    return NativeProgram::LoadSealed(artifact, expected, false);
  }
};

// Indices in the module; imports first.
enum TestFunction : uint32_t {
  kTestHost, kTestHostMany, kTestAdd, kTestEcho, kTestCallHost,
  kTestCallHostMany, kTestGrow, kTestFill, kTestLoad, kTestStore, kTestTrap,
  kTestCallTrap, kTestRecurse, kTestLoop, kTestForeign, kTestFloats,
  kTestCount, kTestIndirect, kTestForge, kTestBuiltin,
  kTestCallLoop,
};

// Where the functions and their sites stand in a module that never was: body i
// at 1000 + 100 i, its trap or call 50 bytes on.
constexpr uint32_t TestBodyOffset(uint32_t function) {
  return 1000 + 100 * function;
}
constexpr uint32_t TestSiteOffset(uint32_t function) {
  return TestBodyOffset(function) + 50;
}

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_TEST_ARTIFACT_H_
