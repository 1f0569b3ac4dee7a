#ifndef CHAIN_INTEGRATION_COSMWASM_HOST_CALL_H_
#define CHAIN_INTEGRATION_COSMWASM_HOST_CALL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "chain_integration/cosmwasm/host_error.h"
#include "chain_integration/cosmwasm/host_functions.h"
#include "runtime/store.h"

// What each host function does its work with: gas, regions and the contract's
// allocate. Every step returns false once the call has failed; the function
// then returns TakeFailure().

namespace ingot::cosmwasm {

class HostCall {
 public:
  HostCall(const HostFunctionInfo& info, CallSession& session,
           runtime::Caller& caller)
      : info_(info), session_(session), caller_(caller) {}

  CallSession& session() { return session_; }

  bool Charge(uint64_t price);
  bool ChargeBytes(uint64_t bytes) {
    return Charge(info_.per_byte * bytes);
  }

  // A view of the region's bytes, paid for; valid until wasm runs again.
  bool Read(uint32_t pointer, uint64_t max_length, std::string_view* bytes);
  // As Read; pointer 0 is no region.
  bool ReadOptional(uint32_t pointer, uint64_t max_length,
                    std::optional<std::string>* bytes);
  // Into a region that the contract prepared; the bytes are paid for here.
  bool Write(uint32_t pointer, std::string_view bytes);
  // Into a region that the contract's allocate makes. The bytes are paid for
  // already (ChargeBytes) and do not lie in the contract's memory.
  bool WriteNew(std::string_view bytes, uint32_t* pointer);

  bool Fail(HostError error, std::string message);
  bool Fail(HostError error) { return Fail(error, HostErrorMessage(error)); }
  runtime::HostResult TakeFailure() { return std::move(failure_); }

 private:
  bool Allocate(uint32_t size, uint32_t* pointer);
  bool Fill(uint32_t pointer, std::string_view bytes);

  const HostFunctionInfo& info_;
  CallSession& session_;
  runtime::Caller& caller_;
  runtime::HostResult failure_;
};

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_HOST_CALL_H_
