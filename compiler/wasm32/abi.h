#ifndef COMPILER_WASM32_ABI_H_
#define COMPILER_WASM32_ABI_H_

#include <cstdint>

// What compiler.wasm and its host agree on, as numbers; docs/compiler-abi.md
// is the same in words. In: nothing. Holds: both sides take names and layouts
// from here, and every number is little-endian in linear memory.

namespace ingot::wasm32 {

// The value of `ingot_abi_version`. Raised by every change that a host sees.
inline constexpr uint32_t kAbiVersion = 2;

// What the host's own work costs, in compile gas: a compilation and a byte of
// its module (instance, hash, copy, decoding again to verify); a batch and a
// page of the memory that the plan left (instance, restoring); a byte of the
// artifact (copies, hash, verification). See docs/decisions/0011.
inline constexpr uint64_t kHostGasPerJob = 2'000'000;
inline constexpr uint64_t kHostGasPerModuleByte = 100;
inline constexpr uint64_t kHostGasPerBatch = 1'000'000;
inline constexpr uint64_t kHostGasPerPlanPage = 200'000;
inline constexpr uint64_t kHostGasPerArtifactByte = 300;

inline constexpr uint32_t kPageBytes = 65536;

constexpr uint64_t JobHostGas(uint64_t module_bytes) {
  return kHostGasPerJob + kHostGasPerModuleByte * module_bytes;
}
// For each batch; `plan_bytes` is the linear memory that the plan left.
constexpr uint64_t BatchHostGas(uint64_t plan_bytes) {
  return kHostGasPerBatch + kHostGasPerPlanPage * (plan_bytes / kPageBytes);
}

// The input starts with the SHA-256 of module, compiler.wasm and profile; the
// profile's bytes and the module's bytes follow.
inline constexpr uint32_t kInputDigestBytes = 3 * 32;

// What `ingot_result` points to; valid after every counted call.
struct Result {
  uint32_t code = 0;         // ingot::Code of the last call; 0 is success
  uint32_t function = 0;     // of a refusal; 0xFFFFFFFF: none
  uint32_t offset = 0;       // of a refusal; 0xFFFFFFFF: none
  uint32_t output = 0;       // address of the piece, quote or artifact
  uint32_t output_size = 0;  // its length in bytes
  uint32_t batches = 0;      // after a plan: calls of ingot_compile_functions
};
static_assert(sizeof(Result) == 24);

// Names of the exports. The memory is exported as "memory".
inline constexpr char kExportMemory[] = "memory";
inline constexpr char kExportAbiVersion[] = "ingot_abi_version";
inline constexpr char kExportInput[] = "ingot_input";
inline constexpr char kExportPlan[] = "ingot_plan";
inline constexpr char kExportQuote[] = "ingot_quote";
inline constexpr char kExportCompileFunctions[] = "ingot_compile_functions";
inline constexpr char kExportLinkInput[] = "ingot_link_input";
inline constexpr char kExportLink[] = "ingot_link";
inline constexpr char kExportResult[] = "ingot_result";
inline constexpr char kExportRestore[] = "ingot_restore";

}  // namespace ingot::wasm32

#endif  // COMPILER_WASM32_ABI_H_
