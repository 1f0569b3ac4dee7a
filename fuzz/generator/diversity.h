#ifndef FUZZ_GENERATOR_DIVERSITY_H_
#define FUZZ_GENERATOR_DIVERSITY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/wasm/opcodes.h"

// What a set of modules consists of. In: modules. Out: how often each
// instruction stands in them, how deep blocks nest, how many values are alive,
// how large frames and tables of branches are.

namespace ingot::fuzz {

class Diversity {
 public:
  // The module is valid under the largest set of features.
  void Add(const std::vector<uint8_t>& module);

  // Instructions of the table that no module has.
  std::vector<std::string> Missing() const;
  // A few lines; `every`: also a line per instruction.
  enum class Detail : uint8_t { kSummary, kEveryInstruction };
  std::string Report(Detail detail) const;

 private:
  struct Largest {
    uint64_t sum = 0;
    uint64_t count = 0;
    uint64_t largest = 0;
    void Add(uint64_t value);
    std::string Text() const;
  };

  uint64_t modules_ = 0;
  uint64_t bytes_ = 0;
  uint64_t instructions_ = 0;
  uint64_t ops_[wasm::kOpCount] = {};
  Largest depth_;
  Largest height_;
  Largest locals_;
  Largest labels_;
  Largest params_;
  Largest results_;
};

}  // namespace ingot::fuzz

#endif  // FUZZ_GENERATOR_DIVERSITY_H_
