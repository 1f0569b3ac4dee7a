#ifndef CLI_INGOT_PROCESS_H_
#define CLI_INGOT_PROCESS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chain_integration/json/json.h"

// Runs `ingot` as a user does. In: arguments. Out: exit code and both outputs.
// For tests.

namespace ingot::cli {

struct IngotResult {
  int exit_code = -1;
  std::string out;
  std::string err;

  // Standard output as one JSON object on one line; fails the test if it is
  // anything else.
  json::Value Object() const;
};

IngotResult RunIngot(const std::vector<std::string>& args);

// A file of this test alone; its path.
std::string TestFile(std::string_view name, std::string_view contents);
std::string TestFile(std::string_view name, std::span<const uint8_t> contents);
// A module of cli/testdata.
std::string TestModule(std::string_view name);

std::string Read(const std::string& path);

}  // namespace ingot::cli

#endif  // CLI_INGOT_PROCESS_H_
