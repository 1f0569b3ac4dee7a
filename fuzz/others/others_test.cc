// What a witness is told and what it answers, on modules made for it.

#include "fuzz/others/others.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "compiler/wasm/module_builder.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {
namespace {

using wasm::ByteWriter;
using wasm::ExternKind;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::ValType;

// Exports "keep", which stores what the host answers to its argument there.
std::vector<uint8_t> KeepsFloats() {
  ModuleBuilder builder;
  const uint32_t asks =
      builder.AddType({ValType::kI32}, {ValType::kF32, ValType::kF64});
  const uint32_t keeps = builder.AddType({ValType::kI32}, {});
  const uint32_t host = builder.ImportFunction("host", "f0", asks);
  builder.AddExport("memory", ExternKind::kMemory,
                    builder.AddMemory({.min = 1}));
  ByteWriter code;
  code.Inst(Op::kLocalGet, 0).Inst(Op::kCall, host);
  code.Inst(Op::kLocalSet, 2).Inst(Op::kLocalSet, 1);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 1).Inst(Op::kF32Store, 2, 0);
  code.Inst(Op::kLocalGet, 0).Inst(Op::kLocalGet, 2).Inst(Op::kF64Store, 3, 4);
  code.Inst(Op::kEnd);
  builder.AddExport(
      "keep", ExternKind::kFunc,
      builder.AddFunction(keeps, {{1, ValType::kF32}, {1, ValType::kF64}},
                          code.bytes()));
  return builder.Build();
}

// One f32 in 256 that the host makes is a NaN, of which JavaScript may keep
// more bits than it shows.
TEST(OthersTest, NansOfTheHostAreCanonical) {
  Subject subject;
  subject.module = KeepsFloats();
  subject.host = HostKind::kNoise;
  subject.for_others = true;
  for (uint64_t at = 0; at < 5000; ++at) {
    subject.steps.push_back({"keep", {at * 12}});
  }
  subject.gas_replays = 1;
  subject.stack_replays = 0;
  const auto result = Compare(subject);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->difference, "");
  ASSERT_NE(result->question, "");
  Witness v8 = Witness::V8();
  v8.Add("floats", *result);
  for (const std::string& difference : v8.Ask()) ADD_FAILURE() << difference;
  if (v8.absent()) {
    std::printf("V8 was not asked: node is absent\n");
  } else {
    EXPECT_EQ(v8.agreed(), 1u);
  }
}

}  // namespace
}  // namespace ingot::fuzz
