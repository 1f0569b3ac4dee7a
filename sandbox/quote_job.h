#ifndef SANDBOX_QUOTE_JOB_H_
#define SANDBOX_QUOTE_JOB_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "compiler/abi/profile.h"
#include "compiler/quote/quote.h"
#include "sandbox/compile_job.h"
#include "sandbox/verdict.h"

// What a compilation will cost, without compiling. In: module bytes, a profile,
// compiler.wasm loaded on either engine. Out: bounds of the compile gas, and
// the gas that asking took. Holds: runs the plan in the sandbox, as a
// compilation does, and then compiler.wasm's own estimate of the rest
// (compiler/quote/); so all nodes get the same quote, and it is metered. A
// quote is no verdict: only compiling says what compiling costs. A non-OK
// status is a fault of the host.

namespace ingot::sandbox {

struct Quote {
  // kAccepted: the plan found nothing wrong; compiling ends accepted, or out of
  // memory. kRejected, kOutOfMemory: compiling ends so, at this very gas; both
  // bounds are it. kOutOfGas: asking took more than the limit, and compiling
  // needs more than that. There is never an artifact.
  Verdict verdict;
  uint64_t lower_gas = 0;
  uint64_t upper_gas = 0;
  uint64_t quote_gas = 0;
  // What the bounds rest on, for those who fit them: the gas that is known
  // (to the end of the plan, and the host's own work for the batches), and the
  // work of the rest.
  uint64_t known_gas = 0;
  compiler::QuotedWork work;
};

absl::StatusOr<Quote> QuoteInSandbox(const SandboxedCompiler& compiler,
                                     std::span<const uint8_t> module_bytes,
                                     const Profile& profile,
                                     uint64_t gas_limit = uint64_t{1} << 62);

}  // namespace ingot::sandbox

#endif  // SANDBOX_QUOTE_JOB_H_
