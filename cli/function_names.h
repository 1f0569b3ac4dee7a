#ifndef CLI_FUNCTION_NAMES_H_
#define CLI_FUNCTION_NAMES_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/container/btree_map.h"
#include "runtime/program.h"

// What to call a function when speaking to a reader. In: module bytes, which
// may be malformed anywhere. Out: names by function index: those of the name
// section (core specification, appendix 7.4), then of exports and imports.
// Holds: whatever the bytes are, reading them ends and stays inside; names
// never change a verdict.

namespace ingot::cli {

class FunctionNames {
 public:
  FunctionNames() = default;
  // From the name section alone: for a module that does not decode.
  explicit FunctionNames(std::span<const uint8_t> module_bytes);
  explicit FunctionNames(const runtime::Program& program)
      : FunctionNames(program.bytes(), program) {}
  // The program of an artifact keeps no name section; its module has one.
  FunctionNames(std::span<const uint8_t> module_bytes,
                const runtime::Program& program);

  // The name; empty if there is none. Printable, at most 200 bytes.
  std::string Find(uint32_t function) const;
  // "function 7 (mul)" or "function 7".
  std::string Describe(uint32_t function) const;

 private:
  void ReadNameSection(std::span<const uint8_t> module_bytes);
  void Add(uint32_t function, std::string_view name);

  absl::btree_map<uint32_t, std::string> names_;
};

}  // namespace ingot::cli

#endif  // CLI_FUNCTION_NAMES_H_
