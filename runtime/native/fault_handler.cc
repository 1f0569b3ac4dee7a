// Runs inside signal handlers, see runtime/platform/faults_linux.cc. It reads
// the thread slot and this thread's own FaultRecord (on the stack of the thread
// that waits for the wasm code, so it lives and nobody else writes it) and the
// address registries (atomics in memory that is never freed), and writes only
// that record and the fault's registers. It calls nothing else.

#include "runtime/native/fault_handler.h"

#include "runtime/native/address_registry.h"
#include "runtime/platform/platform.h"

namespace ingot::runtime {
namespace {

bool OnFault(platform::Fault& fault) {
  auto* record = static_cast<FaultRecord*>(platform::ThreadSlot());
  if (record == nullptr || !CodeRanges().Contains(fault.pc)) return false;
  const bool in_memory = fault.kind == platform::FaultKind::kMemory;
  if (in_memory && !MemoryRanges().Contains(fault.address)) return false;
  record->happened = true;
  record->in_memory = in_memory;
  record->pc = fault.pc;
  record->sp = fault.sp;
  record->gas = static_cast<int64_t>(fault.r14);
  fault.pc = reinterpret_cast<uint64_t>(&IngotLeaveWasm);
  fault.sp = record->state->host_rsp;
  return true;
}

bool IsBetween(uint64_t pc, void (*begin)(), void (*end)()) {
  return pc >= reinterpret_cast<uint64_t>(begin) &&
         pc < reinterpret_cast<uint64_t>(end);
}

// Where a run can be left: wasm code, and the stubs behind their last look at
// the flag. At each of these addresses host_rsp is the run's own and nothing on
// the host's stack below it is needed any more. Anywhere else a stub is still to
// look, or the run has ended.
bool CanLeave(uint64_t pc) {
  return CodeRanges().Contains(pc) ||
         IsBetween(pc, &IngotEnterBegin, &IngotEnterEnd) ||
         IsBetween(pc, &IngotHostCallStubResume, &IngotHostCallStubEnd) ||
         IsBetween(pc, &IngotPlainHostCallStubResume,
                   &IngotPlainHostCallStubEnd) ||
         IsBetween(pc, &IngotBuiltinStubResume, &IngotBuiltinStubEnd);
}

bool OnInterrupt(platform::Fault& at) {
  auto* record = static_cast<FaultRecord*>(platform::ThreadSlot());
  if (record == nullptr || record->state->stop == nullptr) return false;
  if (record->state->stop->load(std::memory_order_relaxed) == 0) return false;
  if (!CanLeave(at.pc)) return false;
  at.pc = reinterpret_cast<uint64_t>(&IngotLeaveWasm);
  at.sp = record->state->host_rsp;
  return true;
}

}  // namespace

bool PrepareForFaults() {
  static const bool installed =
      platform::InstallFaultHandler(OnFault) &&
      platform::InstallInterruptHandler(OnInterrupt);
  return installed && platform::PrepareThread();
}

}  // namespace ingot::runtime
