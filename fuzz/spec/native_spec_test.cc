#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/spec/suite.h"
#include "sandbox/native_compiler.h"

// The specification's scripts under native code of the native build: at the
// level INGOT_SPEC_LEVEL, or in slot mode when that build is linked.

namespace ingot::fuzz {
namespace {

using runtime::NativeProgram;
using runtime::Program;

absl::StatusOr<std::shared_ptr<const Program>> Load(std::vector<uint8_t> bytes,
                                                    const Profile& wanted,
                                                    Status* rejection) {
  Profile profile = wanted;
  profile.level = INGOT_SPEC_LEVEL;
  auto compiled = sandbox::CompileNatively(bytes, profile, Digest{});
  if (!compiled.ok()) return compiled.status();
  *rejection = compiled->verdict;
  if (!rejection->ok()) return std::shared_ptr<const Program>();
  auto program = NativeProgram::Load(compiled->artifact,
                                     {.file = compiled->artifact_digest,
                                      .module = Sha256(bytes),
                                      .compiler = Digest{},
                                      .profile = &profile});
  if (!program.ok()) return program.status();
  return std::shared_ptr<const Program>(*std::move(program));
}

TEST(NativeSpecTest, PassesEveryScript) {
  runtime::spec::RunSuite(
      {INGOT_SPEC_MODE, Load,
       [] { return std::make_unique<runtime::NativeStore>(); }});
}

}  // namespace
}  // namespace ingot::fuzz
