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

// What is instantiated: the subject's libraries, then its module.
using Programs = std::vector<std::shared_ptr<const runtime::Program>>;

class Execution {
 public:
  explicit Execution(const Subject& subject)
      : subject_(subject), host_(subject.host, subject.wasi_arguments) {}
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  // Instantiates and makes the steps. A trap ends its step, out of gas ends
  // all. Once. A status is a fault.
  absl::Status Run(const Programs& programs,
                   std::unique_ptr<runtime::Store> store, uint64_t gas_limit,
                   uint64_t stack_units);

  // Gas used before the step that is running.
  uint64_t used_before() const { return used_; }
  // Of the instantiations, then of each step that ran.
  const std::vector<runtime::Outcome>& outcomes() const { return outcomes_; }
  const RunHost& host() const { return host_; }
  runtime::Store& store() const { return *store_; }
  // One per program; fewer when an instantiation did not return.
  const std::vector<runtime::InstanceId>& instances() const {
    return instances_;
  }
  // Whether memory, globals and tables can be read.
  bool alive() const;

 private:
  absl::Status MakeSteps(uint64_t gas_limit, runtime::Transaction& transaction);

  const Subject& subject_;
  RunHost host_;
  std::unique_ptr<runtime::Store> store_;
  std::vector<runtime::InstanceId> instances_;
  uint64_t used_ = 0;
  std::vector<runtime::Outcome> outcomes_;
};

// What differs first; empty: nothing.
std::string Difference(const Execution& reference, const Execution& native,
                       const Programs& programs);

}  // namespace ingot::fuzz

#endif  // FUZZ_DIFFERENTIAL_EXECUTION_H_
