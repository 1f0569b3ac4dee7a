// The inputs' forms and mutators without libFuzzer: a parcel is its bytes and
// its artifact's parts, and enough mutants of a module are valid.

#include <gtest/gtest.h>

#include <cstdio>

#include "fuzz/generator/generator.h"
#include "fuzz/targets/module_mutator.h"
#include "fuzz/targets/parcel.h"
#include "fuzz/targets/target.h"
#include "runtime/program.h"
#include "sandbox/native_compiler.h"

// In libFuzzer's place: one bit of the first byte.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t) {
  if (size != 0) data[0] ^= 1;
  return size;
}

namespace ingot::fuzz {

Verdict OneInput(std::span<const uint8_t>) { return Verdict::kKeep; }

namespace {

bool IsValid(const std::vector<uint8_t>& module) {
  Status rejection;
  const auto program =
      runtime::Program::FromModule(module, Profile(), &rejection);
  return program.ok() && rejection.ok();
}

TEST(ModuleMutatorTest, ManyMutantsOfValidModulesAreValid) {
  constexpr uint32_t kModules = 20;
  constexpr uint32_t kMutants = 100;
  constexpr size_t kMaxSize = 1 << 20;
  uint32_t valid = 0;
  uint32_t same = 0;
  for (uint64_t seed = 1; seed <= kModules; ++seed) {
    const std::vector<uint8_t> module = Generate(seed).bytes;
    for (uint32_t i = 0; i < kMutants; ++i) {
      const std::vector<uint8_t> mutant =
          ModuleMutator(module, i).Mutate(kMaxSize);
      if (mutant == module) ++same;
      if (IsValid(mutant)) ++valid;
      // The same edit for the same seed.
      ASSERT_EQ(mutant, ModuleMutator(module, i).Mutate(kMaxSize));
    }
  }
  std::printf("%u of %u mutants are valid, %u unchanged\n", valid,
              kModules * kMutants, same);
  EXPECT_GT(valid, kModules * kMutants / 3);
  EXPECT_LT(same, kModules * kMutants / 10);
}

TEST(ModuleMutatorTest, AnyBytesAreTaken) {
  const std::vector<uint8_t> module = Generate(1).bytes;
  for (size_t size = 0; size < module.size(); size += 7) {
    const std::span<const uint8_t> part(module.data(), size);
    for (uint64_t seed = 0; seed < 20; ++seed) {
      ModuleMutator(part, seed).Mutate(module.size());
      ModuleMutator(part, seed).CrossWith(module);
      ModuleMutator(module, seed).CrossWith(part);
    }
  }
}

TEST(ParcelTest, IsItsBytes) {
  const std::vector<uint8_t> module = Generate(3).bytes;
  const auto result =
      sandbox::CompileNatively(module, ParcelProfile(), Digest{});
  ASSERT_TRUE(result.ok() && result->verdict.ok());
  Parcel parcel = ParcelOfArtifact(result->artifact, module);
  parcel.rest = {1, 2, 3};
  EXPECT_EQ(parcel.module, module);
  EXPECT_FALSE(parcel.code.empty() || parcel.functions.empty());
  const std::vector<uint8_t> bytes = BytesOf(parcel);
  EXPECT_EQ(BytesOf(ParcelOf(bytes)), bytes);
  EXPECT_EQ(ParcelOf(bytes).code, parcel.code);
  EXPECT_EQ(ParcelOf(bytes).rest, parcel.rest);
  // Cut anywhere it is still a parcel.
  for (size_t size = 0; size < bytes.size(); size += 11) {
    ParcelOf(std::span(bytes).first(size));
  }
}

}  // namespace
}  // namespace ingot::fuzz
