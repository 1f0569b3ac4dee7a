#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "compiler/wasm/test_module.h"
#include "gtest/gtest.h"

// docs/proposals.md against the decoder: each row has a module here that uses
// the proposal, and what becomes of it is the row's state. A row without a
// module fails, and so does a module without a row.

namespace ingot::wasm {
namespace {

using Bytes = std::vector<uint8_t>;

void Append(Bytes* out, const Bytes& more) {
  out->insert(out->end(), more.begin(), more.end());
}

Bytes Module(const std::vector<std::pair<uint8_t, Bytes>>& sections) {
  Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  for (const auto& [id, contents] : sections) {
    out.push_back(id);
    out.push_back(static_cast<uint8_t>(contents.size()));
    Append(&out, contents);
  }
  return out;
}

// One memory, one table, and a function () -> () of these instructions.
Bytes Code(const Bytes& instructions) {
  Bytes body = {0};
  Append(&body, instructions);
  body.push_back(0x0B);
  Bytes code = {1, static_cast<uint8_t>(body.size())};
  Append(&code, body);
  return Module({{1, {1, 0x60, 0, 0}},
                 {3, {1, 0}},
                 {4, {1, 0x70, 0, 1}},
                 {5, {1, 0, 1}},
                 {10, code}});
}

// A module that uses the proposal, by the name of its row.
const std::map<std::string, Bytes>& Examples() {
  static const auto* const examples = new std::map<std::string, Bytes>{
      {"mutable globals",
       Module({{6, {1, 0x7F, 1, 0x41, 0, 0x0B}}, {7, {1, 1, 'g', 3, 0}}})},
      {"sign extension", Code({0x41, 0, 0xC0, 0x1A})},
      {"non-trapping conversions",
       Code({0x43, 0, 0, 0, 0, 0xFC, 0x00, 0x1A})},
      {"multi-value",
       Module({{1, {1, 0x60, 0, 2, 0x7F, 0x7F}},
               {3, {1, 0}},
               {10, {1, 6, 0, 0x41, 0, 0x41, 0, 0x0B}}})},
      {"reference types", Code({0xD0, 0x6F, 0x1A})},
      {"bulk memory",
       Code({0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 0x0B, 0x00})},
      {"tail calls", Code({0x12, 0x00})},
      {"extended constant expressions",
       Module({{6, {1, 0x7F, 0, 0x41, 1, 0x41, 2, 0x6A, 0x0B}}})},
      {"branch hinting",
       Module({{0, {25, 'm', 'e', 't', 'a', 'd', 'a', 't', 'a', '.',
                    'c', 'o', 'd', 'e', '.', 'b', 'r', 'a', 'n', 'c',
                    'h', '_', 'h', 'i', 'n', 't'}}})},
      {"vectors", Code({0xFD, 0x0C})},
      {"relaxed vectors", Code({0xFD, 0x80, 0x02})},
      {"threads", Code({0xFE, 0x03, 0x00})},
      {"exceptions", Code({0x1F, 0x40, 0x00, 0x0B})},
      {"garbage collection", Code({0xFB, 0x00, 0x00})},
      {"typed function references", Code({0x14, 0x00})},
      {"64-bit memory", Module({{5, {1, 4, 1}}})},
      {"several memories", Code({0x41, 0, 0x28, 0x42, 0x01, 0x00, 0x1A})},
      {"custom page sizes", Module({{5, {1, 8, 1, 0}}})},
      {"wide arithmetic", Code({0xFC, 0x13})},
      {"stack switching", Code({0xE0, 0x00})},
      {"tables with an initialiser",
       Module({{4, {1, 0x40, 0x00, 0x70, 0, 1, 0xD0, 0x70, 0x0B}}})},
  };
  return *examples;
}

std::string NameOf(const Bytes& module, uint32_t features) {
  TestOptions options;
  options.features.bits = features;
  return TestModule(module, options).name();
}

std::string Trimmed(const std::string& cell) {
  const size_t first = cell.find_first_not_of(" `");
  const size_t last = cell.find_last_not_of(" `");
  return first == std::string::npos ? ""
                                    : cell.substr(first, last - first + 1);
}

TEST(ProposalsTest, ThePageSaysWhatTheDecoderDoes) {
  std::ifstream page("docs/proposals.md");
  std::set<std::string> rows;
  std::string line;
  while (std::getline(page, line)) {
    if (!line.starts_with("| ")) continue;
    std::istringstream cells(line.substr(1));
    std::string proposal, version, state, code;
    std::getline(cells, proposal, '|');
    std::getline(cells, version, '|');
    std::getline(cells, state, '|');
    std::getline(cells, code, '|');
    proposal = Trimmed(proposal);
    if (proposal == "proposal") continue;
    const auto example = Examples().find(proposal);
    ASSERT_NE(example, Examples().end()) << proposal;
    EXPECT_TRUE(rows.insert(proposal).second) << proposal;
    const std::string off = NameOf(example->second, 0);
    const std::string on = NameOf(example->second, Features::kAll);
    state = Trimmed(state);
    if (state == "on") {
      EXPECT_EQ(off, "ok") << proposal;
      EXPECT_EQ(on, "ok") << proposal;
    } else if (state == "on by default") {
      EXPECT_EQ(off, Trimmed(code)) << proposal;
      EXPECT_EQ(on, "ok") << proposal;
    } else {
      EXPECT_EQ(state, "refused") << proposal;
      EXPECT_EQ(off, Trimmed(code)) << proposal;
      EXPECT_EQ(on, Trimmed(code)) << proposal;
    }
  }
  EXPECT_EQ(rows.size(), Examples().size());
}

}  // namespace
}  // namespace ingot::wasm
