// The verifier as a wasm32 module: that it links there, with no import and no
// runtime but the compiler's, is what this is for. In: the parts, in linear
// memory. Out: the refusal's reason, 0 for none.

#include "runtime/verifier/verifier.h"

extern "C" __attribute__((export_name("verify"))) uint32_t Verify(
    const ingot::verifier::CodeParts* parts, const uint8_t* module_bytes,
    uint32_t module_size, const ingot::GasSchedule* schedule,
    ingot::Arena* scratch) {
  const ingot::verifier::Refusal refusal = ingot::verifier::VerifyMetering(
      *parts, {module_bytes, module_size}, *schedule, *scratch);
  return static_cast<uint32_t>(refusal.reason);
}
