// See the header.

#include "chain_integration/store/test_verdicts.h"

#include <atomic>

#include "compiler/abi/profile.h"
#include "gtest/gtest.h"
#include "runtime/digest.h"
#include "sandbox/native_compiler.h"
#include "sandbox/test_modules.h"

namespace ingot::store {

std::vector<uint8_t> TestModule(uint32_t number) {
  return sandbox::SyntheticModule(1 + number, 3);
}

sandbox::Verdict AcceptedVerdict(uint32_t number, uint64_t gas) {
  const Profile profile;
  std::vector<uint8_t> profile_bytes(kProfileBytes);
  Encode(profile, profile_bytes);
  const std::vector<uint8_t> module = TestModule(number);
  sandbox::Verdict verdict;
  verdict.compile_gas = gas;
  verdict.module_digest = Sha256(module);
  verdict.compiler_digest = Sha256({});
  verdict.profile_digest = Sha256(profile_bytes);
  absl::StatusOr<sandbox::NativeResult> result = sandbox::CompileNatively(
      module, profile, verdict.compiler_digest);
  EXPECT_TRUE(result.ok() && result->verdict.ok());
  if (!result.ok()) return verdict;
  verdict.artifact = result->artifact;
  verdict.artifact_digest = result->artifact_digest;
  return verdict;
}

std::string TestFolder() {
  static std::atomic<int> number{0};
  return testing::TempDir() + "/" +
         testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
         std::to_string(number++);
}

}  // namespace ingot::store
