// Emitters that each break one rule of the verifier. In: the seeds that name a
// rule, modules that reach what they change. Out: a table of what refused the
// code of each. Holds: each is refused by the rule that should, and code that a
// seed changed is refused or differs in nothing that the rules speak of: the
// number of such artifacts is printed. INGOT_SEED=NAME tries one of them.

#include <gtest/gtest.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "fuzz/generator/generator.h"
#include "fuzz/mutants/seed.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/spec/convert.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/native_compiler.h"

namespace ingot::mutants {
namespace {

// Shapes that few random modules have: an index that is spilled and used at
// once, offsets beyond 2^31, globals, tables, arguments on the stack.
constexpr const char* kModule = R"((module
  (type $t (func (param i32) (result i32)))
  (memory 1 2)
  (table 3 funcref)
  (elem (i32.const 0) $f $g)
  (global $n (mut i32) (i32.const 1))
  (func $f (type $t)
    (global.set $n (i32.add (global.get $n) (local.get 0)))
    (global.get $n))
  (func $g (type $t) (i32.div_s (local.get 0) (i32.const 3)))
  (func $many (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.sub (local.get 11) (local.get 10)))
  (func (export "large") (param i32) (result i32)
    (i32.load offset=0x90000000 (local.get 0)))
  (func (export "near") (param i32) (result i64)
    (i64.load offset=8 (i32.wrap_i64 (i64.extend_i32_s (local.get 0)))))
  (func (export "spilled") (param i32 i32 i32 i32 i32 i32) (result i32)
    (drop (call $f (local.get 1)))
    (i32.add
      (i32.add
        (i32.add (i32.load (local.get 0)) (i32.load (local.get 1)))
        (i32.add (i32.load (local.get 2)) (i32.load (local.get 3))))
      (i32.add (i32.load (local.get 4)) (i32.load (local.get 5)))))
  (func (export "arguments") (param i32) (result i32)
    (call $many (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3)
      (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7) (local.get 0)
      (i32.const 9) (local.get 0) (i32.const 11)))
  (func (export "indirect") (param i32 i32) (result i32)
    (call_indirect (type $t) (local.get 0) (local.get 1)))
  (func (export "grow") (param i32) (result i32)
    (drop (memory.grow (local.get 0)))
    (memory.size))
  (func (export "choose") (param i32) (result i32)
    (block $c (block $b (block $a
      (br_table $a $b $c (local.get 0)))
      (return (i32.const 1)))
      (return (i32.const 2)))
    (unreachable))
  (func (export "loop") (param i32) (result i32)
    (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (i32.div_u (local.get 0) (local.get $sum))))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $again (local.get 0)))
    (local.get $sum))
  (func (export "empty"))
))";

constexpr uint64_t kRandomModules = 25;

absl::StatusOr<std::vector<uint8_t>> ArtifactOf(
    const std::vector<uint8_t>& module) {
  auto compiled = sandbox::CompileNatively(module, Profile(), Digest{});
  if (!compiled.ok()) return compiled.status();
  if (!compiled->verdict.ok()) {
    return absl::FailedPreconditionError("the compiler rejects the module");
  }
  return std::move(compiled->artifact);
}

// What is refused before the rules: by the reader of artifacts, or since the
// module section is another module's.
constexpr uint32_t kNoRule = 9;

struct Refused {
  uint32_t rule = 0;  // 0: accepted
  std::string reason;
};

Refused Verify(const std::vector<uint8_t>& artifact,
               const std::vector<uint8_t>& module) {
  const auto view = runtime::ReadArtifact(artifact, {});
  const absl::Status status =
      view.ok() ? runtime::VerifyWithModule(*view, module) : view.status();
  if (status.ok()) return {};
  const verifier::Refusal refusal = runtime::RefusalOf(status);
  if (refusal.ok()) return {kNoRule, std::string(status.message())};
  return {verifier::RuleOf(refusal.reason), verifier::NameOf(refusal.reason)};
}

TEST(ViolationsTest, EachEmitterIsRefusedByTheRuleThatItBreaks) {
  std::vector<std::vector<uint8_t>> modules;
  const auto made = runtime::spec::AssembleModule(kModule, testing::TempDir());
  ASSERT_TRUE(made.ok()) << made.status();
  modules.push_back(*made);
  for (uint64_t seed = 1; seed <= kRandomModules; ++seed) {
    modules.push_back(fuzz::Generate(seed).bytes);
  }
  std::vector<std::vector<uint8_t>> right;
  const Seed only = chosen;
  Choose(Seed::kNone);
  for (const auto& module : modules) {
    const auto artifact = ArtifactOf(module);
    ASSERT_TRUE(artifact.ok()) << artifact.status();
    right.push_back(*artifact);
    EXPECT_EQ(Verify(right.back(), module).rule, 0u);
  }
  std::printf("%-28s %4s %7s %8s  refused by V1 … V8, none; first reason\n",
              "emitter", "rule", "changed", "accepted");
  for (const SeedRow& row : kSeeds) {
    if (row.rule == 0 || (only != Seed::kNone && row.seed != only)) continue;
    uint32_t changed = 0, accepted = 0, rules[10] = {};
    std::string first;
    for (size_t i = 0; i < modules.size(); ++i) {
      Choose(row.seed);
      const auto artifact = ArtifactOf(modules[i]);
      Choose(Seed::kNone);
      ASSERT_TRUE(artifact.ok()) << row.name << ": " << artifact.status();
      if (*artifact == right[i]) continue;
      ++changed;
      const Refused refused = Verify(*artifact, modules[i]);
      if (refused.rule == 0) {
        ++accepted;
        continue;
      }
      ++rules[refused.rule];
      if (first.empty()) first = refused.reason;
    }
    std::printf("%-28s   V%u %7u %8u ", row.name, row.rule, changed, accepted);
    for (uint32_t rule = 1; rule <= kNoRule; ++rule) std::printf(" %3u", rules[rule]);
    std::printf("  %.60s\n", first.c_str());
    EXPECT_GT(rules[row.rule], 0u) << row.name << ": " << row.what;
  }
}

}  // namespace
}  // namespace ingot::mutants
