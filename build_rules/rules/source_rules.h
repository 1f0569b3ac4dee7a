#ifndef BUILD_RULES_RULES_SOURCE_RULES_H_
#define BUILD_RULES_RULES_SOURCE_RULES_H_

#include <compare>
#include <filesystem>
#include <string>
#include <vector>

#include "build_rules/rules/source_tree.h"

// The rules on sources that a compiler does not check. In: the files of a tree.
// Out: what breaks a rule, in order of path and line; nothing when all hold.

namespace ingot::rules {

struct Finding {
  std::string path;
  int line = 0;  // from 1; 0: the file or folder as a whole
  std::string what;

  auto operator<=>(const Finding&) const = default;
};

// compiler/ and metering/ include only each other, asmjit (compiler/x64/ only)
// and standard headers that need no operating system.
std::vector<Finding> FindForeignIncludes(const std::vector<SourceFile>& files);

// A room includes only the rooms below it (docs/architecture.md); tests may
// look anywhere.
std::vector<Finding> FindWrongArrows(const std::vector<SourceFile>& files);

// Nowhere a container whose order hangs on a hash or on an address: hash maps
// and hashes of the standard library and Abseil, ordered containers keyed by
// pointers, map fields in protobuf files.
std::vector<Finding> FindHashOrder(const std::vector<SourceFile>& files);

// No file of code is longer than 800 lines.
std::vector<Finding> FindLongFiles(const std::vector<SourceFile>& files);

// Every code of the tables of errors, artifact errors and the verifier's
// refusals is named by a test.
std::vector<Finding> FindUntestedCodes(const std::vector<SourceFile>& files);

// The verifier stays small enough to be read: a bound on the lines of
// runtime/verifier without tests, blank lines and comments.
std::vector<Finding> FindLargeVerifier(const std::vector<SourceFile>& files);

// Each folder with code has a README.md; no file or folder is called util,
// common, helpers, misc or manager; include guards follow the path; nothing
// is left for later by a marker in a comment.
std::vector<Finding> FindLayoutFaults(const std::vector<SourceFile>& files);

// Each link of a Markdown file to a file of the tree leads to one. `root` is
// where the files were read.
std::vector<Finding> FindDeadLinks(const std::filesystem::path& root,
                                   const std::vector<SourceFile>& files);

}  // namespace ingot::rules

#endif  // BUILD_RULES_RULES_SOURCE_RULES_H_
