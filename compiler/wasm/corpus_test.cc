#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "compiler/wasm/operator_reader.h"
#include "compiler/wasm/test_module.h"
#include "compiler/wasm/work_classes.h"
#include "compiler/wasm/writer.h"
#include "gtest/gtest.h"

// Decoder, validator and writer on the corpus (INGOT_CORPUS, by default
// ../shared/corpus beside the repository). Without it these tests are skipped
// and say so.

namespace ingot::wasm {
namespace {

namespace fs = std::filesystem;

std::vector<uint8_t> ReadFile(const fs::path& path) {
  std::vector<uint8_t> bytes(fs::file_size(path));
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()),
          static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(in.good()) << path;
  return bytes;
}

// Room for the largest bodies of the corpus.
TestOptions Roomy() {
  TestOptions options;
  options.arena_pages = 2048;
  options.features.bits = Features::kAll;
  return options;
}

class CorpusTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const set = std::getenv("INGOT_CORPUS");
    root_ = set != nullptr ? set : "../shared/corpus";
    if (!fs::is_directory(root_)) {
      GTEST_SKIP() << "no corpus at " << root_
                   << "; set INGOT_CORPUS to run this test";
    }
  }

  // Modules below the folders, in the order of their paths.
  std::vector<fs::path> Modules(const std::vector<std::string>& folders) {
    std::vector<fs::path> paths;
    for (const std::string& folder : folders) {
      for (const auto& entry :
           fs::recursive_directory_iterator(root_ / folder)) {
        if (entry.path().extension() == ".wasm") paths.push_back(entry.path());
      }
    }
    std::sort(paths.begin(), paths.end());
    EXPECT_FALSE(paths.empty());
    return paths;
  }

  std::string Name(const fs::path& path) {
    return fs::relative(path, root_).string();
  }

  fs::path root_;
};

// Whatever is not listed is valid.
TEST_F(CorpusTest, ContractsProgramsAndBenchmarksAreValid) {
  const std::map<std::string, Code> refused = {
      {"bench/wizard/100ms-memcpy_b64.wasm", Code::kUnsupportedMemory64},
      {"contracts/cosmwasm/cosmwasm-corrupted.wasm",
       Code::kUnknownTable}};
  for (const fs::path& path : Modules({"contracts", "real", "bench"})) {
    const auto found = refused.find(Name(path));
    TestModule test(ReadFile(path), Roomy());
    EXPECT_EQ(test.code(), found == refused.end() ? Code::kOk : found->second)
        << Name(path) << ": " << test.name() << " at offset "
        << test.status().offset;
    if (found != refused.end()) {
      EXPECT_NE(test.status().offset, kNowhere);
    }
  }
}

TEST_F(CorpusTest, FuzzedMalformedModulesAreRefused) {
  for (const fs::path& path : Modules({"bombs/wamr-malformed"})) {
    TestModule test(ReadFile(path), Roomy());
    EXPECT_FALSE(test.status().ok()) << Name(path);
  }
}

TEST_F(CorpusTest, BombsAreValidatedOrRefusedByALimit) {
  const std::map<std::string, Code> refused = {
      {"bombs/synthetic/16_memory_65536_pages_table_10M.wasm",
       Code::kLimitMemoryPages},
      {"bombs/synthetic/13_1000params_2000funcs.wasm",
       Code::kLimitPassedValues},
      {"bombs/synthetic/14_calls_1000results_x_100k.wasm",
       Code::kLimitPassedValues}};
  for (const fs::path& path : Modules({"bombs/synthetic"})) {
    const auto found = refused.find(Name(path));
    TestModule test(ReadFile(path), Roomy());
    EXPECT_EQ(test.code(), found == refused.end() ? Code::kOk : found->second)
        << Name(path) << ": " << test.name();
  }
}

// Encode(Decode(m)) is canonical: its own round trip is exact, and bodies and
// declarations are the same.
TEST_F(CorpusTest, WritingRoundTrips) {
  for (const fs::path& path : Modules({"contracts", "bench"})) {
    TestModule first(ReadFile(path), Roomy());
    if (!first.status().ok()) continue;
    const std::vector<uint8_t> canonical =
        Encode(first.arena(), first.bytes(), first.module());
    TestModule second(canonical, Roomy());
    ASSERT_TRUE(second.status().ok()) << Name(path);
    EXPECT_EQ(Encode(second.arena(), second.bytes(), second.module()),
              canonical)
        << Name(path);
    EXPECT_EQ(second.module().const_pool.size, first.module().const_pool.size);
    ASSERT_EQ(second.module().bodies.size, first.module().bodies.size);
    for (uint32_t i = 0; i < first.module().bodies.size; ++i) {
      EXPECT_EQ(second.body(i).instructions, first.body(i).instructions);
      EXPECT_EQ(second.body(i).max_height, first.body(i).max_height);
    }
  }
}

TEST_F(CorpusTest, TruncationAtEveryByteIsAnError) {
  std::vector<uint8_t> smallest;
  for (const fs::path& path : Modules({"contracts"})) {
    const std::vector<uint8_t> candidate = ReadFile(path);
    if (candidate.size() > 300 &&
        (smallest.empty() || candidate.size() < smallest.size())) {
      smallest = candidate;
    }
  }
  TestOptions options;
  options.arena_pages = 64;
  ASSERT_TRUE(TestModule(smallest, options).status().ok());
  uint32_t refused = 0;
  for (size_t size = 0; size < smallest.size(); ++size) {
    TestModule test({smallest.begin(), smallest.begin() + size}, options);
    // Only a cut between custom sections at the end leaves a module.
    refused += test.status().ok() ? 0 : 1;
    if (!test.status().ok()) {
      EXPECT_LE(test.status().offset, size);
    }
  }
  EXPECT_GE(refused + 20, smallest.size());
}

// What a profile's default allows is at least four times what the corpus
// needs.
TEST_F(CorpusTest, DefaultLimitsLeaveRoom) {
  std::map<std::string, uint64_t> most;
  const auto need = [&most](const char* limit, uint64_t value) {
    most[limit] = std::max(most[limit], value);
  };
  for (const fs::path& path : Modules({"contracts", "real", "bench"})) {
    const std::vector<uint8_t> bytes = ReadFile(path);
    TestModule test(bytes, Roomy());
    if (!test.status().ok()) continue;
    const Module& module = test.module();
    need("module_bytes", bytes.size());
    need("types", module.types.size);
    for (const FuncType& type : test.arena().View(module.types)) {
      need("params", type.params);
      need("results", type.results);
    }
    need("imports", module.imports.size);
    need("functions", module.functions.size);
    need("tables", module.tables.size);
    need("globals", module.globals.size);
    need("exports", module.exports.size);
    need("element_segments", module.elements.size);
    for (const ElementSegment& s : test.arena().View(module.elements)) {
      need("elements", s.count);
    }
    need("data_segments", module.data.size);
    for (const Limits& limits : test.arena().View(module.memories)) {
      need("memory_pages", limits.min);
    }
    for (const TableType& table : test.arena().View(module.tables)) {
      need("table_elements", table.limits.min);
    }
    for (const Export& e : test.arena().View(module.exports)) {
      need("name_bytes", e.name.size);
    }
    uint64_t passed_values = 0;
    uint64_t body_bytes = 1;
    for (const Body& body : test.arena().View(module.bodies)) {
      passed_values += body.passed_values;
      body_bytes += body.end - body.begin;
      need("body_bytes", body.end - body.begin);
      need("locals", body.locals);
      need("operand_height", body.max_height);
      OperatorReader reader(test.bytes(), body.code, body.end);
      Operator op;
      uint64_t depth = 0;
      while (reader.Next(&op)) {
        if (op.op == Op::kBrTable) need("branch_targets", op.a);
        if (op.op == Op::kBlock || op.op == Op::kLoop || op.op == Op::kIf) {
          need("block_depth", ++depth);
        }
        if (op.op == Op::kEnd && depth != 0) --depth;
      }
    }
    const auto work = [&](WorkClass kind) {
      return uint64_t{module.work[static_cast<uint32_t>(kind)]};
    };
    const uint64_t costly =
        work(WorkClass::kDivision) + work(WorkClass::kConversion);
    // Per byte, or 16 bytes, rounded up.
    need("costly_instructions", (16 * costly + body_bytes - 1) / body_bytes);
    need("passed_values", (passed_values + body_bytes - 1) / body_bytes);
  }
  need("const_instructions", 1);
#define INGOT_MODULE_LIMIT(name, default_value, largest, code, meaning) \
  EXPECT_GE(uint64_t{default_value}, 4 * most[#name]) << #name;         \
  RecordProperty(#name, std::to_string(most[#name]));
#include "compiler/wasm/module_limits.def"
#undef INGOT_MODULE_LIMIT
}

}  // namespace
}  // namespace ingot::wasm
