#ifndef FUZZ_GENERATOR_GENERATOR_H_
#define FUZZ_GENERATOR_GENERATOR_H_

#include <cstdint>
#include <string>
#include <vector>

// Random modules that are valid and end. In: a seed. Out: a module, the same
// for the same seed on every machine, and calls of its exports. Holds: every
// opcode of the table occurs, every shape of control flow, calls through
// tables, traps on purpose, more live values than registers, frames of
// thousands of locals. One module in four is linked with a second one, whose
// functions, memory, tables and globals it shares, and which calls it back
// through the table. A run ends because each loop and each function entry takes
// from a counter: a global, or a local that starts small.

namespace ingot::fuzz {

struct GeneratorOptions {
  // Proposals, which the profile must have.
  bool tail_calls = false;
  bool extended_const = false;
  // Means the same to every engine: no NaN but the canonical one comes out of
  // arithmetic, and memories do not grow beyond what all engines give.
  bool portable = false;
};

struct GeneratedCall {
  std::string export_name;
  std::vector<uint64_t> args;
};

struct GeneratedModule {
  std::vector<uint8_t> bytes;
  // "library0", if it imports from there.
  std::vector<std::vector<uint8_t>> libraries;
  std::vector<GeneratedCall> calls;
};

GeneratedModule Generate(uint64_t seed, const GeneratorOptions& options = {});

}  // namespace ingot::fuzz

#endif  // FUZZ_GENERATOR_GENERATOR_H_
