#ifndef SANDBOX_COMPILER_INSTANCE_H_
#define SANDBOX_COMPILER_INSTANCE_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "compiler/base/status.h"
#include "compiler/wasm32/abi.h"
#include "runtime/store.h"
#include "runtime/transaction.h"
#include "sandbox/compile_job.h"
#include "sandbox/verdict.h"

// One instance of compiler.wasm with its budgets, spoken to as
// docs/compiler-abi.md says. In: calls with their gas limits, bytes to place in
// linear memory. Out: for each counted call a StepResult, and output bytes.
// Holds: compiler.wasm is not trusted; an address or a code of its that makes
// no sense is a defect, as a trap is. A non-OK status is a fault of the host.

namespace ingot::sandbox {

// How one counted call ended.
struct StepResult {
  enum class Kind : uint8_t { kDone, kRefused, kDefect, kOutOfGas };
  Kind kind = Kind::kDone;
  uint64_t gas = 0;  // used; the call's limit when out of gas
  Status refusal;    // kRefused only
  Defect defect;     // kDefect only
};

// What instantiating compiler.wasm came to, the same every time.
struct FirstInstance {
  uint64_t gas = 0;
  std::vector<uint8_t> memory;
  uint32_t result_address = 0;
};

// An instance and the store that holds nothing else.
struct StoredInstance {
  std::unique_ptr<runtime::Store> store;
  runtime::InstanceId id = runtime::kNoInstance;
  std::shared_ptr<const FirstInstance> first;
};

// Instances between two jobs, in whatever state. Any thread.
class SpareInstances {
 public:
  // No store when there is none.
  StoredInstance Take();
  // Drops it when there are enough.
  void Put(StoredInstance instance);

 private:
  std::mutex mutex_;
  std::vector<StoredInstance> spares_;
};

class CompilerInstance {
 public:
  // The linear memory that a plan left: a view of the instance that ran it,
  // valid until that instance runs again.
  struct Image {
    std::span<const uint8_t> memory;
    uint32_t batches = 0;
  };

  // A fresh instance; `*step` is its instantiation. Unless that is kDone the
  // result must not be used.
  static absl::StatusOr<std::unique_ptr<CompilerInstance>> Create(
      const SandboxedCompiler& compiler, uint32_t memory_pages,
      uint64_t gas_limit, StepResult* step);

  // An instance in the state that a plan left. Costs no gas.
  static absl::StatusOr<std::unique_ptr<CompilerInstance>> Restore(
      const SandboxedCompiler& compiler, uint32_t memory_pages,
      const Image& image);

  // Leaves the instance to later jobs if its last call returned.
  ~CompilerInstance();
  CompilerInstance(const CompilerInstance&) = delete;
  CompilerInstance& operator=(const CompilerInstance&) = delete;

  // Calls an export that returns a code.
  absl::StatusOr<StepResult> Run(std::string_view name,
                                 std::initializer_list<uint32_t> args,
                                 uint64_t gas_limit);

  // Calls an export that returns an address, and writes `parts` there, one
  // after the other.
  absl::StatusOr<StepResult> Place(
      std::string_view name, std::initializer_list<uint32_t> args,
      const std::vector<std::span<const uint8_t>>& parts, uint64_t gas_limit);

  // The output of the last call; `*step` becomes a defect if it is no range of
  // linear memory.
  std::vector<uint8_t> TakeOutput(StepResult* step);

  // After a plan.
  Image TakeImage();

  runtime::Store& store() { return *held_.store; }
  runtime::InstanceId id() const { return held_.id; }

 private:
  CompilerInstance(const SandboxedCompiler& compiler, uint32_t memory_pages);

  // An instance that another job left, with this memory and its pages counted;
  // null when there is none.
  static absl::StatusOr<std::unique_ptr<CompilerInstance>> Reuse(
      const SandboxedCompiler& compiler, uint32_t memory_pages,
      std::span<const uint8_t>* memory);

  // Instantiates; then asks for the ABI version and the result's address,
  // which costs the job nothing.
  absl::Status Instantiate(const SandboxedCompiler& compiler,
                           uint64_t gas_limit, StepResult* step);

  // Any call. Unless `*step` is kDone the value means nothing.
  absl::StatusOr<uint32_t> Call(std::string_view name,
                                std::initializer_list<uint32_t> args,
                                uint64_t gas_limit, StepResult* step);

  // Reads the Result; false if it lies outside linear memory.
  [[nodiscard]] bool ReadResult(wasm32::Result* result);

  // Turns a refusal in the Result into `*step`.
  void ReadRefusal(StepResult* step);

  StoredInstance held_;
  runtime::Transaction transaction_;
  std::shared_ptr<SpareInstances> spares_;
  bool returned_ = false;  // the last call
};

}  // namespace ingot::sandbox

#endif  // SANDBOX_COMPILER_INSTANCE_H_
