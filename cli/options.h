#ifndef CLI_OPTIONS_H_
#define CLI_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What the command line said. In: nothing; cli/command_line.h fills it in.
// Out: one struct for all commands; a command reads what it documents. Holds:
// names of engines, hosts and levels are valid, files need not exist.

namespace ingot::cli {

struct Options {
  // Shared flags.
  bool json = false;
  std::optional<uint64_t> gas_limit;
  std::optional<uint32_t> level;
  std::string profile;  // a path; empty: the default profile
  std::string engine;   // empty: the command's default
  std::string host;     // empty: by what the module imports
  bool stub_imports = false;

  std::vector<std::string> files;
  std::string output;

  // run, bench
  std::optional<std::string> invoke;
  std::vector<std::string> invoke_args;
  std::vector<std::string> program_args;  // after `--`
  std::optional<uint64_t> compile_gas_limit;
  uint32_t reps = 5;

  // inspect
  std::string disassemble;  // an index or a name

  // explain, profile
  std::string word;

  // call
  std::string entry;
  std::string msg;
  std::string state;
  std::string sender;
  std::string funds;
  std::string contract;
  std::optional<uint64_t> height;
  std::optional<uint64_t> time;
  std::string chain_id;
  std::vector<std::string> balances;
  std::string query_mock;
  bool diff = false;

  // reproduce
  bool allow_versions = false;

  // store, serve
  std::string store;  // a folder
  uint64_t max_bytes = 0;
  bool trust = false;

  // serve; over what its file says
  std::string config;
  std::string frames;
  std::string metrics;
  uint32_t workers = 0;  // 0: as the file says
  bool check_config = false;

  // serve, client
  std::string socket;

  // client
  std::string expected;  // an artifact's SHA-256
  std::string compiler;  // its SHA-256; empty: the node's default
  bool block_lane = false;
};

}  // namespace ingot::cli

#endif  // CLI_OPTIONS_H_
