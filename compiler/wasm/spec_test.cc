#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/wasm/test_module.h"
#include "gtest/gtest.h"

// The specification's scripts (INGOT_CORPUS/spec/core-2.0): every module that
// they hold is accepted, every one that they call invalid or malformed is
// refused by a code that fits the script's text. wast2json of wabt turns the
// scripts into modules; without it or the corpus the test is skipped and says
// so. Scripts that this wabt cannot read are listed below.

namespace ingot::wasm {
namespace {

namespace fs = std::filesystem;

// Codes that fit a text of the scripts, which is a prefix of it.
const std::map<std::string, std::set<std::string>>& Fitting() {
  static const auto* const table = new std::map<std::string,
                                                std::set<std::string>>{
      {"END opcode expected", {"end_expected"}},
      {"alignment must not be larger", {"alignment_too_large"}},
      // Version 2.0 knows neither tags nor `add` in constant expressions.
      {"constant expression required",
       {"constant_required", "unsupported_extended_const"}},
      {"malformed import kind",
       {"malformed_import_kind", "unsupported_exceptions"}},
      {"data count and data section", {"data_count_mismatch"}},
      {"data count section required", {"data_count_required"}},
      {"duplicate export name", {"duplicate_export"}},
      {"function and code section", {"function_code_mismatch"}},
      {"global is immutable", {"immutable_global"}},
      {"illegal opcode", {"illegal_opcode"}},
      // What a script sees as a number may be a byte to the decoder.
      {"integer representation too long",
       {"integer_too_long", "unexpected_end", "malformed_type_form"}},
      {"integer too large", {"integer_too_large", "unsupported_threads"}},
      {"invalid result arity", {"invalid_result_arity", "type_mismatch"}},
      {"length out of bounds", {"length_out_of_bounds", "unexpected_end"}},
      {"magic header not detected", {"bad_magic"}},
      {"malformed UTF-8 encoding", {"malformed_utf8"}},
      {"malformed mutability", {"malformed_mutability"}},
      {"malformed reference type", {"malformed_reference_type"}},
      {"malformed section id", {"malformed_section_id"}},
      {"memory size must be at most", {"memory_size"}},
      {"multiple memories", {"multiple_memories"}},
      {"section size mismatch", {"section_size_mismatch", "end_expected"}},
      {"size minimum must not be", {"limits_order"}},
      {"start function", {"start_function"}},
      {"too many locals", {"too_many_locals"}},
      {"type mismatch", {"type_mismatch"}},
      {"undeclared function reference", {"undeclared_function"}},
      {"unexpected content after last section", {"section_order"}},
      // Truncation may show at a count, a type index or the magic.
      {"unexpected end",
       {"unexpected_end", "length_out_of_bounds", "end_expected", "bad_magic",
        "unknown_type"}},
      {"unknown binary version", {"unknown_version"}},
      {"unknown data segment", {"unknown_data_segment", "data_count_required"}},
      {"unknown elem segment", {"unknown_element_segment"}},
      {"unknown function", {"unknown_function"}},
      {"unknown global", {"unknown_global"}},
      {"unknown label", {"unknown_label"}},
      {"unknown local", {"unknown_local"}},
      {"unknown memory", {"unknown_memory"}},
      {"unknown table", {"unknown_table"}},
      {"unknown type", {"unknown_type"}},
      {"zero byte expected", {"zero_byte_expected"}},
  };
  return *table;
}

// wabt 1.0.32 wants a table index in the text of table instructions.
const std::set<std::string>& Unreadable() {
  static const auto* const names = new std::set<std::string>{
      "table_fill", "table_get", "table_grow", "table_set", "table_size"};
  return *names;
}

// The value of a string member of a command, which stands on one line.
std::string Member(const std::string& line, const std::string& name) {
  const std::string key = "\"" + name + "\": \"";
  const size_t begin = line.find(key);
  if (begin == std::string::npos) return "";
  const size_t end = line.find('"', begin + key.size());
  return line.substr(begin + key.size(), end - begin - key.size());
}

bool Fits(const std::string& text, const std::string& code) {
  for (const auto& [prefix, codes] : Fitting()) {
    if (text.rfind(prefix, 0) == 0 && codes.count(code) != 0) return true;
  }
  return false;
}

class SpecTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const set = std::getenv("INGOT_CORPUS");
    scripts_ = fs::path(set != nullptr ? set : "../shared/corpus") / "spec" /
               "core-2.0";
    if (!fs::is_directory(scripts_)) {
      GTEST_SKIP() << "no scripts at " << scripts_
                   << "; set INGOT_CORPUS to run this test";
    }
    if (!fs::exists("/usr/bin/wast2json")) {
      GTEST_SKIP() << "no wast2json: install wabt to run this test";
    }
    folder_ = fs::path(::testing::TempDir()) / "spec_test";
    fs::create_directories(folder_);
  }

  void Check(const std::string& line) {
    const std::string type = Member(line, "type");
    const bool refused = type == "assert_invalid" || type == "assert_malformed";
    const bool accepted = type == "module" || type == "assert_unlinkable" ||
                          type == "assert_uninstantiable";
    if (!refused && !accepted) return;
    if (Member(line, "module_type") == "text") return;
    const fs::path path = folder_ / Member(line, "filename");
    std::vector<uint8_t> bytes(fs::file_size(path));
    std::ifstream in(path, std::ios::binary);
    in.read(reinterpret_cast<char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
    TestModule test(bytes);
    ++modules_;
    if (accepted) {
      EXPECT_TRUE(test.status().ok()) << line << "\n" << test.name();
    } else {
      EXPECT_TRUE(Fits(Member(line, "text"), test.name()))
          << line << "\n" << test.name();
    }
  }

  fs::path scripts_;
  fs::path folder_;
  uint32_t modules_ = 0;
};

TEST_F(SpecTest, AgreesOnEveryModuleOfTheScripts) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(scripts_)) {
    if (entry.path().extension() == ".wast") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    if (Unreadable().count(path.stem().string()) != 0) continue;
    const fs::path json = folder_ / (path.stem().string() + ".json");
    const std::string command = "/usr/bin/wast2json '" + path.string() +
                                "' -o '" + json.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    std::ifstream in(json);
    for (std::string line; std::getline(in, line);) Check(line);
  }
  EXPECT_GT(modules_, 3000u);
  RecordProperty("modules", std::to_string(modules_));
}

}  // namespace
}  // namespace ingot::wasm
