// libFuzzer's entry points for targets whose input is a module.

#include <algorithm>
#include <cstring>

#include "fuzz/targets/module_mutator.h"

namespace ingot::fuzz {
namespace {

// A result that is too long is cut: a truncated module is an input as well.
size_t Store(const std::vector<uint8_t>& result, uint8_t* data,
             size_t max_size) {
  const size_t size = std::min(result.size(), max_size);
  std::memcpy(data, result.data(), size);
  return size;
}

}  // namespace
}  // namespace ingot::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  ingot::fuzz::ModuleMutator mutator({data, size}, seed);
  std::vector<uint8_t> result = mutator.Mutate(max_size);
  // Two edits at once now and then.
  if (seed % 4 == 0) {
    result = ingot::fuzz::ModuleMutator(result, ~seed).Mutate(max_size);
  }
  return ingot::fuzz::Store(result, data, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1,
                                            const uint8_t* data2, size_t size2,
                                            uint8_t* out, size_t max_out_size,
                                            unsigned int seed) {
  ingot::fuzz::ModuleMutator mutator({data1, size1}, seed);
  return ingot::fuzz::Store(mutator.CrossWith({data2, size2}), out,
                            max_out_size);
}
