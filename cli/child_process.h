#ifndef CLI_CHILD_PROCESS_H_
#define CLI_CHILD_PROCESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

// Another program, run to its end. In: its path and arguments, no shell
// between. Out: what it wrote to standard output, and its exit code; standard
// error is passed through. A non-OK status means that it could not be run, or
// died.

namespace ingot::cli {

struct ChildResult {
  int exit_code = 0;
  std::string out;
};

absl::StatusOr<ChildResult> RunChild(const std::vector<std::string>& words);

}  // namespace ingot::cli

#endif  // CLI_CHILD_PROCESS_H_
