#include "compiler/compile.h"

#include <cstring>

#include "compiler/abi/calling_convention.h"
#include "compiler/abi/profile.h"
#include "compiler/abi/vmctx.h"
#include "compiler/artifact/piece.h"
#include "compiler/artifact/writer.h"
#include "compiler/ir/builder.h"
#include "compiler/opt/gas_placement.h"
#include "compiler/opt/trivial_phis.h"
#include "compiler/quote/quote.h"
#include "compiler/regalloc/allocation.h"
#include "compiler/regalloc/liveness.h"
#include "compiler/wasm/decoder.h"
#include "compiler/wasm/validator.h"
#include "compiler/x64/assembler.h"
#include "compiler/x64/emitter.h"

#ifdef INGOT_CHECK_PASSES
#include "compiler/ir/verifier.h"
#include "compiler/regalloc/checker.h"
#endif

// The pipeline as a table of contents. A module is decoded and validated whole
// (Plan); its bodies are compiled in batches, each body by itself
// (CompileFunction); the pieces are linked to an artifact.

namespace ingot::compiler {

// Bodies [first, first + count).
struct Batch {
  uint32_t first = 0;
  uint32_t count = 0;
};

struct PlanRoot {
  Input input;
  Profile profile;
  wasm::Module module;
  Array<Batch> batches;
};

namespace {

// A batch takes bodies until it holds this many bytes of them. Each batch
// touches memory of its own, which costs page faults; more batches than this
// gives cost more than parallel compiling gains.
constexpr uint32_t kBatchBytes = 192 * 1024;

PlanRoot& RootAt(const Arena& arena, uint32_t root) {
  return *arena.At<PlanRoot>(root);
}

// Batch boundaries depend on the module alone.
bool LayOutBatches(Arena& arena, PlanRoot* plan) {
  const std::span<const wasm::Body> bodies = arena.View(plan->module.bodies);
  uint32_t count = 0;
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1 && !arena.AllocateArray(count, &plan->batches)) return false;
    count = 0;
    for (uint32_t i = 0; i < bodies.size();) {
      Batch batch{i, 0};
      uint32_t bytes = 0;
      while (i < bodies.size() && (batch.count == 0 || bytes < kBatchBytes)) {
        bytes += bodies[i].end - bodies[i].begin;
        ++batch.count;
        ++i;
      }
      if (pass == 1) arena.Get(plan->batches, count) = batch;
      ++count;
    }
  }
  return true;
}

// One body to machine code. The only failure is a full arena.
class FunctionCompiler {
 public:
  FunctionCompiler(Arena& arena, const PlanRoot& plan, LocalsScratch* locals,
                   ValueNumbering* numbering, Assembler* assembler)
      : arena_(arena), plan_(plan), locals_(*locals), numbering_(*numbering),
        assembler_(*assembler),
        layout_(plan.module) {}

  [[nodiscard]] bool Compile(const wasm::Body& body, FunctionCode* out) {
    const uint32_t mark = arena_.used();
#ifdef INGOT_FORCE_SLOTS
    Result result = Result::kTooLarge;
#else
    Result result = Try(body, BuildMode::kSsa, out);
#endif
    if (result == Result::kTooLarge) {
      // Its merges or its spills exceed their bounds: home slots bound both.
      arena_.Rewind(mark);
      result = Try(body, BuildMode::kSlots, out);
      INGOT_CHECK(result != Result::kTooLarge);
    }
    return result == Result::kOk;
  }

 private:
  enum class Result : uint8_t { kOk, kTooLarge, kOutOfMemory };

  Result Try(const wasm::Body& body, BuildMode mode, FunctionCode* out) {
    const uint8_t* bytes = arena_.View(plan_.input.module).data();
    Graph graph;
    switch (BuildGraph(arena_, bytes, plan_.module, body,
                       plan_.profile.execution, mode, &locals_,
                       Optimises(mode) ? &numbering_ : nullptr,
                       plan_.profile.TargetIsa() == Isa::kX8664V3, &graph)) {
      case BuildResult::kOk: break;
      case BuildResult::kOverBudget: return Result::kTooLarge;
      case BuildResult::kOutOfMemory: return Result::kOutOfMemory;
    }
#ifdef INGOT_CHECK_PASSES
    INGOT_CHECK(VerifyGraph(graph).what == nullptr);
#endif
    if (Optimises(mode)) {
      FindTrivialPhis(graph);
      if (!PlaceGas(arena_, graph)) return Result::kOutOfMemory;
    }
    Liveness liveness;
    if (!Analyse(arena_, graph, &liveness)) return Result::kOutOfMemory;
    Allocation allocation;
    switch (AllocateRegisters(arena_, graph, liveness, FrameSlots(body),
                              &allocation)) {
      case AllocateResult::kOk: break;
      case AllocateResult::kOutOfSlots: return Result::kTooLarge;
      case AllocateResult::kOutOfMemory: return Result::kOutOfMemory;
    }
#ifdef INGOT_CHECK_PASSES
    INGOT_CHECK(VerifyGraph(graph).what == nullptr);
    INGOT_CHECK(CheckAllocation(graph, liveness, allocation).what == nullptr);
#endif
    Emitter emitter(arena_, assembler_, graph, allocation, liveness, layout_);
    return emitter.Emit(out) ? Result::kOk : Result::kOutOfMemory;
  }

  // Slot mode is for bodies that nothing shall be spent on.
  bool Optimises(BuildMode mode) const {
    return plan_.profile.level >= 1 && mode == BuildMode::kSsa;
  }

  // Slots of the frame that are left for values: not the outgoing area, the
  // return address, or the saved base.
  static uint32_t FrameSlots(const wasm::Body& body) {
    const uint64_t frame = abi::FrameBytes(body.locals, body.max_height,
                                           body.outgoing_slots);
    return static_cast<uint32_t>(frame / 8 - 2 - body.outgoing_slots);
  }

  Arena& arena_;
  const PlanRoot& plan_;
  LocalsScratch& locals_;
  ValueNumbering& numbering_;
  Assembler& assembler_;
  abi::VmctxLayout layout_;
};

}  // namespace

Status Plan(Arena& arena, const Input& input, uint32_t* root) {
  Array<PlanRoot> place;
  if (!arena.AllocateArray(1, &place)) return Error(Code::kOutOfMemory);
  PlanRoot* plan = arena.At<PlanRoot>(place.offset);
  *plan = PlanRoot{};
  plan->input = input;
  INGOT_RETURN_IF_ERROR(Decode(arena.View(input.profile), &plan->profile));
  const uint8_t* bytes = arena.View(input.module).data();
  INGOT_RETURN_IF_ERROR(wasm::Decode(
      arena, bytes, input.module.size, plan->profile.limits,
      plan->profile.Features(), wasm::DecodeMode::kWhole, &plan->module));
  INGOT_RETURN_IF_ERROR(wasm::Validate(arena, bytes, plan->profile.limits,
                                       plan->profile.Features(),
                                       &plan->module));
  if (!LayOutBatches(arena, plan)) return Error(Code::kOutOfMemory);
  *root = place.offset;
  return kOkStatus;
}

uint32_t BatchCount(const Arena& arena, uint32_t root) {
  return RootAt(arena, root).batches.size;
}

Quote QuoteRest(const Arena& arena, uint32_t root) {
  const PlanRoot& plan = RootAt(arena, root);
  Quote quote;
  quote.work = CountWork(arena, plan.module, plan.batches.size);
  quote.gas =
      PriceWork(quote.work, plan.profile, arena.limit() - arena.used());
  return quote;
}

Status CompileFunctions(Arena& arena, uint32_t root, uint32_t batch_index,
                        Array<uint8_t>* piece) {
  const PlanRoot& plan = RootAt(arena, root);
  const Batch batch = arena.Get(plan.batches, batch_index);
  const std::span<const wasm::Body> bodies =
      arena.View(plan.module.bodies).subspan(batch.first, batch.count);
  uint32_t most_locals = 0;
  for (const wasm::Body& body : bodies) {
    if (body.locals > most_locals) most_locals = body.locals;
  }
  LocalsScratch locals;
  ValueNumbering numbering;
  if (!PrepareLocals(arena, most_locals, &locals) ||
      !numbering.Allocate(arena)) {
    return Error(Code::kOutOfMemory);
  }
  Assembler assembler;
  // Records grow from `begin`; each function's scratch lies behind them and is
  // given back when its record is in place.
  const uint32_t begin = arena.Allocate(0);
  if (begin == 0) return Error(Code::kOutOfMemory);
  uint32_t end = begin;
  for (const wasm::Body& body : bodies) {
    FunctionCompiler compiler(arena, plan, &locals, &numbering, &assembler);
    FunctionCode code;
    if (!compiler.Compile(body, &code)) return Error(Code::kOutOfMemory);
    const RecordHeader header{
        body.function,        body.begin,         code.frame_bytes,
        code.code_bytes,      code.relocs.size(), code.traps.size(),
        code.certs.size(),    code.rodata.size()};
    const uint64_t bytes = RecordBytes(header);
    const uint32_t scratch = arena.Allocate(bytes);
    if (scratch == 0) return Error(Code::kOutOfMemory);
    WriteRecord(header, code, arena.At<uint8_t>(scratch));
    std::memmove(arena.At<uint8_t>(end), arena.At<uint8_t>(scratch), bytes);
    end += static_cast<uint32_t>(bytes);
    arena.Rewind(end);
  }
  *piece = {begin, end - begin};
  return kOkStatus;
}

Status Link(Arena& arena, uint32_t root, Array<uint8_t> pieces,
            Array<uint32_t> sizes, Array<uint8_t>* artifact) {
  const PlanRoot& plan = RootAt(arena, root);
  uint64_t total = 0;
  for (uint32_t size : arena.View(sizes)) total += size;
  INGOT_CHECK(sizes.size == plan.batches.size && total == pieces.size);
  return WriteArtifact(arena,
                       {&plan.input, &plan.profile, &plan.module,
                        arena.View(pieces)},
                       artifact);
}

}  // namespace ingot::compiler
