#ifndef FUZZ_VECTORS_VECTOR_RUNNER_H_
#define FUZZ_VECTORS_VECTOR_RUNNER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "compiler/abi/profile.h"
#include "fuzz/engines/pair_store.h"
#include "runtime/store.h"
#include "runtime/transaction.h"

// Calls exports of one module on both engines. In: a module and argument bits.
// Out: the differences found, described, and how many calls were made.

namespace ingot::fuzz {

class VectorRunner {
 public:
  // Native code is of this level and target. A memory is imported if the module
  // imports anything.
  absl::Status Start(const std::vector<uint8_t>& module, uint32_t level,
                     Isa isa);

  // Calls the export by name with arguments of its types.
  void Call(const std::string& name, std::span<const uint64_t> args);

  uint64_t calls() const { return calls_; }
  uint64_t traps() const { return traps_; }
  // The first few.
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  std::unique_ptr<runtime::Store> store_;
  runtime::Transaction transaction_{runtime::Transaction::Budget{}};
  runtime::InstanceId instance_ = runtime::kNoInstance;
  std::string call_;  // the one being made
  uint64_t calls_ = 0;
  uint64_t traps_ = 0;
  std::vector<std::string> differences_;
};

}  // namespace ingot::fuzz

#endif  // FUZZ_VECTORS_VECTOR_RUNNER_H_
