#ifndef CLI_COMMAND_TABLE_H_
#define CLI_COMMAND_TABLE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "cli/command_line.h"

// The commands as CLI11 sees them. In: nothing. Out: an App whose subcommands
// write into one Options. Holds: every command has a description, at least one
// example and a function.

namespace ingot::cli {

struct CommandEntry {
  std::string name;  // "run", "profile diff"
  CLI::App* app = nullptr;
  Command command = nullptr;
  std::string details;   // what --help and the man page say beyond the flags
  std::string examples;  // a line each: command, two spaces, what it shows
};

struct CommandTable {
  Options options;
  std::optional<std::string> file;  // where there is only one
  std::string gas_limit;            // as typed
  std::string compile_gas_limit;
  bool show_version = false;
  std::unique_ptr<CLI::App> app;
  std::vector<CommandEntry> entries;
};

// The table holds pointers into itself and must not move.
std::unique_ptr<CommandTable> MakeCommandTable();

}  // namespace ingot::cli

#endif  // CLI_COMMAND_TABLE_H_
