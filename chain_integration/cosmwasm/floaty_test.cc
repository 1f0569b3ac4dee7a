#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "chain_integration/cosmwasm/test_contract.h"
#include "gtest/gtest.h"
#include "runtime/digest.h"

// floaty of the CosmWasm project: a contract that executes any one
// floating-point instruction on bits of the caller's choice. cosmwasm-vm hashes
// the results of 150 seeds for each of its 70 instructions; the same hash here
// means the same floats, NaNs and traps as on a CosmWasm chain. There is one
// difference: promote and demote of a NaN give the canonical NaN in Ingot and
// keep sign and payload there.

namespace ingot::cosmwasm {
namespace {

// {"f32":7} as Rust prints an enum: F32(7).
std::string RustDebug(const json::Value& value, uint64_t number) {
  std::string name = value.members()[0].first;
  name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return absl::StrCat(name, "(", number, ")");
}

// What CosmWasm gives where the two differ; else the result itself.
uint64_t AsCosmWasm(std::string_view instruction, uint64_t argument,
                    uint64_t result) {
  constexpr uint64_t kCanonical32 = 0x7FC00000;
  constexpr uint64_t kCanonical64 = 0x7FF8000000000000;
  if (instruction == "f32.demote_f64" && result == kCanonical32) {
    const uint64_t payload = (argument & 0xFFFFFFFFFFFFF) >> 29;
    return ((argument >> 63) << 31) | kCanonical32 | payload;
  }
  if (instruction == "f64.promote_f32" && result == kCanonical64) {
    const uint64_t payload = (argument & 0x7FFFFF) << 29;
    return ((argument >> 31) << 63) | kCanonical64 | payload;
  }
  return result;
}

// The value inside {"f32":7}.
uint64_t ValueOf(const json::Value& value) {
  return *value.members()[0].second.AsUint64();
}

std::string HashOfResults(TestContract& floaty, uint32_t seeds) {
  EXPECT_EQ(floaty.Call("instantiate", "{}").error.value_or(""), "");
  const json::Value instructions =
      floaty.Call("query", R"({"instructions":{}})").data;
  EXPECT_EQ(instructions.items().size(), 70u);
  std::string text;
  for (const json::Value& instruction : instructions.items()) {
    const std::string& name = instruction.AsString();
    for (uint32_t seed = 0; seed < seeds; ++seed) {
      const json::Value args =
          floaty
              .Call("query",
                    absl::StrCat(R"({"random_args_for":{"instruction":")",
                                 name, R"(","seed":)", seed, "}}"))
              .data;
      const CallReport result = floaty.Call(
          "query", absl::StrCat(R"({"run":{"instruction":")", name,
                                R"(","args":)", json::Write(args), "}}"));
      absl::StrAppend(&text, name, seed);
      if (result.outcome == runtime::OutcomeKind::kTrapped) {
        absl::StrAppend(&text, "Wasmer runtime error: RuntimeError: ",
                        *result.error);
      } else {
        const uint64_t number = AsCosmWasm(name, ValueOf(args.items()[0]),
                                           ValueOf(result.data));
        absl::StrAppend(&text, RustDebug(result.data, number));
      }
    }
  }
  return Sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()})
      .Hex();
}

// All of it by one engine.
TEST(FloatyTest, AgreesWithCosmWasm) {
  const std::vector<uint8_t> module =
      ReadCorpusContract("cosmwasm-floaty_2.0.wasm");
  if (module.empty()) GTEST_SKIP() << "the corpus is absent";
  TestContract floaty(module, TestContract::Engines::kFastest);
  EXPECT_EQ(HashOfResults(floaty, 150),
            "95f70fa6451176ab04a9594417a047a1e4d8e2ff809609b8f81099496bee2393");
}

// A few by all engines, which TestContract compares.
TEST(FloatyTest, EnginesAgree) {
  const std::vector<uint8_t> module =
      ReadCorpusContract("cosmwasm-floaty_2.0.wasm");
  if (module.empty()) GTEST_SKIP() << "the corpus is absent";
  TestContract floaty(module);
  EXPECT_NE(HashOfResults(floaty, 2), "");
}

}  // namespace
}  // namespace ingot::cosmwasm
