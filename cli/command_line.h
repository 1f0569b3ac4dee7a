#ifndef CLI_COMMAND_LINE_H_
#define CLI_COMMAND_LINE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "cli/output.h"

// The command line of `ingot`. In: arguments. Out: which command with which
// options, or text to print and an exit code. Holds: the flags, their help, the
// man pages and INTERFACE.md name the same things, because all but the last
// come from the one table in command_line.cc.

namespace CLI {
class App;
}  // namespace CLI

namespace ingot::cli {

using Command = int (*)(const Options& options, Output& output);

struct ParsedCommand {
  Command command = nullptr;  // null: print `text` and exit
  Options options;
  std::string text;
  int exit_code = kExitOk;  // for `text`: usage errors go to standard error
};

ParsedCommand ParseCommandLine(const std::vector<std::string>& args);

struct ManualPage {
  std::string file;  // "ingot-run.1"
  std::string text;  // roff
};
std::vector<ManualPage> ManualPages();

}  // namespace ingot::cli

#endif  // CLI_COMMAND_LINE_H_
