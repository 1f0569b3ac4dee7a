#ifndef BUILD_RULES_RULES_SOURCE_TREE_H_
#define BUILD_RULES_RULES_SOURCE_TREE_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

// The project's own files as the rules see them. In: the folder that holds
// WORKSPACE. Out: every text file we wrote, sorted by path. Holds: build
// outputs, fetched sources and hidden folders are left out.

namespace ingot::rules {

struct SourceFile {
  std::string path;  // relative to the root, with '/'
  std::string text;

  std::string_view Extension() const;
  // Reads as C++: .h, .cc, .c, .def.
  bool IsCpp() const;
  // Tests, benchmarks and fuzz targets, which no rule on freestanding code
  // binds.
  bool IsTest() const;
};

// The workspace that this test was built from.
std::filesystem::path WorkspaceRoot();

std::vector<SourceFile> ReadTree(const std::filesystem::path& root);

// C++ text with comments and the insides of string and character literals
// replaced by blanks; line breaks stay, so line numbers do.
std::string BlankCommentsAndLiterals(std::string_view text);

// Like that, for comments only.
std::string BlankComments(std::string_view text);

std::vector<std::string_view> Lines(std::string_view text);

}  // namespace ingot::rules

#endif  // BUILD_RULES_RULES_SOURCE_TREE_H_
