// A compilation, step by step, as docs/compiler-abi.md defines it. In: module
// bytes, profile, limit, a loaded compiler.wasm. Out: the verdict. Holds: the
// gas of the verdict is the sum over instantiation, ingot_input, ingot_plan,
// the batches in order, ingot_link_input and ingot_link, wherever and whenever
// each ran, and of what the host does itself, which is priced by its size:
// hashing, copying, restoring the memory that the plan left, verifying.

#include "sandbox/compile_job.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "compiler/wasm32/abi.h"
#include "metering/gas.h"
#include "runtime/artifact/artifact_error.h"
#include "runtime/artifact/artifact_reader.h"
#include "runtime/verifier/verify_artifact.h"
#include "sandbox/compiler_instance.h"

namespace ingot::sandbox {
namespace {

// What plan, batches and link have come to so far, under one gas counter. The
// first step that is no success ends the job, and its verdict stands.
class Fold {
 public:
  Fold(Verdict verdict, uint64_t limit)
      : verdict_(std::move(verdict)), limit_(limit) {}

  uint64_t GasLeft() const { return limit_ - verdict_.compile_gas; }

  // Adds the next step in order. False when it ends the job.
  [[nodiscard]] bool Add(const StepResult& step) {
    if (step.kind == StepResult::Kind::kOutOfGas || step.gas > GasLeft()) {
      verdict_.kind = VerdictKind::kOutOfGas;
      verdict_.compile_gas = limit_;
      return false;
    }
    verdict_.compile_gas += step.gas;
    switch (step.kind) {
      case StepResult::Kind::kDone:
        return true;
      case StepResult::Kind::kRefused:
        verdict_.code = step.refusal.code;
        verdict_.function = step.refusal.function;
        verdict_.offset = step.refusal.offset;
        verdict_.kind = step.refusal.code == Code::kOutOfMemory
                            ? VerdictKind::kOutOfMemory
                            : VerdictKind::kRejected;
        return false;
      case StepResult::Kind::kDefect:
      case StepResult::Kind::kOutOfGas:
        verdict_.kind = VerdictKind::kRejected;
        verdict_.code = Code::kCompilerDefect;
        verdict_.defect = step.defect;
        return false;
    }
    return false;
  }

  // After plan only a lack of memory may stop the compiler.
  [[nodiscard]] bool AddAfterPlan(StepResult step) {
    if (step.kind == StepResult::Kind::kRefused &&
        step.refusal.code != Code::kOutOfMemory) {
      step.kind = StepResult::Kind::kDefect;
    }
    return Add(step);
  }

  // Work of the host itself that comes next. False when it ends the job.
  [[nodiscard]] bool Charge(uint64_t price) {
    StepResult step;
    step.gas = price;
    return Add(step);
  }

  // Ends the job between two steps.
  void End(VerdictKind kind, Code code) {
    verdict_.kind = kind;
    verdict_.code = code;
  }

  Verdict Take() { return std::move(verdict_); }

 private:
  Verdict verdict_;
  uint64_t limit_;
};

struct Batch {
  absl::Status fault;
  StepResult step;
  std::vector<uint8_t> piece;
};

void Tell(const JobOptions& options, JobOptions::Step step) {
  if (options.on_step) options.on_step(step);
}

// Runs one batch in an instance of its own.
Batch RunBatch(const SandboxedCompiler& compiler, const Profile& profile,
               const CompilerInstance::Image& image, uint32_t index,
               uint64_t gas_limit, const JobOptions& options) {
  Batch batch;
  Tell(options, JobOptions::Step::kBatch);
  absl::StatusOr<std::unique_ptr<CompilerInstance>> instance =
      CompilerInstance::Restore(compiler, profile.compiler_memory_pages, image);
  if (!instance.ok()) {
    batch.fault = instance.status();
    return batch;
  }
  absl::StatusOr<StepResult> step = (*instance)->Run(
      wasm32::kExportCompileFunctions, {index}, gas_limit);
  if (!step.ok()) {
    batch.fault = step.status();
    return batch;
  }
  batch.step = *std::move(step);
  if (batch.step.kind == StepResult::Kind::kDone) {
    batch.piece = (*instance)->TakeOutput(&batch.step);
  }
  return batch;
}

// Runs all batches, `options.threads` at a time. Those behind one that was no
// success may be missing: they cannot matter.
std::vector<Batch> RunBatches(const SandboxedCompiler& compiler,
                              const Profile& profile,
                              const CompilerInstance::Image& image,
                              uint64_t gas_limit, const JobOptions& options) {
  std::vector<Batch> batches(image.batches);
  std::atomic<uint32_t> next{0};
  std::atomic<bool> stop{false};
  const auto work = [&] {
    while (!stop) {
      // Indices are handed out in order, so whatever is missing in the end
      // lies behind the batch that set `stop`.
      const uint32_t index = next++;
      if (index >= batches.size()) return;
      batches[index] =
          RunBatch(compiler, profile, image, index, gas_limit, options);
      if (!batches[index].fault.ok() ||
          batches[index].step.kind != StepResult::Kind::kDone) {
        stop = true;
      }
    }
  };
  const uint32_t helpers = std::min<uint32_t>(options.threads, image.batches);
  std::vector<std::thread> pool;
  for (uint32_t i = 1; i < helpers; ++i) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
  return batches;
}

// Adds the batches in order; false when one ends the job.
absl::StatusOr<bool> FoldBatches(const std::vector<Batch>& batches,
                                 uint64_t plan_bytes, Fold& fold) {
  const uint64_t price = wasm32::BatchHostGas(plan_bytes);
  for (const Batch& batch : batches) {
    if (!batch.fault.ok()) return batch.fault;
    if (!fold.Charge(price) || !fold.AddAfterPlan(batch.step)) return false;
  }
  return true;
}

// The link's input: the pieces' lengths, then the pieces as they lie.
struct LinkInput {
  std::vector<uint8_t> sizes;
  std::vector<std::span<const uint8_t>> parts;
  uint64_t bytes = 0;  // of all pieces

  explicit LinkInput(const std::vector<Batch>& batches) {
    for (const Batch& batch : batches) {
      const auto size = static_cast<uint32_t>(batch.piece.size());
      for (int shift = 0; shift < 32; shift += 8) {
        sizes.push_back(static_cast<uint8_t>(size >> shift));
      }
      bytes += size;
    }
    parts.push_back(sizes);
    for (const Batch& batch : batches) parts.push_back(batch.piece);
  }
};

absl::Status Compile(const SandboxedCompiler& compiler,
                     std::span<const uint8_t> module_bytes,
                     const Profile& profile,
                     std::span<const uint8_t> profile_bytes,
                     const Verdict& digests, const JobOptions& options,
                     Fold& fold,
                     std::vector<uint8_t>* artifact) {
  const uint32_t pages = profile.compiler_memory_pages;
  if (!fold.Charge(wasm32::JobHostGas(module_bytes.size()))) {
    return absl::OkStatus();
  }
  StepResult step;
  absl::StatusOr<std::unique_ptr<CompilerInstance>> created =
      CompilerInstance::Create(compiler, pages, fold.GasLeft(), &step);
  if (!created.ok()) return created.status();
  if (!fold.Add(step)) return absl::OkStatus();
  CompilerInstance& instance = **created;

  // Input: three digests, the profile, the module.
  std::vector<uint8_t> head;
  for (const Digest& digest :
       {digests.module_digest, digests.compiler_digest,
        digests.profile_digest}) {
    head.insert(head.end(), digest.bytes.begin(), digest.bytes.end());
  }
  head.insert(head.end(), profile_bytes.begin(), profile_bytes.end());
  absl::StatusOr<StepResult> input =
      instance.Place(wasm32::kExportInput,
                     {pages, static_cast<uint32_t>(module_bytes.size()),
                      static_cast<uint32_t>(profile_bytes.size())},
                     {{head, module_bytes}}, fold.GasLeft());
  if (!input.ok()) return input.status();
  if (!fold.Add(*input)) return absl::OkStatus();

  Tell(options, JobOptions::Step::kPlan);
  absl::StatusOr<StepResult> plan =
      instance.Run(wasm32::kExportPlan, {}, fold.GasLeft());
  if (!plan.ok()) return plan.status();
  if (!fold.Add(*plan)) return absl::OkStatus();

  const CompilerInstance::Image image = instance.TakeImage();
  if (image.batches > module_bytes.size()) {
    // Each batch holds at least one body.
    fold.End(VerdictKind::kRejected, Code::kCompilerDefect);
    return absl::OkStatus();
  }
  std::vector<Batch> batches =
      RunBatches(compiler, profile, image, fold.GasLeft(), options);
  const absl::StatusOr<bool> compiled =
      FoldBatches(batches, image.memory.size(), fold);
  if (!compiled.ok()) return compiled.status();
  if (!*compiled) return absl::OkStatus();
  const LinkInput pieces(batches);
  if (pieces.bytes > 0xFFFFFFFF) {
    // More than any linear memory holds.
    fold.End(VerdictKind::kOutOfMemory, Code::kOutOfMemory);
    return absl::OkStatus();
  }

  Tell(options, JobOptions::Step::kLink);
  // The first instance still holds what the plan left: it links.
  absl::StatusOr<StepResult> link_input = instance.Place(
      wasm32::kExportLinkInput,
      {static_cast<uint32_t>(batches.size()),
       static_cast<uint32_t>(pieces.bytes)},
      pieces.parts, fold.GasLeft());
  if (!link_input.ok()) return link_input.status();
  if (!fold.AddAfterPlan(*link_input)) return absl::OkStatus();

  absl::StatusOr<StepResult> link =
      instance.Run(wasm32::kExportLink, {}, fold.GasLeft());
  if (!link.ok()) return link.status();
  std::vector<uint8_t> output;
  if (link->kind == StepResult::Kind::kDone) {
    output = instance.TakeOutput(&*link);
    link->gas += wasm32::kHostGasPerArtifactByte * output.size();
  }
  if (fold.AddAfterPlan(*link)) *artifact = std::move(output);
  return absl::OkStatus();
}

// An ArtifactError for what is no artifact of this module, or one whose code
// may leave its instance or run for less than its price. What this processor
// can run does not matter.
absl::Status Verify(std::span<const uint8_t> artifact,
                    std::span<const uint8_t> module_bytes,
                    const Digest& module_digest) {
  const auto view = runtime::ReadArtifact(artifact, {.any_processor = true});
  if (!view.ok()) return view.status();
  return runtime::VerifyWithModule(*view, module_bytes, module_digest);
}

}  // namespace

absl::StatusOr<Verdict> CompileInSandbox(const SandboxedCompiler& compiler,
                                         std::span<const uint8_t> module_bytes,
                                         const Profile& profile,
                                         const JobOptions& options) {
  if (module_bytes.size() > 0xFFFFFFFF) {
    return absl::InvalidArgumentError("a module has less than 4 GiB");
  }
  std::vector<uint8_t> profile_bytes(kProfileBytes);
  Encode(profile, profile_bytes);
  Verdict digests;
  digests.module_digest = Sha256(module_bytes);
  digests.compiler_digest = compiler.digest;
  digests.profile_digest = Sha256(profile_bytes);

  Fold fold(digests, Gas::FromLimit(options.gas_limit).value());
  std::vector<uint8_t> artifact;
  const absl::Status fault =
      Compile(compiler, module_bytes, profile, profile_bytes, digests, options,
              fold, &artifact);
  if (!fault.ok()) return fault;
  Verdict verdict = fold.Take();
  if (verdict.kind == VerdictKind::kAccepted && options.verify) {
    Tell(options, JobOptions::Step::kVerify);
    const absl::Status verified =
        Verify(artifact, module_bytes, digests.module_digest);
    if (runtime::ArtifactErrorOf(verified) != runtime::ArtifactError::kNone) {
      verdict.kind = VerdictKind::kRejected;
      verdict.code = Code::kCompilerDefect;
    } else if (!verified.ok()) {
      return verified;
    }
  }
  if (verdict.kind == VerdictKind::kAccepted) {
    verdict.artifact = std::move(artifact);
    verdict.artifact_digest = Sha256(verdict.artifact);
  }
  return verdict;
}

}  // namespace ingot::sandbox
