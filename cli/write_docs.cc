// Writes docs/codes.md and docs/man/ from the tables of the command line: in:
// nothing; out: the files, in the workspace that `bazel run` was started in.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "cli/command_line.h"
#include "cli/explain.h"
#include "cli/input_file.h"

namespace {

bool Write(const std::string& path, const std::string& text) {
  const absl::Status written = ingot::cli::WriteOutputFile(path, text);
  if (!written.ok()) {
    std::fprintf(stderr, "%s\n", std::string(written.message()).c_str());
  }
  return written.ok();
}

}  // namespace

int main() {
  const char* const workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (workspace == nullptr) {
    std::fprintf(stderr, "run by: bazel run //cli:write_docs\n");
    return 2;
  }
  const std::string docs = std::string(workspace) + "/docs/";
  bool written =
      Write(docs + "codes.md", ingot::cli::ExplanationsAsMarkdown());
  for (const ingot::cli::ManualPage& page : ingot::cli::ManualPages()) {
    written = Write(docs + "man/" + page.file, page.text) && written;
  }
  return written ? 0 : 1;
}
