#ifndef CHAIN_INTEGRATION_COSMWASM_HOST_FUNCTIONS_H_
#define CHAIN_INTEGRATION_COSMWASM_HOST_FUNCTIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chain_integration/cosmwasm/address.h"
#include "chain_integration/cosmwasm/querier.h"
#include "chain_integration/cosmwasm/state.h"
#include "runtime/store.h"

// The functions of import module "env", and what they work on.

namespace ingot::cosmwasm {

// Limits on what the host reads of a contract, in bytes: those of cosmwasm-vm.
inline constexpr uint64_t kMaxDbKey = uint64_t{64} << 10;
inline constexpr uint64_t kMaxDbValue = uint64_t{128} << 10;
inline constexpr uint64_t kMaxHumanAddress = 256;
inline constexpr uint64_t kMaxCanonicalAddress = 64;
inline constexpr uint64_t kMaxQueryRequest = uint64_t{64} << 10;
inline constexpr uint64_t kMaxEd25519Message = uint64_t{128} << 10;
inline constexpr uint64_t kMaxEd25519Batch = 256;
inline constexpr uint64_t kMaxMessageHash = 32;
inline constexpr uint64_t kMaxSignature = 64;
inline constexpr uint64_t kMaxEcdsaKey = 65;
inline constexpr uint64_t kMaxEd25519Key = 32;
inline constexpr uint64_t kMaxBlsPoints = uint64_t{2} << 20;
inline constexpr uint64_t kMaxBlsMessage = uint64_t{5} << 20;
inline constexpr uint64_t kMaxBlsTag = uint64_t{5} << 10;
inline constexpr uint64_t kMaxDebugMessage = uint64_t{2} << 20;
inline constexpr uint64_t kMaxAbortMessage = uint64_t{2} << 20;
// What is kept of all debug messages of a call.
inline constexpr uint64_t kMaxDebugKept = uint64_t{64} << 10;

// One call's side of the host: shared by all its host functions.
struct CallSession {
  StateTransaction& state;
  const Querier& querier;
  AddressCodec addresses;
  bool read_only = false;
  uint64_t host_gas = 0;  // paid by host functions so far
  std::vector<std::string> debug;
  uint64_t debug_bytes = 0;
};

struct HostFunctionInfo {
  std::string_view name;
  std::string_view params;   // one letter each: i = i32, I = i64
  std::string_view results;
  uint64_t base = 0;
  uint64_t per_byte = 0;
};

// All of them, sorted by name. Their module is "env".
std::span<const HostFunctionInfo> HostFunctions();
// nullptr if there is none of this name.
const HostFunctionInfo* FindHostFunction(std::string_view name);
runtime::Signature SignatureOf(const HostFunctionInfo& function);

// Makes the function; `session` must outlive the store.
runtime::Extern AddHostFunction(const HostFunctionInfo& function,
                                CallSession& session, runtime::Store& store);

struct HostPrice {
  uint64_t base = 0;
  uint64_t per_byte = 0;

  uint64_t Of(uint64_t bytes) const { return base + per_byte * bytes; }
};
extern const HostPrice kArgument;
extern const HostPrice kResult;
extern const HostPrice kEd25519Signature;
extern const HostPrice kG1Point;
extern const HostPrice kG2Point;
extern const HostPrice kPairing;

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_HOST_FUNCTIONS_H_
