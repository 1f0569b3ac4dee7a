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

std::span<const uint8_t> request;
Answer answer;

// The arena's base is address 0, which the language takes for "no object"; the
// empty instruction keeps the optimiser from reasoning about it.
uint8_t* LinearMemory() {
  uint8_t* base = nullptr;
  asm volatile("" : "+r"(base));
  return base;
}

// What is free from `begin` on; the host's budget of pages bounds it.
Arena ArenaFrom(const uint8_t* begin) {
  const auto pages = static_cast<uint32_t>(__builtin_wasm_memory_size(0));
  return Arena(LinearMemory(), static_cast<uint32_t>(begin - LinearMemory()),
               pages * Arena::kPageBytes,
               uint64_t{65535} * Arena::kPageBytes);
}

const Request& Head() {
  return *reinterpret_cast<const Request*>(request.data());
}

// A part that leaves the request is empty.
template <typename T>
std::span<const T> View(Part part) {
  const uint32_t* const sizes = Head().part_bytes;
  uint64_t begin = sizeof(Request);
  for (uint32_t p = 0; p < part; ++p) {
    begin += (uint64_t{sizes[p]} + 15) & ~uint64_t{15};
  }
  if (begin + sizes[part] > request.size()) return {};
  return {reinterpret_cast<const T*>(request.data() + begin),
          sizes[part] / sizeof(T)};
}

Status Verify(Refusal* refusal) {
  Profile profile;
  INGOT_RETURN_IF_ERROR(Decode(View<uint8_t>(kProfile), &profile));
  Arena arena = ArenaFrom(request.data() + request.size());
  const std::span<const uint8_t> bytes = View<uint8_t>(kModule);
  wasm::Module module;
  INGOT_RETURN_IF_ERROR(wasm::Decode(
      arena, bytes.data(), static_cast<uint32_t>(bytes.size()), profile.limits,
      profile.Features(), wasm::DecodeMode::kWhole, &module));
  INGOT_RETURN_IF_ERROR(wasm::Validate(arena, bytes.data(), profile.limits,
                                       profile.Features(), &module));
  const CodeParts parts = {
      .code = View<uint8_t>(kCode),
      .text_bytes = Head().text_bytes,
      .isa = profile.TargetIsa(),
      .rodata = View<uint8_t>(kRodata),
      .functions = View<abi::FunctionEntry>(kFunctions),
      .traps = View<abi::TrapEntry>(kTraps),
      .certificates = View<abi::CertificateEntry>(kCertificates),
      .arena = &arena,
      .module = &module};
  *refusal = VerifyMetering(parts, bytes, profile.execution, arena);
  return kOkStatus;
}

}  // namespace

INGOT_EXPORT(verifier_input) uint32_t PlaceInput(uint32_t bytes) {
  Arena arena = ArenaFrom(&__heap_base);
  const uint32_t at = bytes < sizeof(Request) ? 0 : arena.Allocate(bytes);
  request = {LinearMemory() + at, at == 0 ? 0 : bytes};
  return at;
}

INGOT_EXPORT(verifier_run) const Answer* Run() {
  INGOT_CHECK(!request.empty());
  Refusal refusal;
  const Status status = Verify(&refusal);
  answer = {static_cast<uint32_t>(status.code),
            static_cast<uint32_t>(refusal.reason), refusal.function,
            refusal.code_offset};
  return &answer;
}

}  // namespace ingot::verifier::wasm32
