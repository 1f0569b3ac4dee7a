// Every list of genes is a valid module, and its text is all of it.

#include "fuzz/bombs/genome.h"

#include "compiler/abi/profile.h"
#include "gtest/gtest.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {
namespace {

TEST(GenomeTest, MakesValidModules) {
  Random random(1);
  Genome last = RandomGenome(&random);
  for (int i = 0; i < 400; ++i) {
    Genome genome = RandomGenome(&random);
    for (int k = 0; k < 6; ++k) genome = Mutate(genome, &random);
    genome = Cross(genome, last, &random);
    const auto module = ModuleOf(genome, 20);
    const auto compiled =
        sandbox::CompileNatively(module, Profile{}, Digest{});
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    EXPECT_TRUE(compiled->verdict.ok())
        << TextOf(genome) << ": " << static_cast<int>(compiled->verdict.code);
    last = genome;
  }
}

TEST(GenomeTest, TextRoundTrips) {
  Random random(2);
  for (int i = 0; i < 100; ++i) {
    const Genome genome = RandomGenome(&random);
    const auto read = ParseGenome(TextOf(genome));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(ModuleOf(*read, 3), ModuleOf(genome, 3));
  }
  EXPECT_FALSE(ParseGenome(""));
  EXPECT_FALSE(ParseGenome(":000000"));
  EXPECT_FALSE(ParseGenome("3:00000"));
  EXPECT_FALSE(ParseGenome("3:00000g"));
  EXPECT_FALSE(ParseGenome("x:000000"));
}

TEST(GenomeTest, SizesAreAsAsked) {
  Random random(3);
  for (int i = 0; i < 50; ++i) {
    Genome genome = RandomGenome(&random);
    genome.genes.push_back({});  // one that writes bytes for certain
    const size_t bytes = ModuleOfSize(genome, 16384).size();
    EXPECT_GT(bytes, 8192u) << TextOf(genome);
    EXPECT_LT(bytes, 32768u) << TextOf(genome);
  }
}

}  // namespace
}  // namespace ingot::fuzz
