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

}  // namespace

bool PrepareForFaults() {
  static const bool installed = platform::InstallFaultHandler(OnFault);
  return installed && platform::PrepareThread();
}

}  // namespace ingot::runtime
