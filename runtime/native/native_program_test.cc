#include "runtime/native/native_program.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/artifact/artifact_error.h"
#include "runtime/native/test_artifact.h"

namespace ingot::runtime {
namespace {

// Mappings of sealed artifacts that can be executed.
int ExecutableArtifacts() {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("ingot-artifact") != std::string::npos &&
        line.find("r-x") != std::string::npos) {
      ++count;
    }
    EXPECT_EQ(line.find("rwx"), std::string::npos) << line;
  }
  return count;
}

TEST(NativeProgramTest, MapsCodeForItsLifetimeAndNeverWritable) {
  {
    const auto program = UnverifiedProgram::Load(MakeTestArtifact(), {});
    ASSERT_TRUE(program.ok()) << program.status();
    EXPECT_EQ(ExecutableArtifacts(), 1);
    const auto again = UnverifiedProgram::Load(MakeTestArtifact(), {});
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(ExecutableArtifacts(), 2);
    EXPECT_EQ((*again)->type_ids()[0], (*program)->type_ids()[0]);
  }
  EXPECT_EQ(ExecutableArtifacts(), 0);
}

TEST(NativeProgramTest, FindsFunctionsTrapsAndCallSites) {
  const auto loaded = UnverifiedProgram::Load(MakeTestArtifact(), {});
  ASSERT_TRUE(loaded.ok());
  const NativeProgram& program = **loaded;
  const abi::FunctionEntry& second = program.artifact().functions[1];
  EXPECT_EQ(program.FindFunction(second.code_offset), 1u);
  EXPECT_EQ(program.FindFunction(second.code_offset - 1), 0u);
  EXPECT_EQ(program.FindFunction(program.artifact().identity.code_bytes),
            std::nullopt);
  for (const abi::TrapEntry& entry : program.artifact().traps) {
    const bool call = entry.code == static_cast<uint32_t>(TrapCode::kCallSite);
    EXPECT_EQ(program.FindCallSite(entry.code_offset), call ? &entry : nullptr);
    EXPECT_EQ(program.FindTrap(entry.code_offset), call ? nullptr : &entry);
  }
  EXPECT_EQ(program.FindTrap(0), nullptr);
  EXPECT_EQ(program.FindExport("add")->index, kTestAdd);
  EXPECT_EQ(program.FindExport("absent"), std::nullopt);
}

// Whatever is refused was never executable.
TEST(NativeProgramTest, RefusesDamagedFilesBeforeTheyAreMappedExecutable) {
  const std::vector<uint8_t> file = MakeTestArtifact();
  ExpectedArtifact expected;
  expected.file = Sha256(file);
  ASSERT_TRUE(UnverifiedProgram::Load(file, expected).ok());
  for (size_t i = 0; i < file.size(); i += 101) {
    std::vector<uint8_t> flipped = file;
    flipped[i] ^= 1 << (i % 8);
    const auto loaded = UnverifiedProgram::Load(flipped, expected);
    ASSERT_FALSE(loaded.ok()) << i;
    EXPECT_NE(ArtifactErrorOf(loaded.status()), ArtifactError::kNone) << i;
  }
  for (size_t size = 0; size < file.size(); size += 307) {
    const auto loaded = UnverifiedProgram::Load(
        std::span<const uint8_t>(file).first(size), expected);
    EXPECT_NE(ArtifactErrorOf(loaded.status()), ArtifactError::kNone) << size;
  }
  EXPECT_EQ(ExecutableArtifacts(), 0);
}

// Without a digest, damage to the module section is found by the decoder or
// gives another well-formed module; the executor survives either way.
TEST(NativeProgramTest, SurvivesAnyDamageToTheModule) {
  const std::vector<uint8_t> file = MakeTestArtifact();
  const auto whole = UnverifiedProgram::Load(file, {});
  ASSERT_TRUE(whole.ok());
  const ArtifactView& view = (*whole)->artifact();
  const size_t begin = view.module.data() - view.file.data();
  size_t refused = 0, undecoded = 0;
  for (size_t i = 0; i < view.module.size(); ++i) {
    std::vector<uint8_t> flipped = file;
    flipped[begin + i] ^= 1 << (i % 8);
    const auto program = UnverifiedProgram::Load(flipped, {});
    refused += program.ok() ? 0 : 1;
    undecoded += ArtifactErrorOf(program.status()) ==
                         ArtifactError::kModuleSection
                     ? 1
                     : 0;
  }
  EXPECT_GT(refused, view.module.size() / 4);
  EXPECT_GT(undecoded, refused / 2);
}

TEST(NativeProgramTest, RefusesTablesThatDoNotFitTheModule) {
  std::vector<uint8_t> file = MakeTestArtifact();
  const auto whole = UnverifiedProgram::Load(file, {});
  ASSERT_TRUE(whole.ok());
  const ArtifactView& view = (*whole)->artifact();
  const size_t function =
      reinterpret_cast<const uint8_t*>(&view.traps[0].function) -
      view.file.data();
  for (const uint8_t value : {0, 1, 200}) {  // two imports, then no function
    file[function] = value;
    EXPECT_EQ(ArtifactErrorOf(UnverifiedProgram::Load(file, {}).status()),
              ArtifactError::kTrapTable);
  }
}

// Code that no compiler of Ingot wrote does not become executable.
TEST(NativeProgramTest, RefusesWhatTheVerifierRefuses) {
  const auto program = NativeProgram::Load(MakeTestArtifact(), {});
  EXPECT_EQ(ArtifactErrorOf(program.status()), ArtifactError::kVerifier)
      << program.status();
  EXPECT_EQ(ExecutableArtifacts(), 0);
}

}  // namespace
}  // namespace ingot::runtime
