// The exports of compiler.wasm: compiler/compile.h for a host that is on the
// other side of linear memory. In: what the host wrote where ingot_input and
// ingot_link_input told it to. Out: the Result that ingot_result points to.
// Holds: linear memory is the whole state (no global or table differs from its
// initial value when an entry point returns), so a host that copies it after
// ingot_plan can run each batch, and the link, in an instance of its own.

#include <cstdint>
#include <cstring>

#include "compiler/base/arena.h"
#include "compiler/base/check.h"
#include "compiler/base/status.h"
#include "compiler/compile.h"
#include "compiler/wasm32/abi.h"
#include "compiler/wasm32/seeded_defect.h"

#define INGOT_EXPORT(name) __attribute__((export_name(#name), used))

// Where linear memory is free; set by the linker.
extern "C" uint8_t __heap_base;
extern "C" void __wasm_call_ctors();

namespace ingot::wasm32 {
namespace {

enum class Step : uint32_t { kFresh, kInput, kPlanned, kLinkInput };

// What one entry point leaves to the next.
struct State {
  Step step;
  uint32_t used;   // the arena's, as the last entry point left it
  uint64_t limit;  // bytes of linear memory
  compiler::Input input;
  uint32_t root;
  Array<uint8_t> pieces;
  Array<uint32_t> sizes;
};

// Zero-initialised, so that no constructor runs.
State state;
Result result;
compiler::Quote quote;

// The arena's base is address 0, which the language takes for "no object"; the
// empty instruction keeps the optimiser from reasoning about it.
uint8_t* LinearMemory() {
  uint8_t* base = nullptr;
  asm volatile("" : "+r"(base));
  return base;
}

uint32_t MemoryPages() {
  return static_cast<uint32_t>(__builtin_wasm_memory_size(0));
}

// An arena that goes on where the last entry point stopped.
class EntryArena {
 public:
  EntryArena()
      : arena_(LinearMemory(), state.used, MemoryPages() * Arena::kPageBytes,
               state.limit) {}

  Arena& operator*() { return arena_; }
  Arena* operator->() { return &arena_; }

  void Save() { state.used = arena_.used(); }

 private:
  Arena arena_;
};

uint32_t Finish(Status status, Array<uint8_t> output = {}) {
  result.code = static_cast<uint32_t>(status.code);
  result.function = status.function;
  result.offset = status.offset;
  result.output = status.ok() ? output.offset : 0;
  result.output_size = status.ok() ? output.size : 0;
  return result.code;
}

}  // namespace

INGOT_EXPORT(ingot_abi_version) uint32_t AbiVersion() { return kAbiVersion; }

INGOT_EXPORT(ingot_input)
uint32_t PlaceInput(uint32_t memory_pages, uint32_t module_size,
                    uint32_t profile_size) {
  INGOT_CHECK(state.step == Step::kFresh);
  __wasm_call_ctors();
  const uint32_t heap_base =
      static_cast<uint32_t>(reinterpret_cast<uintptr_t>(&__heap_base));
  state.used = heap_base;
  state.limit = uint64_t{memory_pages} * Arena::kPageBytes;
  if (MemoryPages() > memory_pages) {
    Finish(Error(Code::kOutOfMemory));
    return 0;
  }
  EntryArena arena;
  const uint32_t address = arena->Allocate(uint64_t{kInputDigestBytes} +
                                           profile_size + module_size);
  if (address == 0) {
    Finish(Error(Code::kOutOfMemory));
    return 0;
  }
  state.input.profile = {address + kInputDigestBytes, profile_size};
  state.input.module = {state.input.profile.offset + profile_size, module_size};
  state.step = Step::kInput;
  arena.Save();
  Finish(kOkStatus);
  return address;
}

INGOT_EXPORT(ingot_plan) uint32_t RunPlan() {
  INGOT_CHECK(state.step == Step::kInput);
  EntryArena arena;
  const uint8_t* digests =
      arena->At<uint8_t>(state.input.profile.offset - kInputDigestBytes);
  std::memcpy(state.input.module_digest, digests, 32);
  std::memcpy(state.input.compiler_digest, digests + 32, 32);
  std::memcpy(state.input.profile_digest, digests + 64, 32);
  SeededDefect(arena->View(state.input.module), DefectStep::kPlan);

  const Status status = compiler::Plan(*arena, state.input, &state.root);
  if (status.ok()) {
    state.step = Step::kPlanned;
    result.batches = compiler::BatchCount(*arena, state.root);
  }
  arena.Save();
  return Finish(status);
}

// Leaves the state that the plan left: its answer lies outside the arena.
INGOT_EXPORT(ingot_quote) uint32_t RunQuote() {
  INGOT_CHECK(state.step == Step::kPlanned);
  EntryArena arena;
  quote = compiler::QuoteRest(*arena, state.root);
  const auto address =
      static_cast<uint32_t>(reinterpret_cast<uintptr_t>(&quote));
  return Finish(kOkStatus, {address, sizeof(quote)});
}

INGOT_EXPORT(ingot_compile_functions) uint32_t RunBatch(uint32_t batch) {
  INGOT_CHECK(state.step == Step::kPlanned && batch < result.batches);
  EntryArena arena;
  SeededDefect(arena->View(state.input.module), DefectStep::kBatch);
  Array<uint8_t> piece;
  const Status status =
      compiler::CompileFunctions(*arena, state.root, batch, &piece);
  return Finish(status, piece);
}

INGOT_EXPORT(ingot_link_input)
uint32_t PlaceLinkInput(uint32_t pieces, uint32_t total_bytes) {
  INGOT_CHECK(state.step == Step::kPlanned && pieces == result.batches);
  EntryArena arena;
  const uint64_t sizes_bytes = uint64_t{pieces} * sizeof(uint32_t);
  const uint32_t address = arena->Allocate(sizes_bytes + total_bytes);
  if (address == 0) {
    Finish(Error(Code::kOutOfMemory));
    return 0;
  }
  state.sizes = {address, pieces};
  state.pieces = {address + static_cast<uint32_t>(sizes_bytes), total_bytes};
  state.step = Step::kLinkInput;
  arena.Save();
  Finish(kOkStatus);
  return address;
}

INGOT_EXPORT(ingot_link) uint32_t RunLink() {
  INGOT_CHECK(state.step == Step::kLinkInput);
  EntryArena arena;
  SeededDefect(arena->View(state.input.module), DefectStep::kLink);
  Array<uint8_t> artifact;
  const Status status = compiler::Link(*arena, state.root, state.pieces,
                                       state.sizes, &artifact);
  return Finish(status, artifact);
}

INGOT_EXPORT(ingot_result) const Result* ResultAddress() { return &result; }

INGOT_EXPORT(ingot_restore) uint32_t Restore(uint32_t pages) {
  const uint32_t have = MemoryPages();
  if (pages <= have) return 0;
  return __builtin_wasm_memory_grow(0, pages - have) ==
                 static_cast<unsigned long>(-1)
             ? 1
             : 0;
}

}  // namespace ingot::wasm32
