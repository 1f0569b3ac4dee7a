// A quote, step by step, as docs/compiler-abi.md defines it. In: module bytes,
// profile, limit, a loaded compiler.wasm. Out: the quote. Holds: up to the end
// of the plan each step is the compilation's own, with its gas.

#include "sandbox/quote_job.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "compiler/quote/quote.h"
#include "compiler/wasm32/abi.h"
#include "metering/gas.h"
#include "runtime/digest.h"
#include "sandbox/compiler_instance.h"

namespace ingot::sandbox {
namespace {

uint64_t ReadU64(std::span<const uint8_t> bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

// compiler.wasm is not trusted: any number may stand there.
uint64_t AddRest(uint64_t planned, uint64_t rest) {
  return Gas::FromLimit(planned).SaturatingAdd(Gas::FromLimit(rest)).value();
}

// Adds a step to the quote; false when it is the last.
bool Add(const StepResult& step, uint64_t limit, Quote& quote) {
  const uint64_t left = limit - quote.quote_gas;
  if (step.kind == StepResult::Kind::kOutOfGas || step.gas > left) {
    quote.verdict.kind = VerdictKind::kOutOfGas;
    quote.quote_gas = limit;
    quote.lower_gas = limit;
    quote.upper_gas = Gas::kMaxValue;
    return false;
  }
  quote.quote_gas += step.gas;
  if (step.kind == StepResult::Kind::kDone) return true;
  const bool refused = step.kind == StepResult::Kind::kRefused;
  quote.verdict.kind = VerdictKind::kRejected;
  quote.verdict.code = Code::kCompilerDefect;
  quote.verdict.defect = step.defect;
  if (refused) {
    quote.verdict.code = step.refusal.code;
    quote.verdict.function = step.refusal.function;
    quote.verdict.offset = step.refusal.offset;
    if (step.refusal.code == Code::kOutOfMemory) {
      quote.verdict.kind = VerdictKind::kOutOfMemory;
    }
  }
  quote.lower_gas = quote.quote_gas;
  quote.upper_gas = quote.quote_gas;
  return false;
}

// The compilation's own first steps. False: one of them was the last.
absl::StatusOr<bool> RunPlan(const SandboxedCompiler& compiler,
                             std::span<const uint8_t> module_bytes,
                             const Profile& profile, uint64_t limit,
                             std::unique_ptr<CompilerInstance>* instance,
                             Quote& quote) {
  const uint32_t pages = profile.compiler_memory_pages;
  StepResult step;
  step.gas = wasm32::JobHostGas(module_bytes.size());
  if (!Add(step, limit, quote)) return false;
  step = StepResult{};
  absl::StatusOr<std::unique_ptr<CompilerInstance>> created =
      CompilerInstance::Create(compiler, pages, limit - quote.quote_gas, &step);
  if (!created.ok()) return created.status();
  if (!Add(step, limit, quote)) return false;
  *instance = *std::move(created);

  std::vector<uint8_t> head;
  for (const Digest& digest :
       {quote.verdict.module_digest, quote.verdict.compiler_digest,
        quote.verdict.profile_digest}) {
    head.insert(head.end(), digest.bytes.begin(), digest.bytes.end());
  }
  std::vector<uint8_t> profile_bytes(kProfileBytes);
  Encode(profile, profile_bytes);
  head.insert(head.end(), profile_bytes.begin(), profile_bytes.end());
  const absl::StatusOr<StepResult> input =
      (*instance)->Place(wasm32::kExportInput,
                         {pages, static_cast<uint32_t>(module_bytes.size()),
                          static_cast<uint32_t>(profile_bytes.size())},
                         {{head, module_bytes}}, limit - quote.quote_gas);
  if (!input.ok()) return input.status();
  if (!Add(*input, limit, quote)) return false;

  const absl::StatusOr<StepResult> plan =
      (*instance)->Run(wasm32::kExportPlan, {}, limit - quote.quote_gas);
  if (!plan.ok()) return plan.status();
  return Add(*plan, limit, quote);
}

// What compiler.wasm says of the rest.
absl::Status AskForRest(CompilerInstance& instance, uint64_t module_bytes,
                        uint64_t limit, Quote& quote) {
  const uint64_t planned = quote.quote_gas;
  const CompilerInstance::Image image = instance.TakeImage();
  if (image.batches > module_bytes) {
    // Each batch holds at least one body.
    StepResult defect;
    defect.kind = StepResult::Kind::kDefect;
    (void)Add(defect, limit, quote);
    return absl::OkStatus();
  }
  quote.known_gas = planned + uint64_t{image.batches} *
                                  wasm32::BatchHostGas(image.memory.size());
  absl::StatusOr<StepResult> rest =
      instance.Run(wasm32::kExportQuote, {}, limit - quote.quote_gas);
  if (!rest.ok()) return rest.status();
  std::vector<uint8_t> output;
  if (rest->kind == StepResult::Kind::kDone) {
    output = instance.TakeOutput(&*rest);
    if (output.size() != sizeof(compiler::Quote)) {
      rest->kind = StepResult::Kind::kDefect;
    }
  }
  if (!Add(*rest, limit, quote)) return absl::OkStatus();
  const std::span<const uint8_t> written = output;
  for (uint32_t i = 0; i < compiler::kQuantities; ++i) {
    quote.work.amount[i] =
        ReadU64(written.subspan(sizeof(compiler::QuotedGas) + 8 * i));
  }
  // 0: the first batch may end out of memory.
  const uint64_t lower =
      ReadU64(written.subspan(offsetof(compiler::QuotedGas, lower)));
  quote.lower_gas = lower == 0 ? planned : AddRest(quote.known_gas, lower);
  quote.upper_gas = AddRest(
      quote.known_gas,
      ReadU64(written.subspan(offsetof(compiler::QuotedGas, upper))));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Quote> QuoteInSandbox(const SandboxedCompiler& compiler,
                                     std::span<const uint8_t> module_bytes,
                                     const Profile& profile,
                                     uint64_t gas_limit) {
  if (module_bytes.size() > 0xFFFFFFFF) {
    return absl::InvalidArgumentError("a module has less than 4 GiB");
  }
  std::vector<uint8_t> profile_bytes(kProfileBytes);
  Encode(profile, profile_bytes);
  Quote quote;
  quote.verdict.module_digest = Sha256(module_bytes);
  quote.verdict.compiler_digest = compiler.digest;
  quote.verdict.profile_digest = Sha256(profile_bytes);
  const uint64_t limit = Gas::FromLimit(gas_limit).value();
  std::unique_ptr<CompilerInstance> instance;
  const absl::StatusOr<bool> planned =
      RunPlan(compiler, module_bytes, profile, limit, &instance, quote);
  if (!planned.ok()) return planned.status();
  if (*planned) {
    const absl::Status fault =
        AskForRest(*instance, module_bytes.size(), limit, quote);
    if (!fault.ok()) return fault;
  }
  quote.verdict.compile_gas = quote.lower_gas;
  return quote;
}

}  // namespace ingot::sandbox
