// `ingot check` on bad inputs, as a user meets them: rows 1 to 8, 14, 16 and
// 17 of the reliability plan, and files that are no modules.

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "cli/ingot_process.h"
#include "gtest/gtest.h"

namespace ingot::cli {
namespace {

using namespace std::string_literals;

const std::string kHeader = "\0asm\1\0\0\0"s;

std::string Leb(uint32_t value) {
  std::string out;
  do {
    const char low = static_cast<char>(value & 0x7F);
    value >>= 7;
    out += static_cast<char>(low | (value != 0 ? 0x80 : 0));
  } while (value != 0);
  return out;
}

std::string Section(char id, const std::string& contents) {
  return id + Leb(static_cast<uint32_t>(contents.size())) + contents;
}

std::string Name(const std::string& name) {
  return Leb(static_cast<uint32_t>(name.size())) + name;
}

// Types: one, [] -> []. Functions: one of that type, with an empty body.
const std::string kType = Section(1, "\1\x60\0\0"s);
const std::string kFunction = Section(3, "\1\0"s);
const std::string kCode = Section(10, "\1\2\0\x0b"s);

// The code of the only finding.
std::string CodeOf(const IngotResult& result) {
  const json::Value object = result.Object();
  const json::Value* findings = object.Find("findings");
  if (findings == nullptr || findings->items().size() != 1) {
    ADD_FAILURE() << "not one finding: " << result.out;
    return "";
  }
  const std::string* code = findings->items()[0].FindString("code");
  return code == nullptr ? "" : *code;
}

std::string Check(const std::string& bytes) {
  const IngotResult result =
      RunIngot({"check", TestFile("module.wasm", bytes), "--json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(*result.Object().FindString("verdict"), "rejected");
  EXPECT_EQ(result.err, "");
  return CodeOf(result);
}

TEST(CheckTest, EmptyFileAndOneByteAreNoModules) {  // row 1
  EXPECT_EQ(Check(""), "bad_magic");
  EXPECT_EQ(Check("\0"s), "bad_magic");
}

TEST(CheckTest, EveryTruncationIsRefused) {  // row 2
  const std::string module =
      kHeader + kType + kFunction + kCode;
  std::vector<std::string> args = {"check", "--json"};
  for (size_t length = 0; length < module.size(); ++length) {
    args.push_back(TestFile("cut" + std::to_string(length) + ".wasm",
                            module.substr(0, length)));
  }
  const IngotResult result = RunIngot(args);
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  ASSERT_EQ(object.Find("files")->items().size(), module.size());
  for (const json::Value& file : object.Find("files")->items()) {
    const std::string& path = *file.FindString("file");
    // Between two sections a shorter module ends; it is valid until functions
    // are declared.
    const bool whole = path.ends_with("cut8.wasm") ||
                       path.ends_with("cut14.wasm");
    EXPECT_EQ(*file.FindString("verdict"), whole ? "accepted" : "rejected")
        << path;
  }
}

TEST(CheckTest, OtherMagicAndVersionsAreRefused) {  // row 3
  EXPECT_EQ(Check("\0bsm\1\0\0\0"s), "bad_magic");
  EXPECT_EQ(Check("\0asm\2\0\0\0"s), "unknown_version");
  EXPECT_EQ(Check("\0asm\x0d\0\1\0"s), "unknown_version");  // a component
}

TEST(CheckTest, MalformedNumbersAreRefused) {  // row 4
  EXPECT_EQ(Check(kHeader + "\1\6\x80\x80\x80\x80\x80\0"s),
            "integer_too_long");
  EXPECT_EQ(Check(kHeader + "\1\5\xff\xff\xff\xff\x7f"s),
            "integer_too_large");
}

TEST(CheckTest, CountsAreNotTrustedBeforeTheirBytes) {  // row 5
  const auto begin = std::chrono::steady_clock::now();
  const std::string code =
      Check(kHeader + Section(7, "\xff\xff\xff\xff\x0f"s + "0123456789"));
  EXPECT_TRUE(code == "length_out_of_bounds" || code == "limit_exports")
      << code;
  EXPECT_LT(std::chrono::steady_clock::now() - begin,
            std::chrono::seconds(5));
}

TEST(CheckTest, SizesPastTheEndAreRefused) {  // row 6
  EXPECT_EQ(Check(kHeader + "\1\x7f\1\x60\0\0"s), "length_out_of_bounds");
  EXPECT_EQ(Check(kHeader + kType + kFunction +
                  Section(10, "\1\3\0\x0b\x01"s)),
            "code_after_end");
  EXPECT_EQ(Check(kHeader + Section(1, "\1\x60\0\0\0"s)),
            "section_size_mismatch");
}

TEST(CheckTest, SectionsComeOnceAndInOrder) {  // row 7
  EXPECT_EQ(Check(kHeader + kType + kType), "section_order");
  EXPECT_EQ(Check(kHeader + kFunction + kType), "unknown_type");
  EXPECT_EQ(Check(kHeader + Section(3, "\0"s) + kType), "section_order");
  EXPECT_EQ(Check(kHeader + kType + kFunction), "function_code_mismatch");
}

TEST(CheckTest, NamesAreBoundedUtf8) {  // row 8
  EXPECT_EQ(Check(kHeader + kType + kFunction +
                  Section(7, "\1"s + Name("\xff") + "\0\0"s) + kCode),
            "malformed_utf8");
  EXPECT_EQ(Check(kHeader + kType + kFunction +
                  Section(7, "\1"s + Name(std::string(10 << 20, 'a')) +
                                 "\0\0"s) +
                  kCode),
            "limit_name_bytes");
}

TEST(CheckTest, CustomSectionsArePassedOver) {  // row 8
  std::string module = kHeader;
  const std::string custom =
      Section(0, Name("bulk") + std::string(100'000, 'x'));
  for (int i = 0; i < 100; ++i) module += custom;
  const IngotResult result =
      RunIngot({"check", TestFile("custom.wasm", module), "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
}

TEST(CheckTest, ManyImportsAndExportsMeetTheirLimits) {  // row 14
  std::string exports = Leb(100'001);
  std::string imports = Leb(100'001);
  for (uint32_t i = 0; i < 100'001; ++i) {
    exports += Name(std::to_string(i)) + "\0\0"s;
    imports += Name("m") + Name("n") + "\0\0"s;
  }
  EXPECT_EQ(Check(kHeader + kType + kFunction + Section(7, exports) + kCode),
            "limit_exports");
  EXPECT_EQ(Check(kHeader + kType + Section(2, imports)), "limit_imports");
}

TEST(CheckTest, SegmentsOutOfBoundsTrapWhenInstantiated) {  // row 16
  // One page of memory; a segment of two bytes at 65535.
  const std::string start = Section(8, "\0"s);
  const std::string module =
      kHeader + kType + kFunction + Section(5, "\1\0\1"s) +
      Section(7, "\1"s + Name("_start") + "\0\0"s) + kCode +
      Section(11, "\1\0\x41\xff\xff\x03\x0b\2ab"s);
  const std::string path = TestFile("segment.wasm", module);
  EXPECT_EQ(RunIngot({"check", path}).exit_code, 0);
  const IngotResult result =
      RunIngot({"run", path, "--engine", "interpreter", "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("outcome"), "trapped");
  EXPECT_EQ(*object.FindString("trap"), "out_of_bounds_memory");
  EXPECT_EQ(*object.FindString("phase"), "instantiate");
}

TEST(CheckTest, HugeMemoriesAndTablesMeetTheirLimits) {  // row 17
  EXPECT_EQ(Check(kHeader + Section(5, "\1\0"s + Leb(65536))),
            "limit_memory_pages");
  EXPECT_EQ(Check(kHeader + Section(4, "\1\x70\0"s + Leb(0xFFFFFFFF))),
            "limit_table_elements");
}

TEST(CheckTest, SaysWhatAFileLooksLike) {
  IngotResult result =
      RunIngot({"check", TestFile("text.wat", "(module)\n")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.out.find("wat2wasm"), std::string::npos) << result.out;

  result = RunIngot({"check", TestFile("nothing.wasm", "")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.out.find("the file is empty"), std::string::npos);
}

TEST(CheckTest, WhatCannotBeReadIsAFault) {
  IngotResult result = RunIngot({"check", testing::TempDir(), "--json"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(*result.Object().FindString("fault"), "failed_precondition");
  EXPECT_NE(result.Object().FindString("message")->find("is a directory"),
            std::string::npos);

  result = RunIngot({"check", "/nowhere/at/all.wasm", "--json"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(*result.Object().FindString("fault"), "not_found");

  result = RunIngot({"check", "/nowhere/at/all.wasm"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("no such file"), std::string::npos);
}

TEST(CheckTest, AGigabyteOfZerosIsAnsweredAtOnce) {
  const std::string path = TestFile("zeros", "");
  ASSERT_EQ(truncate(path.c_str(), 1 << 30), 0);
  const auto begin = std::chrono::steady_clock::now();
  const IngotResult result = RunIngot({"check", path, "--json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(CodeOf(result), "limit_module_bytes");
  EXPECT_NE(result.out.find("no WebAssembly module"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - begin,
            std::chrono::seconds(2));
  unlink(path.c_str());
}

TEST(CheckTest, MissingImportsAreFindingsByName) {
  const IngotResult result =
      RunIngot({"check", TestModule("imports"), "--json"});
  EXPECT_EQ(result.exit_code, 1);
  const json::Value object = result.Object();
  const json::Array& findings = object.Find("findings")->items();
  ASSERT_EQ(findings.size(), 3u) << result.out;
  EXPECT_EQ(*findings[0].FindString("code"), "unknown_import");
  EXPECT_NE(findings[0].FindString("message")->find("function env.print"),
            std::string::npos);
  EXPECT_EQ(*findings[1].FindString("code"), "unknown_import");
  EXPECT_NE(findings[1].FindString("message")->find("global env.limit"),
            std::string::npos);
  EXPECT_EQ(*findings[2].FindString("code"), "import_type");
  for (const json::Value& finding : findings) {
    EXPECT_FALSE(finding.FindString("help")->empty());
    EXPECT_TRUE(finding.Find("function")->IsNull());
    EXPECT_TRUE(finding.Find("offset")->IsNull());
  }
}

TEST(CheckTest, NamesTheFunctionOfAFinding) {
  // (func $broken (result i32) (i64.const 0)) with a name section.
  const std::string module =
      kHeader + Section(1, "\1\x60\0\1\x7f"s) + kFunction +
      Section(10, "\1\4\0\x42\0\x0b"s) +
      Section(0, Name("name") + "\1"s + Name("\1\0"s + Name("broken")));
  const std::string path = TestFile("broken.wasm", module);
  const IngotResult result = RunIngot({"check", path, "--json"});
  EXPECT_EQ(CodeOf(result), "type_mismatch");
  const json::Value object = result.Object();
  const json::Value& finding = object.Find("findings")->items()[0];
  EXPECT_EQ(finding.Find("function")->NumberLiteral(), "0");
  EXPECT_FALSE(finding.Find("offset")->IsNull());
  EXPECT_NE(finding.FindString("message")->find("broken"), std::string::npos);
}

TEST(CheckTest, SeveralFilesHaveOneVerdict) {
  const IngotResult result = RunIngot({"check", TestModule("functions"),
                                       TestModule("hello"), "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out;
  const json::Value object = result.Object();
  EXPECT_EQ(*object.FindString("verdict"), "accepted");
  EXPECT_EQ(object.Find("files")->items().size(), 2u);
  EXPECT_EQ(*object.Find("files")->items()[1].FindString("host"), "wasi");
}

}  // namespace
}  // namespace ingot::cli
