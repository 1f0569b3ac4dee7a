// A stand-in for the compiler, behind the real entry points of compiler.wasm:
// its "module" is a script that says what each step does, so that tests of the
// sandbox can bring about every ending at a chosen place.
//
// In: a module of the form
//   batches, then for plan, each batch and link: an action and an amount.
// Out: pieces and an artifact that tell what each step saw: a batch adds one to
// a counter that the plan left, and writes its index, that counter and its
// page count.

#include <cstdint>
#include <cstring>

#include "compiler/base/check.h"
#include "compiler/compile.h"

namespace ingot::compiler {
namespace {

enum class Action : uint8_t {
  kNone,       // succeeds
  kWork,       // loops `amount` × 1000 times
  kRefuse,     // returns code kTypeMismatch at offset `amount`
  kAllocate,   // takes `amount` pages of memory; out of memory if it cannot
  kTrap,       // unreachable
  kLoop,       // does not end
  kRecurse,    // overflows the stack
  kBadOutput,  // returns a range beyond linear memory
  kBadCode,    // returns a code that does not exist
  kScribble,   // takes `amount` pages of memory and fills them
};

struct Root {
  Array<uint8_t> script;
  uint32_t counter;
};

uint32_t Batches(std::span<const uint8_t> script) {
  return script.empty() ? 0 : script[0];
}

// Deeper than any stack.
[[gnu::noinline]] uint32_t Recurse(volatile uint32_t* depth) {
  *depth = *depth + 1;
  if (*depth == 0xFFFFFFFF) return 0;
  return Recurse(depth) + *depth;
}

// Step 0 is the plan, step 1 the first batch.
Status Act(Arena& arena, std::span<const uint8_t> script, uint32_t step,
           Array<uint8_t>* output) {
  const uint32_t at = 1 + 2 * step;
  if (at + 1 >= script.size()) return kOkStatus;
  const uint32_t amount = script[at + 1];
  volatile uint32_t work = 0;
  switch (static_cast<Action>(script[at])) {
    case Action::kNone:
      break;
    case Action::kWork:
      while (work < amount * 1000) work = work + 1;
      break;
    case Action::kRefuse:
      return Error(Code::kTypeMismatch, amount, step);
    case Action::kAllocate:
      if (arena.Allocate(uint64_t{amount} * Arena::kPageBytes) == 0) {
        return Error(Code::kOutOfMemory);
      }
      break;
    case Action::kTrap:
      __builtin_trap();
    case Action::kLoop:
      while (true) work = work + 1;
    case Action::kRecurse:
      return Error(Code::kTypeMismatch, Recurse(&work));
    case Action::kBadOutput:
      *output = {0xFFFFFF00, 0x1000};
      break;
    case Action::kBadCode:
      return Error(static_cast<Code>(9999));
    case Action::kScribble: {
      const uint64_t bytes = uint64_t{amount} * Arena::kPageBytes;
      const uint32_t at = arena.Allocate(bytes);
      if (at == 0) return Error(Code::kOutOfMemory);
      std::memset(arena.At<uint8_t>(at), 0xA5, bytes);
      break;
    }
  }
  return kOkStatus;
}

}  // namespace

Status Plan(Arena& arena, const Input& input, uint32_t* root) {
  *root = arena.Allocate(sizeof(Root));
  if (*root == 0) return Error(Code::kOutOfMemory);
  *arena.At<Root>(*root) = {input.module, 7};
  Array<uint8_t> unused;
  return Act(arena, arena.View(input.module), 0, &unused);
}

uint32_t BatchCount(const Arena& arena, uint32_t root) {
  return Batches(arena.View(arena.At<Root>(root)->script));
}

Quote QuoteRest(const Arena& arena, uint32_t root) {
  Quote quote;
  quote.gas.lower = Batches(arena.View(arena.At<Root>(root)->script));
  quote.gas.upper = 2 * quote.gas.lower;
  return quote;
}

Status CompileFunctions(Arena& arena, uint32_t root, uint32_t batch,
                        Array<uint8_t>* piece) {
  Root* plan = arena.At<Root>(root);
  ++plan->counter;
  const uint32_t pages = arena.committed() / Arena::kPageBytes;
  if (!arena.AllocateArray<uint8_t>(6, piece)) {
    return Error(Code::kOutOfMemory);
  }
  const std::span<uint8_t> bytes = arena.View(*piece);
  bytes[0] = 'b';
  bytes[1] = static_cast<uint8_t>(batch);
  bytes[2] = static_cast<uint8_t>(plan->counter);
  bytes[3] = static_cast<uint8_t>(pages);
  bytes[4] = static_cast<uint8_t>(pages >> 8);
  // Memory that the plan did not use is zero.
  bytes[5] = *arena.At<uint8_t>(arena.used());
  *arena.At<uint8_t>(arena.used()) = 1;
  return Act(arena, arena.View(plan->script), batch + 1, piece);
}

Status Link(Arena& arena, uint32_t root, Array<uint8_t> pieces,
            Array<uint32_t> sizes, Array<uint8_t>* artifact) {
  Root* plan = arena.At<Root>(root);
  const uint32_t batches = BatchCount(arena, root);
  INGOT_CHECK(sizes.size == batches);
  if (!arena.AllocateArray<uint8_t>(uint64_t{1} + pieces.size, artifact)) {
    return Error(Code::kOutOfMemory);
  }
  arena.View(*artifact)[0] = static_cast<uint8_t>(plan->counter);
  if (pieces.size != 0) {
    std::memcpy(arena.At<uint8_t>(artifact->offset + 1),
                arena.At<uint8_t>(pieces.offset), pieces.size);
  }
  return Act(arena, arena.View(plan->script), batches + 1, artifact);
}

}  // namespace ingot::compiler
