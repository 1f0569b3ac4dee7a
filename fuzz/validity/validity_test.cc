// Accept or reject: our decoder and validator beside V8's, on every file of the
// corpus, on generated modules, and on mutations of both. What V8 rejects we
// reject; what it accepts we may refuse only by a limit (codes 300 to 399) or
// as a proposal outside of the profile (400 to 499). INGOT_MUTATIONS sets their
// number.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "fuzz/differential/random.h"
#include "fuzz/generator/generator.h"
#include "gtest/gtest.h"
#include "runtime/program.h"

namespace ingot::fuzz {
namespace {

struct Candidate {
  std::string name;
  std::vector<uint8_t> bytes;
};

std::string Corpus() {
  const char* corpus = std::getenv("INGOT_CORPUS");
  return corpus == nullptr ? "../shared/corpus" : corpus;
}

std::vector<Candidate> CorpusModules() {
  std::vector<Candidate> all;
  if (!std::filesystem::is_directory(Corpus())) return all;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(Corpus())) {
    if (entry.path().extension() != ".wasm") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    all.push_back(
        {entry.path(), {std::istreambuf_iterator<char>(file), {}}});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.name < b.name;
  });
  return all;
}

// V8's verdicts, in order; empty when there is no node.
std::vector<std::string> AskV8(const std::vector<Candidate>& candidates) {
  const std::string path = testing::TempDir() + "/modules.bin";
  std::ofstream out(path, std::ios::binary);
  for (const Candidate& candidate : candidates) {
    const uint32_t size = static_cast<uint32_t>(candidate.bytes.size());
    const char length[4] = {
        static_cast<char>(size), static_cast<char>(size >> 8),
        static_cast<char>(size >> 16), static_cast<char>(size >> 24)};
    out.write(length, sizeof length);
    out.write(reinterpret_cast<const char*>(candidate.bytes.data()), size);
  }
  out.close();
  std::vector<std::string> lines;
  std::FILE* node = popen(
      ("node fuzz/validity/validate.mjs < '" + path + "'").c_str(), "r");
  std::string line;
  for (int c; node != nullptr && (c = std::fgetc(node)) != EOF;) {
    if (c != '\n') {
      line.push_back(static_cast<char>(c));
      continue;
    }
    lines.push_back(line);
    line.clear();
  }
  if (node != nullptr) pclose(node);
  std::filesystem::remove(path);
  return lines;
}

// V8's own limits and its own proposals, which are not ours.
bool IsOfV8(const std::string& why) {
  for (const char* text :
       {"exceeds internal limit", "size > maximum", "exceeds maximum",
        "local count too large", "maximum function size",
        "larger than implementation limit", "exceed implementation limit"}) {
    if (absl::StrContains(why, text)) return true;
  }
  return false;
}

void CompareAll(const std::vector<Candidate>& candidates) {
  const std::vector<std::string> v8 = AskV8(candidates);
  if (v8.empty()) GTEST_SKIP() << "node is absent";
  ASSERT_EQ(v8.size(), candidates.size());
  uint32_t accepted = 0, rejected = 0, by_limit = 0, by_feature = 0;
  uint32_t failures = 0;
  for (size_t i = 0; i < candidates.size() && failures < 20; ++i) {
    Status rejection;
    const auto program = runtime::Program::FromModule(
        candidates[i].bytes, Profile(), &rejection);
    ASSERT_TRUE(program.ok()) << program.status();
    const bool valid = v8[i][0] == '1';
    const int code = static_cast<int>(rejection.code);
    if (rejection.ok() && valid) {
      ++accepted;
    } else if (!rejection.ok() && !valid) {
      ++rejected;
    } else if (code >= 300 && code < 400) {
      ++by_limit;
    } else if (code >= 400 && code < 500) {
      ++by_feature;
    } else if (rejection.ok() && IsOfV8(v8[i])) {
      ++by_limit;
    } else {
      ++failures;
      ADD_FAILURE() << candidates[i].name << ": code " << code << " at "
                    << rejection.function << ":" << rejection.offset
                    << "; V8: " << v8[i];
    }
  }
  std::printf("%zu modules: both accept %u, both reject %u; differ by a limit "
              "%u, by a proposal %u\n",
              candidates.size(), accepted, rejected, by_limit, by_feature);
}

TEST(ValidityTest, AgreesWithV8OnTheCorpus) {
  const std::vector<Candidate> all = CorpusModules();
  if (all.empty()) {
    GTEST_SKIP() << "the corpus is absent: no modules in " << Corpus()
                 << " (set INGOT_CORPUS)";
  }
  CompareAll(all);
}

void Mutate(std::vector<uint8_t>& bytes, Random& random) {
  const uint32_t edits = 1 + random.Below(3);
  for (uint32_t i = 0; i < edits && bytes.size() > 9; ++i) {
    const uint32_t at =
        8 + random.Below(static_cast<uint32_t>(bytes.size()) - 8);
    // Insertions and deletions rarely leave a valid module.
    switch (random.Chance(90) ? random.Below(4) : 4 + random.Below(2)) {
      case 0:
        bytes[at] = static_cast<uint8_t>(random.Next());
        break;
      case 1:
        bytes[at] ^= static_cast<uint8_t>(1 << random.Below(8));
        break;
      case 2:
        ++bytes[at];
        break;
      case 3:
        // Another value type, or another opcode beside this one.
        bytes[at] = static_cast<uint8_t>(0x7C + random.Below(4));
        break;
      case 4:
        bytes.erase(bytes.begin() + at);
        break;
      default:
        bytes.insert(bytes.begin() + at, static_cast<uint8_t>(random.Next()));
        break;
    }
  }
}

TEST(ValidityTest, AgreesWithV8OnMutations) {
  std::vector<Candidate> seeds;
  for (Candidate& candidate : CorpusModules()) {
    if (candidate.bytes.size() <= 8000) seeds.push_back(std::move(candidate));
  }
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    seeds.push_back({"seed " + std::to_string(seed), Generate(seed).bytes});
  }
  const char* text = std::getenv("INGOT_MUTATIONS");
  const uint32_t count =
      text == nullptr ? 6000
                      : static_cast<uint32_t>(std::strtoul(text, nullptr, 0));
  Random random(count);
  std::vector<Candidate> mutants;
  for (uint32_t i = 0; i < count; ++i) {
    Candidate mutant =
        seeds[random.Below(static_cast<uint32_t>(seeds.size()))];
    Mutate(mutant.bytes, random);
    mutant.name += " mutated, number " + std::to_string(i);
    mutants.push_back(std::move(mutant));
  }
  CompareAll(mutants);
}

}  // namespace
}  // namespace ingot::fuzz
