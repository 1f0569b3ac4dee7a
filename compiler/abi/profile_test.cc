#include "compiler/abi/profile.h"

#include <vector>

#include "compiler/base/error_text.h"
#include "gtest/gtest.h"

// Canonical bytes of profiles: the round trip, and a refusal for each kind of
// field.

namespace ingot {
namespace {

std::vector<uint8_t> Bytes(const Profile& profile) {
  std::vector<uint8_t> bytes(kProfileBytes);
  Encode(profile, bytes);
  return bytes;
}

Code CodeOf(const Profile& profile) {
  Profile out;
  return Decode(Bytes(profile), &out).code;
}

TEST(ProfileTest, DefaultRoundTrips) {
  const std::vector<uint8_t> bytes = Bytes(Profile());
  Profile out;
  out.level = 77;
  ASSERT_TRUE(Decode(bytes, &out).ok());
  EXPECT_EQ(Bytes(out), bytes);
  EXPECT_EQ(out.level, 1u);
  EXPECT_EQ(out.TargetIsa(), Isa::kX8664V3);
  EXPECT_EQ(out.features, wasm::Features::kAll);
  EXPECT_EQ(out.limits.locals, 50000u);
  EXPECT_EQ(out.execution.version, 2u);
}

// Every byte matters: a change is refused or comes back.
TEST(ProfileTest, EveryByteIsPartOfTheProfile) {
  const std::vector<uint8_t> bytes = Bytes(Profile());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::vector<uint8_t> changed = bytes;
    changed[i] ^= 1;
    Profile out;
    if (Decode(changed, &out).ok()) {
      EXPECT_EQ(Bytes(out), changed) << i;
    }
  }
}

TEST(ProfileTest, LengthIsExact) {
  std::vector<uint8_t> bytes = Bytes(Profile());
  Profile out;
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Decode(std::span(bytes.data(), size), &out).code,
              Code::kProfileLength);
  }
  bytes.push_back(0);
  EXPECT_EQ(Decode(bytes, &out).code, Code::kProfileLength);
}

TEST(ProfileTest, UnknownVersionsAreRefused) {
  std::vector<uint8_t> bytes = Bytes(Profile());
  Profile out;
  bytes[8] = 2;
  const Status status = Decode(bytes, &out);
  EXPECT_EQ(status.code, Code::kProfileVersion);
  EXPECT_EQ(status.offset, 8u);
  bytes = Bytes(Profile());
  bytes[0] = 'J';
  EXPECT_EQ(Decode(bytes, &out).code, Code::kProfileVersion);
}

TEST(ProfileTest, FieldsAreChecked) {
  Profile profile;
  profile.level = 2;
  EXPECT_EQ(CodeOf(profile), Code::kProfileLevel);
  profile = Profile();
  profile.isa = 4;
  EXPECT_EQ(CodeOf(profile), Code::kProfileIsa);
  profile = Profile();
  profile.features = wasm::Features::kAll + 1;
  EXPECT_EQ(CodeOf(profile), Code::kProfileFeatures);
  profile = Profile();
  profile.host_abi = 0;
  EXPECT_EQ(CodeOf(profile), Code::kProfileHostAbi);
  profile = Profile();
  profile.verifier = 9;
  EXPECT_EQ(CodeOf(profile), Code::kProfileVerifier);
  profile = Profile();
  profile.stack_units = 0;
  EXPECT_EQ(CodeOf(profile), Code::kProfileLimit);
  profile = Profile();
  profile.limits.memory_pages = 65537;
  EXPECT_EQ(CodeOf(profile), Code::kProfileLimit);
  profile = Profile();
  profile.limits.locals = 50001;
  EXPECT_EQ(CodeOf(profile), Code::kProfileLimit);
}

TEST(ProfileTest, UnsoundSchedulesAreRefused) {
  for (GasSchedule Profile::*schedule :
       {&Profile::execution, &Profile::compile}) {
    Profile profile;
    (profile.*schedule).op[wasm::OpIndex(wasm::Op::kLoop)] = 1;
    EXPECT_EQ(CodeOf(profile), Code::kProfileSchedule);
    profile = Profile();
    (profile.*schedule).op[wasm::OpIndex(wasm::Op::kBr)] = 0;
    EXPECT_EQ(CodeOf(profile), Code::kProfileSchedule);
    profile = Profile();
    (profile.*schedule).per_result = kMaxPrice + 1;
    EXPECT_EQ(CodeOf(profile), Code::kProfileSchedule);
    profile = Profile();
    (profile.*schedule).table_grow.base = kMaxFeeBase + 1;
    EXPECT_EQ(CodeOf(profile), Code::kProfileSchedule);
  }
}

TEST(ProfileTest, DefaultsAreWithinTheirRanges) {
#define INGOT_MODULE_LIMIT(name, default_value, largest, code, meaning) \
  EXPECT_LE(default_value, largest) << #name;
#include "compiler/wasm/module_limits.def"
#undef INGOT_MODULE_LIMIT
  EXPECT_EQ(CodeOf(Profile()), Code::kOk);
}

}  // namespace
}  // namespace ingot
