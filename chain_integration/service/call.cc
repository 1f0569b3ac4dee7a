// A call's beginning and end. In and out: see the header.

#include "chain_integration/service/call.h"

#include "chain_integration/service/faults.h"
#include "chain_integration/service/wire.h"

namespace ingot::service {
namespace {

using std::chrono::steady_clock;

}  // namespace

Call::Call(CallDesk& desk, std::string_view method, const CallContext& context)
    : desk_(desk),
      method_(method),
      context_(context),
      start_(steady_clock::now()) {
  ++desk_.running_;
}

Call::~Call() {
  if (entered_) desk_.limits_.Leave(context_.client);
  --desk_.running_;
}

absl::Status Call::Begin(v1::Lane lane) {
  const absl::StatusOr<store::Lane> known = LaneFrom(lane);
  if (!known.ok()) return known.status();
  if (*known == store::Lane::kBlock && context_.may_use_block_lane) {
    lane_ = store::Lane::kBlock;
  }
  if (desk_.draining()) {
    return Fault(v1::FAULT_REASON_DRAINING, "the node is stopping");
  }
  if (lane_ == store::Lane::kBlock) return absl::OkStatus();
  absl::Status entered = desk_.limits_.Enter(context_.client, start_);
  entered_ = entered.ok();
  return entered;
}

bool Call::Over() {
  if (context_.gone && context_.gone()) return true;
  return lane_ != store::Lane::kBlock &&
         steady_clock::now() - start_ >= desk_.call_time_;
}

absl::Status Call::Why() const {
  if (lane_ != store::Lane::kBlock &&
      steady_clock::now() - start_ >= desk_.call_time_) {
    return Fault(v1::FAULT_REASON_TIMED_OUT,
                 "the node's time for a call has passed");
  }
  return Fault(v1::FAULT_REASON_CANCELLED, "the client is gone");
}

absl::Status Call::End(const absl::Status& status) {
  const absl::Status fault = AsFault(status, v1::FAULT_REASON_INTERNAL);
  const std::chrono::duration<double> took = steady_clock::now() - start_;
  const std::string_view result =
      fault.ok() ? "ok" : ReasonName(ReasonOf(fault));
  desk_.metrics_.CountCall(method_, context_.transport, result, took.count());
  const uint64_t microseconds =
      static_cast<uint64_t>(took.count() * 1'000'000);
  if (fault.ok()) {
    desk_.log_.Debug("call", {{"method", method_},
                              {"transport", context_.transport},
                              {"client", context_.client},
                              {"us", microseconds}});
  } else {
    desk_.log_.Info("fault", {{"method", method_},
                              {"transport", context_.transport},
                              {"client", context_.client},
                              {"reason", result},
                              {"message", std::string(fault.message())},
                              {"us", microseconds}});
  }
  return fault;
}

}  // namespace ingot::service
