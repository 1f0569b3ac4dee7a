// Accept or reject: our decoder and validator beside V8's and wasm-tools', on
// every file of the corpus, on every module of the specification's scripts, the
// malformed and invalid ones among them, on generated modules, and on mutations
// of all. What a witness rejects we reject; what it accepts we may refuse only
// by a limit (codes 300 to 399) or as a proposal outside of the profile (400 to
// 499). INGOT_MUTATIONS sets their number; INGOT_ASK_WASM_TOOLS=1 asks
// wasm-tools, whose build takes some minutes.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "compiler/base/error_text.h"
#include "fuzz/differential/random.h"
#include "fuzz/generator/generator.h"
#include "gtest/gtest.h"
#include "runtime/program.h"
#include "runtime/spec/convert.h"

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

// Verdicts in order, from a command that reads nothing but its arguments.
std::vector<std::string> LinesOf(const std::string& command) {
  std::vector<std::string> lines;
  std::FILE* witness = popen(command.c_str(), "r");
  std::string line;
  for (int c; witness != nullptr && (c = std::fgetc(witness)) != EOF;) {
    if (c != '\n') {
      line.push_back(static_cast<char>(c));
      continue;
    }
    lines.push_back(line);
    line.clear();
  }
  if (witness != nullptr) pclose(witness);
  return lines;
}

// The modules as the witnesses read them, each after its length.
void WriteStream(std::span<const Candidate> candidates,
                 const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  for (const Candidate& candidate : candidates) {
    const uint32_t size = static_cast<uint32_t>(candidate.bytes.size());
    const char length[4] = {
        static_cast<char>(size), static_cast<char>(size >> 8),
        static_cast<char>(size >> 16), static_cast<char>(size >> 24)};
    out.write(length, sizeof length);
    out.write(reinterpret_cast<const char*>(candidate.bytes.data()), size);
  }
}

// V8's verdicts; empty when there is no node.
std::vector<std::string> AskV8(const std::string& stream) {
  return LinesOf("node fuzz/validity/validate.mjs < '" + stream + "'");
}

// wasm-tools' verdicts; empty when it was not to be asked.
std::vector<std::string> AskWasmTools(const std::string& stream, size_t count) {
  if (std::getenv("INGOT_ASK_WASM_TOOLS") == nullptr) return {};
  auto lines = LinesOf("fuzz/validity/ask_wasm_tools < '" + stream + "'");
  EXPECT_EQ(lines.size(), count) << "wasm-tools gave no answer";
  return lines;
}

// A witness's own limit, by its words.
bool IsLimit(const std::string& why) {
  for (const char* text :
       {"exceeds internal limit", "size > maximum", "exceeds maximum",
        "local count too large", "maximum function size",
        "larger than implementation limit", "exceed implementation limit",
        "implementation limit", "too many locals", "size is out of bounds",
        "exceeds limit", "exceeds the limit of"}) {
    if (absl::StrContains(why, text)) return true;
  }
  return false;
}

// One witness's agreement with us, in classes.
struct Agreement {
  explicit Agreement(std::string name) : witness(std::move(name)) {}

  std::string witness;
  uint64_t both_accept = 0;
  uint64_t both_reject = 0;
  // How often, and the first module of it.
  absl::btree_map<std::string, std::pair<uint64_t, std::string>> differ;

  void Add(const Candidate& candidate, const Status& rejection,
           const std::string& verdict) {
    const bool valid = verdict[0] == '1';
    const int code = static_cast<int>(rejection.code);
    if (rejection.ok() == valid) {
      ++(valid ? both_accept : both_reject);
    } else if (code >= 300 && code < 500) {
      Differs(candidate, absl::StrCat(code < 400 ? "our limit " : "proposal ",
                                      NameOf(rejection.code)));
    } else if (rejection.ok() && IsLimit(verdict)) {
      Differs(candidate, absl::StrCat("its limit: ", ClassOf(verdict)));
    } else {
      ADD_FAILURE() << candidate.name << ": code " << code << " at "
                    << rejection.function << ":" << rejection.offset << "; "
                    << witness << ": " << verdict;
    }
  }

  void Print() const {
    std::printf("%s: both accept %llu, both reject %llu\n", witness.c_str(),
                static_cast<unsigned long long>(both_accept),
                static_cast<unsigned long long>(both_reject));
    for (const auto& [name, examples] : differ) {
      std::printf("  %6llu %s (%s)\n",
                  static_cast<unsigned long long>(examples.first), name.c_str(),
                  examples.second.c_str());
    }
  }

 private:
  static std::string NameOf(Code code) {
    return std::string(TextOf(code).name);
  }
  // Without numbers, which differ from module to module.
  static std::string ClassOf(const std::string& verdict) {
    std::string name;
    for (const char c : verdict.substr(1)) {
      if ((c < '0' || c > '9') && name.size() < 70) name.push_back(c);
    }
    return name;
  }
  void Differs(const Candidate& candidate, const std::string& name) {
    auto& entry = differ[name];
    if (entry.first++ == 0) entry.second = candidate.name;
  }
};

void CompareAll(std::span<const Candidate> candidates) {
  Agreement v8("V8");
  Agreement tools("wasm-tools");
  Profile profile;
  profile.features = wasm::Features::kAll;
  constexpr size_t kAtOnce = 2000;
  for (size_t first = 0; first < candidates.size(); first += kAtOnce) {
    const auto some = candidates.subspan(
        first, std::min(kAtOnce, candidates.size() - first));
    const std::string stream = testing::TempDir() + "/modules.bin";
    WriteStream(some, stream);
    const std::vector<std::string> by_v8 = AskV8(stream);
    const std::vector<std::string> by_tools = AskWasmTools(stream, some.size());
    std::filesystem::remove(stream);
    if (by_v8.empty()) GTEST_SKIP() << "node is absent";
    ASSERT_EQ(by_v8.size(), some.size());
    if (testing::Test::HasFailure()) break;
    for (size_t i = 0; i < some.size(); ++i) {
      Status rejection;
      const auto program = runtime::Program::FromModule(some[i].bytes, profile,
                                                        &rejection);
      ASSERT_TRUE(program.ok()) << program.status();
      v8.Add(some[i], rejection, by_v8[i]);
      if (!by_tools.empty()) tools.Add(some[i], rejection, by_tools[i]);
    }
    if (testing::Test::HasFailure()) break;
  }
  std::printf("%zu modules\n", candidates.size());
  v8.Print();
  if (tools.both_accept + tools.both_reject != 0) tools.Print();
}

TEST(ValidityTest, AgreesOnTheCorpus) {
  const std::vector<Candidate> all = CorpusModules();
  if (all.empty()) {
    GTEST_SKIP() << "the corpus is absent: no modules in " << Corpus()
                 << " (set INGOT_CORPUS)";
  }
  CompareAll(all);
}

// The modules of the specification's scripts, of every kind.
std::vector<Candidate> SpecModules() {
  std::vector<Candidate> all;
  const std::string scripts = Corpus() + "/spec/core-2.0";
  if (!std::filesystem::is_directory(scripts)) return all;
  for (const auto& entry : std::filesystem::directory_iterator(scripts)) {
    if (entry.path().extension() != ".wast") continue;
    const std::string name = entry.path().stem();
    const std::string work = testing::TempDir() + "/spec_" + name;
    std::filesystem::create_directories(work);
    const auto json = runtime::spec::ConvertScript(entry.path(), work);
    EXPECT_TRUE(json.ok()) << json.status();
    for (const auto& file : std::filesystem::directory_iterator(work)) {
      if (file.path().extension() != ".wasm") continue;
      std::ifstream in(file.path(), std::ios::binary);
      all.push_back({"spec " + file.path().filename().string(),
                     {std::istreambuf_iterator<char>(in), {}}});
    }
    std::filesystem::remove_all(work);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.name < b.name;
  });
  return all;
}

TEST(ValidityTest, AgreesOnTheSpecificationsModules) {
  const std::vector<Candidate> all = SpecModules();
  if (all.empty()) {
    GTEST_SKIP() << "the corpus is absent: no scripts in " << Corpus()
                 << "/spec (set INGOT_CORPUS)";
  }
  EXPECT_GT(all.size(), 2000u);
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

TEST(ValidityTest, AgreesOnMutations) {
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
