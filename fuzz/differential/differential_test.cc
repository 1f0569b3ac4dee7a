// The comparison itself: that it runs what it is told, sees the ends that runs
// have, replays at other limits, and says what it cannot run.

#include "fuzz/differential/differential.h"

#include <string>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {
namespace {

using runtime::OutcomeKind;
using wasm::ByteWriter;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::ValType;

// `down` calls the host as often as its argument says, by recursion.
std::vector<uint8_t> CallingModule() {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({ValType::kI32}, {});
  const uint32_t host = builder.ImportFunction("host", "f", type);
  (void)builder.AddMemory({1, 1, true});
  ByteWriter code;
  code.Inst(Op::kLocalGet, 0).Block(Op::kIf);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kCall, host);
  code.Inst(Op::kLocalGet, 0).I32Const(1).Inst(Op::kI32Sub);
  code.Inst(Op::kCall, host + 1).Inst(Op::kEnd).Inst(Op::kEnd);
  builder.AddExport("down", wasm::ExternKind::kFunc,
                    builder.AddFunction(type, {}, code.bytes()));
  return builder.Build();
}

TEST(DifferentialTest, ReplaysAtManyLimits) {
  Subject subject;
  subject.module = CallingModule();
  subject.steps = {{"down", {3}}, {"down", {2}}};
  const auto result = Compare(subject);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->difference, "");
  ASSERT_EQ(result->outcomes.size(), 3u);
  EXPECT_EQ(result->outcomes[2].kind, OutcomeKind::kReturned);
  EXPECT_EQ(result->host_calls, 5u);
  // Before and after each host call, its payment, and the ends of the runs.
  EXPECT_GE(result->observations, 15u);
  EXPECT_GT(result->gas_replays, 30u);
  // At both levels.
  EXPECT_EQ(result->stack_replays, 8u);
}

// A library's memory was mapped with the library's data in it from its second
// instance on, and the module that imports it was taken to have its own there.
TEST(DifferentialTest, ModulesWriteTheirDataIntoImportedMemories) {
  ModuleBuilder library;
  const auto at = [](int32_t offset) {
    ByteWriter code;
    code.I32Const(offset).Inst(Op::kEnd);
    return code;
  };
  const std::vector<uint8_t> bytes = {1, 2, 3};
  library.AddExport("m", wasm::ExternKind::kMemory,
                    library.AddMemory({1, 1, true}));
  library.AddData(wasm::SegmentMode::kActive, 0, at(16).bytes(), bytes);
  ModuleBuilder module;
  const uint32_t type = module.AddType({}, {ValType::kI32});
  (void)module.ImportMemory("library0", "m", {1, 1, true});
  ByteWriter code;
  code.I32Const(32).Inst(Op::kI32Load, 0, 0).Inst(Op::kEnd);
  module.AddExport("read", wasm::ExternKind::kFunc,
                   module.AddFunction(type, {}, code.bytes()));
  module.AddData(wasm::SegmentMode::kActive, 0, at(32).bytes(), bytes);
  Subject subject;
  subject.libraries = {library.Build()};
  subject.module = module.Build();
  subject.steps = {{"read", {}}};
  const auto result = Compare(subject);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->difference, "");
  EXPECT_EQ(result->outcomes.back().results[0].bits, 0x030201u);
}

TEST(DifferentialTest, ComparesRunsThatEndEarly) {
  Subject subject;
  subject.module = CallingModule();
  subject.steps = {{"down", {1'000'000}}};
  const auto overflow = Compare(subject);
  ASSERT_TRUE(overflow.ok()) << overflow.status();
  EXPECT_EQ(overflow->difference, "");
  EXPECT_EQ(overflow->outcomes.back().trap, TrapCode::kStackOverflow);
  subject.gas_limit = 200'000;
  const auto out_of_gas = Compare(subject);
  ASSERT_TRUE(out_of_gas.ok()) << out_of_gas.status();
  EXPECT_EQ(out_of_gas->difference, "");
  EXPECT_EQ(out_of_gas->outcomes.back().kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(out_of_gas->gas_used, 200'000u);
}

TEST(DifferentialTest, NoiseEndsRunsByTheHost) {
  Subject subject;
  subject.module = CallingModule();
  subject.host = HostKind::kNoise;
  subject.steps.assign(40, {"down", {9}});
  const auto result = Compare(subject);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->difference, "");
  uint32_t by_kind[4] = {};
  for (const auto& outcome : result->outcomes) {
    ++by_kind[static_cast<int>(outcome.kind)];
  }
  EXPECT_GT(by_kind[static_cast<int>(OutcomeKind::kReturned)], 0u);
  EXPECT_GT(by_kind[static_cast<int>(OutcomeKind::kTrapped)], 0u);
  EXPECT_GT(by_kind[static_cast<int>(OutcomeKind::kReverted)], 0u);
}

TEST(DifferentialTest, ListsExports) {
  const auto steps = StepsOfExports(CallingModule(), Profile(), 1);
  ASSERT_TRUE(steps.ok());
  ASSERT_EQ(steps->size(), 1u);
  EXPECT_EQ((*steps)[0].export_name, "down");
  EXPECT_EQ((*steps)[0].args.size(), 1u);
}

TEST(DifferentialTest, ReportsAModuleThatIsRefused) {
  Subject subject;
  subject.module = CallingModule();
  subject.module.back() = 0;
  const auto result = Compare(subject);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->verdict.ok());
  EXPECT_EQ(result->difference, "");
}

TEST(DifferentialTest, FaultsOnWhatIsNotThere) {
  Subject subject;
  subject.module = CallingModule();
  subject.steps = {{"up", {}}};
  EXPECT_EQ(Compare(subject).status().code(), absl::StatusCode::kNotFound);
  subject.host = HostKind::kNone;
  EXPECT_EQ(Compare(subject).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(HostKindOf("other").has_value());
}

}  // namespace
}  // namespace ingot::fuzz
