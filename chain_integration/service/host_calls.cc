// Host calls over a client's stream. In and out: see the header.

#include "chain_integration/service/host_calls.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "chain_integration/service/faults.h"
#include "chain_integration/service/instances.h"
#include "chain_integration/service/wire.h"

namespace ingot::service {
namespace {

using runtime::Caller;
using runtime::HostResult;
using runtime::Value;

HostResult Failed(std::string_view why) {
  return HostResult::Fault(Fault(v1::FAULT_REASON_HOST_FAILED, why));
}

HostResult Returned(const v1::HostReturn& returned,
                    const runtime::Signature& signature,
                    std::span<Value> results) {
  switch (returned.result()) {
    case v1::HOST_RESULT_OK: break;
    case v1::HOST_RESULT_USER_ERROR:
      return HostResult::Revert(returned.revert_code(), "");
    case v1::HOST_RESULT_TRAP: return HostResult::Trap(TrapCode::kUnreachable);
    case v1::HOST_RESULT_OUT_OF_GAS: return HostResult::OutOfGas();
    case v1::HOST_RESULT_FAULT: return Failed("the host function failed");
    default: return Failed("host_return without a listed result");
  }
  if (static_cast<size_t>(returned.results_size()) !=
      signature.results.size()) {
    return Failed(absl::StrCat("host_return has ", returned.results_size(),
                               " results; the import has ",
                               signature.results.size()));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    const absl::StatusOr<Value> value = ValueFrom(
        returned.results(static_cast<int>(i)), "host_return.results");
    if (!value.ok()) return Failed(std::string(value.status().message()));
    if (value->type != signature.results[i]) {
      return Failed("host_return has a result of another type");
    }
    results[i] = *value;
  }
  return HostResult::Ok();
}

}  // namespace

runtime::Extern HostCalls::Bind(runtime::Store& store,
                                runtime::Signature signature,
                                std::string module, std::string name) {
  return store.AddHostFunction(
      signature,
      [this, signature, module = std::move(module), name = std::move(name)](
          Caller& caller, std::span<const Value> args,
          std::span<Value> results) {
        return Ask(module, name, signature, caller, args, results);
      });
}

void HostCalls::SetPeer(CallPeer* peer, Call* call) {
  peer_ = peer;
  call_ = call;
  if (peer != nullptr) count_ = 0;
}

HostResult HostCalls::Gone() const {
  return HostResult::Fault(call_->Why());
}

HostResult HostCalls::Ask(const std::string& module, const std::string& name,
                          const runtime::Signature& signature, Caller& caller,
                          std::span<const Value> args,
                          std::span<Value> results) {
  if (peer_ == nullptr) {
    return HostResult::Fault(
        Fault(v1::FAULT_REASON_HOST_CALL_UNANSWERED,
              absl::StrCat(module, ".", name,
                           " was called where nobody can answer")));
  }
  ++count_;
  v1::CallResponse response;
  v1::HostCall& host_call = *response.mutable_host_call();
  host_call.set_module(module);
  host_call.set_name(name);
  host_call.set_gas_left(caller.GasLeft());
  for (const Value& arg : args) {
    const absl::StatusOr<v1::Value> value = ValueToWire(arg);
    if (!value.ok()) return HostResult::Fault(value.status());
    *host_call.add_arguments() = *value;
  }
  if (!peer_->Send(response)) return Gone();
  while (true) {
    v1::CallRequest request;
    if (!peer_->Receive(&request) || call_->Over()) return Gone();
    HostResult result;
    if (!Answer(request, signature, caller, results, &result)) return result;
  }
}

bool HostCalls::Read(const v1::MemoryRead& read, Caller& caller,
                     HostResult* result) {
  v1::CallResponse response;
  v1::Memory& memory = *response.mutable_memory();
  const auto range = caller.MemoryRange(read.address(), read.size());
  memory.set_in_bounds(range.has_value());
  if (range) {
    if (range->size() > max_read_bytes_) {
      *result = HostResult::Fault(
          Fault(v1::FAULT_REASON_TOO_LARGE,
                absl::StrCat("memory_read of more than ", max_read_bytes_,
                             " bytes; read in pieces")));
      return false;
    }
    memory.set_data(range->data(), range->size());
  }
  if (peer_->Send(response)) return true;
  *result = Gone();
  return false;
}

bool HostCalls::Answer(const v1::CallRequest& request,
                       const runtime::Signature& signature, Caller& caller,
                       std::span<Value> results, HostResult* result) {
  v1::CallResponse response;
  switch (request.message_case()) {
    case v1::CallRequest::kMemoryRead:
      return Read(request.memory_read(), caller, result);
    case v1::CallRequest::kMemoryWrite: {
      const v1::MemoryWrite& write = request.memory_write();
      const auto range =
          caller.MemoryRange(write.address(), write.data().size());
      response.mutable_memory()->set_in_bounds(range.has_value());
      if (range) {
        std::copy(write.data().begin(), write.data().end(), range->begin());
      }
      break;
    }
    case v1::CallRequest::kChargeGas: {
      const bool paid = caller.ChargeGas(request.charge_gas().price());
      response.mutable_gas()->set_paid(paid);
      response.mutable_gas()->set_gas_left(paid ? caller.GasLeft() : 0);
      break;
    }
    case v1::CallRequest::kHostReturn:
      *result = Returned(request.host_return(), signature, results);
      return false;
    default:
      *result = Failed("the answer to a host call is no answer");
      return false;
  }
  if (peer_->Send(response)) return true;
  *result = Gone();
  return false;
}

}  // namespace ingot::service
