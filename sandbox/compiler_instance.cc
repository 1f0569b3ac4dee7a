// See the header. The numbers of compiler.wasm are read field by field as
// little-endian, and every range is checked against linear memory before use.

#include "sandbox/compiler_instance.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "metering/gas.h"

namespace ingot::sandbox {
namespace {

// Bounds the calls that no job pays for; each runs a handful of instructions.
constexpr uint64_t kUncountedGas = 1'000'000'000;

// Chunks in which a memory image is compared with zeros.
constexpr uint64_t kChunkBytes = 4096;

// As many as a machine has use for at once. One that a large module blew up is
// made small before it is left, which gives back all pages but those that
// runtime/native/reservation.cc keeps: as many as these bytes.
constexpr size_t kMostSpares = 16;
constexpr uint64_t kLargestSpareBytes = 32 << 20;

bool IsZero(std::span<const uint8_t> bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 &&
          std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

bool InBounds(std::span<const uint8_t> memory, uint64_t address,
              uint64_t size) {
  return size <= memory.size() && address <= memory.size() - size;
}

uint32_t ReadU32(std::span<const uint8_t> memory, uint64_t address) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value |= uint32_t{memory[address + i]} << (8 * i);
  }
  return value;
}

// True for the numbers of errors.def that say something about a module.
bool IsRefusal(uint32_t code) {
  switch (code) {
#define INGOT_ERROR(number, name, json_name, message, help) case number:
#include "compiler/base/errors.def"
#undef INGOT_ERROR
    return code != static_cast<uint32_t>(Code::kCompilerDefect);
    default:
      return false;
  }
}

}  // namespace

StoredInstance SpareInstances::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (spares_.empty()) return {};
  // The last one is the likeliest to be in the processor's caches.
  StoredInstance taken = std::move(spares_.back());
  spares_.pop_back();
  return taken;
}

void SpareInstances::Put(StoredInstance instance) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (spares_.size() < kMostSpares) spares_.push_back(std::move(instance));
}

CompilerInstance::CompilerInstance(const SandboxedCompiler& compiler,
                                   uint32_t memory_pages)
    : transaction_({.stack_units = compiler.stack_units,
                    .memory_pages = memory_pages,
                    .nesting = 1}),
      spares_(compiler.spares) {}

CompilerInstance::~CompilerInstance() {
  if (!returned_ || spares_ == nullptr || held_.first == nullptr) return;
  if (held_.store->InstanceMemory(held_.id).size() > kLargestSpareBytes) {
    const absl::StatusOr<bool> reset =
        held_.store->Reset(held_.id, held_.first->memory);
    if (!reset.ok() || !*reset) return;
  }
  spares_->Put(std::move(held_));
}

absl::StatusOr<std::unique_ptr<CompilerInstance>> CompilerInstance::Reuse(
    const SandboxedCompiler& compiler, uint32_t memory_pages,
    std::span<const uint8_t>* memory) {
  if (compiler.spares == nullptr) return nullptr;
  StoredInstance spare = compiler.spares->Take();
  if (spare.store == nullptr) return nullptr;
  if (memory->data() == nullptr) *memory = spare.first->memory;
  const absl::StatusOr<bool> reset = spare.store->Reset(spare.id, *memory);
  if (!reset.ok()) return reset.status();
  if (!*reset) return nullptr;
  std::unique_ptr<CompilerInstance> instance(
      new CompilerInstance(compiler, memory_pages));
  instance->held_ = std::move(spare);
  instance->transaction_.pages_used = memory->size() / Arena::kPageBytes;
  instance->returned_ = true;
  return instance;
}

absl::StatusOr<std::unique_ptr<CompilerInstance>> CompilerInstance::Create(
    const SandboxedCompiler& compiler, uint32_t memory_pages,
    uint64_t gas_limit, StepResult* step) {
  *step = StepResult{};
  const std::span<const wasm::Limits> memories =
      compiler.program->View(compiler.program->module().memories);
  if (!memories.empty() && memories[0].min > memory_pages) {
    // compiler.wasm itself does not fit: nothing runs, nothing is paid.
    step->kind = StepResult::Kind::kRefused;
    step->refusal = Error(Code::kOutOfMemory);
    return std::unique_ptr<CompilerInstance>(
        new CompilerInstance(compiler, memory_pages));
  }
  std::span<const uint8_t> initial;
  absl::StatusOr<std::unique_ptr<CompilerInstance>> reused =
      Reuse(compiler, memory_pages, &initial);
  if (!reused.ok()) return reused.status();
  if (*reused != nullptr) {
    const uint64_t gas = (*reused)->held_.first->gas;
    step->gas = std::min(gas, gas_limit);
    if (gas > gas_limit) step->kind = StepResult::Kind::kOutOfGas;
    return reused;
  }
  absl::StatusOr<std::unique_ptr<runtime::Store>> store = compiler.make_store();
  if (!store.ok()) return store.status();
  std::unique_ptr<CompilerInstance> instance(
      new CompilerInstance(compiler, memory_pages));
  instance->held_.store = *std::move(store);
  const absl::Status fault = instance->Instantiate(compiler, gas_limit, step);
  if (!fault.ok()) return fault;
  return instance;
}

absl::StatusOr<std::unique_ptr<CompilerInstance>> CompilerInstance::Restore(
    const SandboxedCompiler& compiler, uint32_t memory_pages,
    const Image& image) {
  std::span<const uint8_t> wanted = image.memory;
  absl::StatusOr<std::unique_ptr<CompilerInstance>> reused =
      Reuse(compiler, memory_pages, &wanted);
  if (!reused.ok() || *reused != nullptr) return reused;
  StepResult step;
  absl::StatusOr<std::unique_ptr<CompilerInstance>> created =
      Create(compiler, memory_pages, Gas::kMaxValue, &step);
  if (!created.ok()) return created.status();
  CompilerInstance& instance = **created;
  if (step.kind == StepResult::Kind::kDone) {
    const absl::StatusOr<uint32_t> refused = instance.Call(
        wasm32::kExportRestore,
        {static_cast<uint32_t>(image.memory.size() / Arena::kPageBytes)},
        kUncountedGas, &step);
    if (!refused.ok()) return refused.status();
    if (*refused != 0) step.kind = StepResult::Kind::kDefect;
  }
  const std::span<uint8_t> memory =
      instance.held_.store->InstanceMemory(instance.held_.id);
  if (step.kind != StepResult::Kind::kDone ||
      memory.size() != image.memory.size()) {
    // The same steps went well in the instance that planned.
    return absl::InternalError("compiler.wasm cannot be restored");
  }
  // A fresh instance holds data segments in its initial pages and zeros in what
  // it grew by: pages that stay untouched cost the host no memory.
  const uint64_t initial = instance.held_.first->memory.size();
  for (uint64_t at = 0; at < memory.size(); at += kChunkBytes) {
    const auto chunk = image.memory.subspan(at, kChunkBytes);
    if (at >= initial && IsZero(chunk)) continue;
    std::copy(chunk.begin(), chunk.end(), memory.begin() + at);
  }
  return created;
}

absl::Status CompilerInstance::Instantiate(const SandboxedCompiler& compiler,
                                           uint64_t gas_limit,
                                           StepResult* step) {
  const auto instantiation = held_.store->Instantiate(
      compiler.program, {}, transaction_, gas_limit);
  if (!instantiation.ok()) return instantiation.status();
  held_.id = instantiation->instance;
  const runtime::Outcome& outcome = instantiation->outcome;
  step->gas = outcome.gas_used;
  if (outcome.kind == runtime::OutcomeKind::kOutOfGas) {
    step->kind = StepResult::Kind::kOutOfGas;
    return absl::OkStatus();
  }
  if (outcome.kind != runtime::OutcomeKind::kReturned) {
    step->kind = StepResult::Kind::kDefect;
    step->defect = {outcome.trap, outcome.function, outcome.offset};
    return absl::OkStatus();
  }
  const std::span<const uint8_t> memory =
      held_.store->InstanceMemory(held_.id);
  auto first = std::make_shared<FirstInstance>();
  first->gas = outcome.gas_used;
  first->memory.assign(memory.begin(), memory.end());

  StepResult uncounted;
  const absl::StatusOr<uint32_t> version =
      Call(wasm32::kExportAbiVersion, {}, kUncountedGas, &uncounted);
  if (!version.ok()) return version.status();
  if (*version != wasm32::kAbiVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("compiler.wasm has ABI version ", *version, ", not ",
                     wasm32::kAbiVersion));
  }
  const absl::StatusOr<uint32_t> address =
      Call(wasm32::kExportResult, {}, kUncountedGas, &uncounted);
  if (!address.ok()) return address.status();
  first->result_address = *address;
  held_.first = std::move(first);
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> CompilerInstance::Call(
    std::string_view name, std::initializer_list<uint32_t> args,
    uint64_t gas_limit, StepResult* step) {
  const std::optional<runtime::Extern> function =
      held_.store->FindExport(held_.id, name);
  if (!function || function->kind != wasm::ExternKind::kFunc) {
    return absl::FailedPreconditionError(
        absl::StrCat("compiler.wasm does not export ", std::string(name)));
  }
  std::vector<runtime::Value> values;
  for (const uint32_t arg : args) {
    values.push_back({wasm::ValType::kI32, arg});
  }
  returned_ = false;
  const absl::StatusOr<runtime::Outcome> outcome =
      held_.store->Call(*function, values, transaction_, gas_limit);
  if (!outcome.ok()) return outcome.status();
  *step = StepResult{};
  step->gas = outcome->gas_used;
  switch (outcome->kind) {
    case runtime::OutcomeKind::kReturned:
      returned_ = true;
      if (outcome->results.size() != 1 ||
          outcome->results[0].type != wasm::ValType::kI32) {
        return absl::FailedPreconditionError(
            absl::StrCat("compiler.wasm's ", std::string(name),
                         " has another type"));
      }
      return static_cast<uint32_t>(outcome->results[0].bits);
    case runtime::OutcomeKind::kOutOfGas:
      step->kind = StepResult::Kind::kOutOfGas;
      return 0;
    case runtime::OutcomeKind::kTrapped:
      step->kind = StepResult::Kind::kDefect;
      step->defect = {outcome->trap, outcome->function, outcome->offset};
      return 0;
    case runtime::OutcomeKind::kReverted:
      break;  // only a host function reverts, and there is none
  }
  return absl::InternalError("compiler.wasm was reverted");
}

bool CompilerInstance::ReadResult(wasm32::Result* result) {
  const std::span<const uint8_t> memory = held_.store->InstanceMemory(held_.id);
  const uint64_t address = held_.first->result_address;
  if (!InBounds(memory, address, sizeof(wasm32::Result))) return false;
  const auto field = [&](uint32_t index) {
    return ReadU32(memory, address + 4 * index);
  };
  *result = {field(0), field(1), field(2), field(3), field(4), field(5)};
  return true;
}

void CompilerInstance::ReadRefusal(StepResult* step) {
  wasm32::Result result;
  if (!ReadResult(&result) || !IsRefusal(result.code)) {
    step->kind = StepResult::Kind::kDefect;
    return;
  }
  step->kind = StepResult::Kind::kRefused;
  step->refusal = {static_cast<Code>(result.code), result.function,
                   result.offset};
}

absl::StatusOr<StepResult> CompilerInstance::Run(
    std::string_view name, std::initializer_list<uint32_t> args,
    uint64_t gas_limit) {
  StepResult step;
  const absl::StatusOr<uint32_t> code = Call(name, args, gas_limit, &step);
  if (!code.ok()) return code.status();
  if (step.kind == StepResult::Kind::kDone && *code != 0) ReadRefusal(&step);
  return step;
}

absl::StatusOr<StepResult> CompilerInstance::Place(
    std::string_view name, std::initializer_list<uint32_t> args,
    const std::vector<std::span<const uint8_t>>& parts, uint64_t gas_limit) {
  StepResult step;
  const absl::StatusOr<uint32_t> address = Call(name, args, gas_limit, &step);
  if (!address.ok()) return address.status();
  if (step.kind != StepResult::Kind::kDone) return step;
  if (*address == 0) {
    ReadRefusal(&step);
    return step;
  }
  const std::span<uint8_t> memory = held_.store->InstanceMemory(held_.id);
  uint64_t at = *address;
  for (const std::span<const uint8_t> part : parts) {
    if (!InBounds(memory, at, part.size())) {
      step.kind = StepResult::Kind::kDefect;
      return step;
    }
    std::copy(part.begin(), part.end(), memory.begin() + at);
    at += part.size();
  }
  return step;
}

std::vector<uint8_t> CompilerInstance::TakeOutput(StepResult* step) {
  const std::span<const uint8_t> memory = held_.store->InstanceMemory(held_.id);
  wasm32::Result result;
  if (!ReadResult(&result) ||
      !InBounds(memory, result.output, result.output_size)) {
    step->kind = StepResult::Kind::kDefect;
    return {};
  }
  const std::span<const uint8_t> output =
      memory.subspan(result.output, result.output_size);
  return {output.begin(), output.end()};
}

CompilerInstance::Image CompilerInstance::TakeImage() {
  Image image;
  image.memory = held_.store->InstanceMemory(held_.id);
  wasm32::Result result;
  if (ReadResult(&result)) image.batches = result.batches;
  return image;
}

}  // namespace ingot::sandbox
