#include "runtime/program.h"

#include <memory>
#include <utility>

#include "gtest/gtest.h"

// Programs from module bytes: a verdict for bad ones, memory as needed.

namespace ingot::runtime {
namespace {

std::vector<uint8_t> Header() { return {0, 'a', 's', 'm', 1, 0, 0, 0}; }

std::shared_ptr<const Program> Load(std::vector<uint8_t> bytes,
                                    const Profile& profile,
                                    Status* rejection) {
  auto program = Program::FromModule(std::move(bytes), profile, rejection);
  EXPECT_TRUE(program.ok()) << program.status();
  return *program;
}

TEST(ProgramTest, EmptyModuleIsAProgram) {
  Status rejection;
  const auto program = Load(Header(), Profile(), &rejection);
  ASSERT_NE(program, nullptr);
  EXPECT_TRUE(rejection.ok());
  EXPECT_EQ(program->module().functions.size, 0u);
  EXPECT_EQ(program->bytes().size(), 8u);
}

TEST(ProgramTest, BadModuleIsARejectionAndNoFault) {
  Status rejection;
  EXPECT_EQ(Load({}, Profile(), &rejection), nullptr);
  EXPECT_FALSE(rejection.ok());
  std::vector<uint8_t> version = Header();
  version[4] = 2;
  EXPECT_EQ(Load(version, Profile(), &rejection), nullptr);
  EXPECT_EQ(rejection.code, Code::kUnknownVersion);
}

TEST(ProgramTest, ModuleLargerThanTheProfileAllowsIsRejected) {
  Profile profile;
  profile.limits.module_bytes = 7;
  Status rejection;
  EXPECT_EQ(Load(Header(), profile, &rejection), nullptr);
  EXPECT_EQ(rejection.code, Code::kLimitModuleBytes);
}

// 400,000 types of 3 bytes take more than the first region holds.
TEST(ProgramTest, DecodingTakesMoreMemoryWhenItNeedsMore) {
  constexpr uint32_t kTypes = 400000;
  std::vector<uint8_t> bytes = Header();
  const auto leb = [&bytes](uint32_t value) {
    for (; value >= 128; value >>= 7) bytes.push_back(value | 128);
    bytes.push_back(value);
  };
  bytes.push_back(1);
  leb(3 + 3 * kTypes);
  leb(kTypes);
  for (uint32_t i = 0; i < kTypes; ++i) {
    bytes.insert(bytes.end(), {0x60, 0, 0});
  }
  Status rejection;
  const auto program = Load(bytes, Profile(), &rejection);
  ASSERT_NE(program, nullptr) << static_cast<int>(rejection.code);
  EXPECT_EQ(program->module().types.size, kTypes);
  Profile small;
  small.compiler_memory_pages = 1;
  EXPECT_EQ(Load(bytes, small, &rejection), nullptr);
  EXPECT_EQ(rejection.code, Code::kOutOfMemory);
}

}  // namespace
}  // namespace ingot::runtime
