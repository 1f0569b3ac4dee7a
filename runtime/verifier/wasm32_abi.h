#ifndef RUNTIME_VERIFIER_WASM32_ABI_H_
#define RUNTIME_VERIFIER_WASM32_ABI_H_

#include <cstdint>

// What the verifier's wasm32 build and its host both know. The host calls
// verifier_input(bytes), which answers with the address of that many bytes of
// linear memory, 0 when there are not as many; writes a Request there and
// behind it its parts in their order, each at a multiple of 16; calls
// verifier_run(), which answers with the address of an Answer. Both may be
// called again.

namespace ingot::verifier::wasm32 {

// The profile, the module, and the artifact's sections as its reader found them
// (CodeParts).
enum Part : uint32_t {
  kProfile, kModule, kCode, kRodata, kFunctions, kTraps, kCertificates, kParts,
};

struct Request {
  uint32_t part_bytes[kParts] = {};
  uint32_t text_bytes = 0;
};
static_assert(sizeof(Request) == 32);

struct Answer {
  uint32_t rejection = 0;  // Code of the module or its profile; 0: none
  uint32_t reason = 0;     // Reason; 0: none
  uint32_t function = 0;
  uint32_t code_offset = 0;
};
static_assert(sizeof(Answer) == 16);

}  // namespace ingot::verifier::wasm32

#endif  // RUNTIME_VERIFIER_WASM32_ABI_H_
