// Each rule twice: the tree obeys it, and a tree with the violation planted is
// refused, so that a rule which sees nothing cannot pass.

#include "build_rules/rules/source_rules.h"

#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "build_rules/rules/source_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ingot::rules {

void PrintTo(const Finding& finding, std::ostream* out) {
  *out << "\n  " << finding.path << ":" << finding.line << ": "
       << finding.what;
}

namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<SourceFile>& OurTree() {
  static const auto* const kTree =
      new std::vector<SourceFile>(ReadTree(WorkspaceRoot()));
  return *kTree;
}

auto At(const std::string& path, int line) {
  return AllOf(Field("path", &Finding::path, path),
               Field("line", &Finding::line, line));
}

// A tree of one file.
std::vector<SourceFile> Only(const std::string& path,
                             const std::string& text) {
  return {{path, text}};
}

// The whole tree on disk, copied, with one file added.
std::vector<SourceFile> CopyWith(const std::string& path,
                                 const std::string& text) {
  const fs::path root = fs::path(testing::TempDir()) / "planted";
  fs::remove_all(root);
  for (const SourceFile& file : OurTree()) {
    fs::create_directories((root / file.path).parent_path());
    std::ofstream(root / file.path, std::ios::binary) << file.text;
  }
  fs::create_directories((root / path).parent_path());
  std::ofstream(root / path, std::ios::binary) << text;
  std::vector<SourceFile> tree = ReadTree(root);
  fs::remove_all(root);
  return tree;
}

TEST(SourceTreeTest, ReadsOurFilesAndNoOthers) {
  std::vector<std::string> paths;
  for (const SourceFile& file : OurTree()) paths.push_back(file.path);
  EXPECT_THAT(paths, Contains("build_rules/rules/source_tree.cc"));
  EXPECT_THAT(paths, Contains("compiler/base/arena.h"));
  EXPECT_THAT(paths, Not(Contains(HasSubstr(".cache"))));
  EXPECT_THAT(paths, Not(Contains(HasSubstr("bazel-"))));
}

TEST(SourceTreeTest, BlanksCommentsAndLiteralsInPlace) {
  EXPECT_EQ(BlankCommentsAndLiterals("a // b\n\"c\\\"//\" /* d\n */ 'e' 1'0"),
            "a     \n\"     \"     \n    ' ' 1'0");
  EXPECT_EQ(BlankComments("f(\"//\"); // g"), "f(\"//\");     ");
  EXPECT_EQ(BlankCommentsAndLiterals("R\"x(/*)x\" h"), "R\"      \" h");
}

TEST(FreestandingTest, TreeIncludesOnlyWhatIsAllowed) {
  EXPECT_THAT(FindForeignIncludes(OurTree()), IsEmpty());
}

TEST(FreestandingTest, RefusesPlantedIncludes) {
  for (const char* header :
       {"<unistd.h>", "<map>", "<unordered_map>", "<chrono>",
        "\"absl/status/status.h\"", "\"runtime/store.h\"", "<thread>"}) {
    const std::string text =
        std::string("#include <cstdint>\n  # include ") + header + "\n";
    EXPECT_THAT(FindForeignIncludes(Only("compiler/ir/planted.h", text)),
                ElementsAre(At("compiler/ir/planted.h", 2)))
        << header;
    EXPECT_THAT(FindForeignIncludes(Only("metering/planted.cc", text)),
                ElementsAre(At("metering/planted.cc", 2)))
        << header;
  }
}

TEST(FreestandingTest, RefusesOneIncludeInACopyOfTheTree) {
  EXPECT_THAT(FindForeignIncludes(CopyWith("compiler/base/planted.cc",
                                           "#include <cstdio>\n")),
              Contains(At("compiler/base/planted.cc", 1)));
}

TEST(FreestandingTest, KeepsAsmjitInItsRoom) {
  const std::string text = "#include \"asmjit/x86.h\"\n";
  EXPECT_THAT(FindForeignIncludes(Only("compiler/x64/planted.h", text)),
              IsEmpty());
  EXPECT_THAT(FindForeignIncludes(Only("compiler/ir/planted.h", text)),
              ElementsAre(At("compiler/ir/planted.h", 1)));
}

TEST(ArrowsTest, TreeIncludesDownwardsOnly) {
  EXPECT_THAT(FindWrongArrows(OurTree()), IsEmpty());
}

TEST(ArrowsTest, RefusesPlantedIncludes) {
  const auto wrong = [](const std::string& path, const std::string& header) {
    return FindWrongArrows(Only(path, "#include \"" + header + "\"\n"));
  };
  EXPECT_THAT(wrong("runtime/a.cc", "compiler/ir/ir.h"),
              ElementsAre(At("runtime/a.cc", 1)));
  EXPECT_THAT(wrong("runtime/a.cc", "compiler/abi/vmctx.h"), IsEmpty());
  EXPECT_THAT(wrong("runtime/a_test.cc", "compiler/ir/ir.h"), IsEmpty());
  EXPECT_THAT(wrong("metering/a.h", "compiler/ir/ir.h"),
              ElementsAre(At("metering/a.h", 1)));
  EXPECT_THAT(wrong("compiler/opt/a.h", "runtime/store.h"),
              ElementsAre(At("compiler/opt/a.h", 1)));
  EXPECT_THAT(wrong("sandbox/a.cc", "cli/output.h"),
              ElementsAre(At("sandbox/a.cc", 1)));
  EXPECT_THAT(FindWrongArrows(CopyWith("runtime/planted.cc",
                                       "#include \"sandbox/verdict.h\"\n")),
              Contains(At("runtime/planted.cc", 1)));
}

TEST(HashOrderTest, TreeHoldsNone) {
  EXPECT_THAT(FindHashOrder(OurTree()), IsEmpty());
}

TEST(HashOrderTest, RefusesPlantedContainers) {
  for (const char* code : {
           "std::unordered_map<int, int> m;",
           "std::unordered_multiset<int> m;",
           "absl::flat_hash_map<int, int> m;",
           "absl::node_hash_set<int> m;",
           "auto h = absl::Hash<int>{}(1);",
           "auto h = absl::HashOf(1);",
           "auto h = std::hash<int>{}(1);",
           "#include <unordered_set>",
           "#include \"absl/container/flat_hash_map.h\"",
           "#include \"absl/hash/hash.h\"",
           "std::map<Node*, int> m;",
           "std::set<const Node *> m;",
           "absl::btree_map<ir::Block<1>*,\n int> m;",
           "absl::btree_set<Node const*> m;",
           "google::protobuf::Map<int, int> m;",
       }) {
    for (const char* folder : {"compiler/opt", "runtime", "cli", "fuzz"}) {
      const std::string path = std::string(folder) + "/planted.cc";
      EXPECT_THAT(FindHashOrder(Only(path, "\n" + std::string(code))),
                  Contains(At(path, 2)))
          << code;
    }
  }
}

TEST(HashOrderTest, RefusesOneMapInACopyOfTheTree) {
  EXPECT_THAT(FindHashOrder(CopyWith("sandbox/planted.h",
                                     "std::unordered_set<int> seen;\n")),
              Contains(At("sandbox/planted.h", 1)));
}

TEST(HashOrderTest, RefusesPlantedProtobufMap) {
  EXPECT_THAT(
      FindHashOrder(Only("proto/ingot/v1/planted.proto",
                             "message M {\n  map<string, string> m = 1;\n}")),
      ElementsAre(At("proto/ingot/v1/planted.proto", 2)));
}

TEST(HashOrderTest, AllowsWhatIsOrdered) {
  EXPECT_THAT(
      FindHashOrder(Only(
          "runtime/planted.cc",
          "// std::unordered_map is not used here.\n"
          "absl::btree_map<std::string, Node*> m;\n"
          "const char* text = \"std::unordered_map\";\n"
          "std::map<std::pair<int, int>, std::set<int>> n;\n")),
      IsEmpty());
}

TEST(FileLengthTest, TreeHoldsNoLongFile) {
  EXPECT_THAT(FindLongFiles(OurTree()), IsEmpty());
}

TEST(FileLengthTest, RefusesTheLineBeyond) {
  std::string text;
  for (int i = 0; i < 800; ++i) text += "int a;\n";
  EXPECT_THAT(FindLongFiles(Only("cli/planted.cc", text)), IsEmpty());
  EXPECT_THAT(FindLongFiles(Only("cli/planted.cc", text + "int b;\n")),
              ElementsAre(At("cli/planted.cc", 0)));
}

TEST(UntestedCodesTest, EveryCodeIsNamedByATest) {
  EXPECT_THAT(FindUntestedCodes(OurTree()), IsEmpty());
}

TEST(UntestedCodesTest, RefusesACodeThatOnlyACommentNames) {
  std::vector<SourceFile> files = {
      {"compiler/base/errors.def",
       "// INGOT_ERROR(number, kName)\nINGOT_ERROR(1,   kOne, \"one\")\n"},
      {"compiler/base/planted_test.cc", "// kOne\nkOneMore;\n"}};
  EXPECT_THAT(FindUntestedCodes(files),
              ElementsAre(At("compiler/base/errors.def", 2)));
  files[1].text += "kOne;\n";
  EXPECT_THAT(FindUntestedCodes(files), IsEmpty());
  files[1].path = "compiler/base/planted.cc";
  EXPECT_THAT(FindUntestedCodes(files),
              ElementsAre(At("compiler/base/errors.def", 2)));
}

TEST(VerifierSizeTest, TheVerifierCanBeRead) {
  EXPECT_THAT(FindLargeVerifier(OurTree()), IsEmpty());
}

TEST(VerifierSizeTest, CountsCodeOnly) {
  std::string text;
  for (int i = 0; i < 2500; ++i) text += "int a;\n// why\n\n";
  EXPECT_THAT(FindLargeVerifier(Only("runtime/verifier/planted.cc", text)),
              IsEmpty());
  EXPECT_THAT(
      FindLargeVerifier(Only("runtime/verifier/planted.cc", text + "int b;")),
      ElementsAre(At("runtime/verifier", 0)));
  EXPECT_THAT(
      FindLargeVerifier(Only("runtime/verifier/p_test.cc", text + "int b;")),
      IsEmpty());
}

TEST(LayoutTest, TreeIsInOrder) {
  EXPECT_THAT(FindLayoutFaults(OurTree()), IsEmpty());
}

TEST(LayoutTest, RefusesPlantedFaults) {
  const std::string guarded =
      "#ifndef CLI_PLANTED_H_\n#define CLI_PLANTED_H_\n#endif\n";
  const auto faults = [](const std::string& path, const std::string& text) {
    return FindLayoutFaults(Only(path, text));
  };
  EXPECT_THAT(faults("cli/planted.h", guarded),
              Not(Contains(At("cli/planted.h", 0))));
  EXPECT_THAT(faults("cli/other.h", guarded), Contains(At("cli/other.h", 0)));
  EXPECT_THAT(faults("cli/util.cc", ""), Contains(At("cli/util.cc", 0)));
  EXPECT_THAT(faults("cli/helpers/a.cc", ""),
              Contains(At("cli/helpers/a.cc", 0)));
  EXPECT_THAT(faults("cli/planted.cc", "\n// TO" "DO: later\n"),
              Contains(At("cli/planted.cc", 2)));
  EXPECT_THAT(faults("planted/a.cc", ""), Contains(At("planted", 0)));
}

TEST(LinksTest, TreeHoldsNoDeadLink) {
  EXPECT_THAT(FindDeadLinks(WorkspaceRoot(), OurTree()), IsEmpty());
}

TEST(LinksTest, RefusesPlantedDeadLink) {
  EXPECT_THAT(
      FindDeadLinks(WorkspaceRoot(),
                    Only("build_rules/planted.md",
                         "[a](README.md)\n[b](../LICENSE#x)\n"
                         "[c](https://example.org)\n[d](missing.md)\n")),
      ElementsAre(At("build_rules/planted.md", 4)));
}

}  // namespace
}  // namespace ingot::rules
