#ifndef FUZZ_DIFFERENTIAL_EXECUTION_H_
#define FUZZ_DIFFERENTIAL_EXECUTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fuzz/differential/differential.h"
#include "fuzz/differential/host.h"
#include "runtime/store.h"
#include "runtime/transaction.h"

// A subject run by one engine, and the comparison of two such runs.

namespace ingot::fuzz {

class Execution {
 public:
  explicit Execution(const Subject& subject)
      : subject_(subject), host_(subject.host, subject.wasi_arguments) {}
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  // Instantiates and makes the steps. A trap ends its step, out of gas ends
  // all. Once. A status is a fault.
  absl::Status Run(std::shared_ptr<const runtime::Program> program,
                   std::unique_ptr<runtime::Store> store, uint64_t gas_limit,
                   uint64_t stack_units);

  // Gas used before the step that is running.
  uint64_t used_before() const { return used_; }
  // Of the instantiation, then of each step that ran.
  const std::vector<runtime::Outcome>& outcomes() const { return outcomes_; }
  const RunHost& host() const { return host_; }
  runtime::Store& store() const { return *store_; }
  runtime::InstanceId instance() const { return instance_; }
  // Whether memory, globals and tables can be read.
  bool alive() const;

 private:
  absl::Status MakeSteps(uint64_t gas_limit, runtime::Transaction& transaction);

  const Subject& subject_;
  RunHost host_;
  std::unique_ptr<runtime::Store> store_;
  runtime::InstanceId instance_ = runtime::kNoInstance;
  uint64_t used_ = 0;
  std::vector<runtime::Outcome> outcomes_;
};

// What differs first; empty: nothing.
std::string Difference(const Execution& reference, const Execution& native,
                       const runtime::Program& program);

}  // namespace ingot::fuzz

#endif  // FUZZ_DIFFERENTIAL_EXECUTION_H_
