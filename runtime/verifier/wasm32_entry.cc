// The exports of the verifier as a wasm32 module, with no import and no runtime
// but the compiler's. In: a Request in linear memory (wasm32_abi.h). Out: an
// Answer. Holds: the module is decoded and validated here, so that an answer
// depends on the request's bytes only, and is the native build's.

#include "compiler/abi/profile.h"
#include "compiler/base/arena.h"
#include "compiler/base/check.h"
#include "compiler/base/status.h"
#include "compiler/wasm/decoder.h"
#include "compiler/wasm/validator.h"
#include "runtime/verifier/verifier.h"
#include "runtime/verifier/wasm32_abi.h"

#define INGOT_EXPORT(name) __attribute__((export_name(#name), used))

// Where linear memory is free; set by the linker.
extern "C" uint8_t __heap_base;

namespace ingot::verifier::wasm32 {
namespace {

uint32_t request_address;
uint32_t request_bytes;
Answer answer;

// The arena's base is address 0, which the language takes for "no object"; the
// empty instruction keeps the optimiser from reasoning about it.
uint8_t* LinearMemory() {
  uint8_t* base = nullptr;
  asm volatile("" : "+r"(base));
  return base;
}

// Free from `used` on; the host's budget of pages bounds it.
Arena ArenaFrom(uint32_t used) {
  const auto pages = static_cast<uint32_t>(__builtin_wasm_memory_size(0));
  return Arena(LinearMemory(), used, pages * Arena::kPageBytes,
               uint64_t{65535} * Arena::kPageBytes);
}

// A part that leaves the request is empty.
template <typename T>
std::span<const T> View(Part part) {
  if (part.size > request_bytes || part.offset > request_bytes - part.size ||
      part.offset % 16 != 0) {
    return {};
  }
  return {reinterpret_cast<const T*>(LinearMemory() + request_address +
                                     part.offset),
          part.size / sizeof(T)};
}

Status Verify(const Request& request, Refusal* refusal) {
  Profile profile;
  Status status = Decode(View<uint8_t>(request.profile), &profile);
  if (!status.ok()) return status;
  Arena arena = ArenaFrom(request_address + request_bytes);
  const std::span<const uint8_t> bytes = View<uint8_t>(request.module);
  wasm::Module module;
  status = wasm::Decode(arena, bytes.data(),
                        static_cast<uint32_t>(bytes.size()), profile.limits,
                        profile.Features(), wasm::DecodeMode::kWhole, &module);
  if (!status.ok()) return status;
  status = wasm::Validate(arena, bytes.data(), profile.limits,
                          profile.Features(), &module);
  if (!status.ok()) return status;
  CodeParts parts;
  parts.code = View<uint8_t>(request.code);
  parts.text_bytes = request.text_bytes;
  parts.isa = profile.TargetIsa();
  parts.rodata = View<uint8_t>(request.rodata);
  parts.functions = View<abi::FunctionEntry>(request.functions);
  parts.traps = View<abi::TrapEntry>(request.traps);
  parts.certificates = View<abi::CertificateEntry>(request.certificates);
  parts.arena = &arena;
  parts.module = &module;
  *refusal = VerifyMetering(parts, bytes, profile.execution, arena);
  return kOkStatus;
}

}  // namespace

INGOT_EXPORT(verifier_input) uint32_t PlaceInput(uint32_t bytes) {
  Arena arena = ArenaFrom(
      static_cast<uint32_t>(reinterpret_cast<uintptr_t>(&__heap_base)));
  request_address = bytes < sizeof(Request) ? 0 : arena.Allocate(bytes);
  request_bytes = bytes;
  return request_address;
}

INGOT_EXPORT(verifier_run) const Answer* Run() {
  INGOT_CHECK(request_address != 0);
  Refusal refusal;
  const Status status =
      Verify(*reinterpret_cast<const Request*>(LinearMemory() +
                                               request_address),
             &refusal);
  answer = {static_cast<uint32_t>(status.code),
            static_cast<uint32_t>(refusal.reason), refusal.function,
            refusal.code_offset};
  return &answer;
}

}  // namespace ingot::verifier::wasm32
