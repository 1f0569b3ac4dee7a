#ifndef CHAIN_INTEGRATION_SERVICE_WIRE_H_
#define CHAIN_INTEGRATION_SERVICE_WIRE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "chain_integration/store/compile_cache.h"
#include "ingot/v1/execution.pb.h"
#include "ingot/v1/types.pb.h"
#include "runtime/digest.h"
#include "runtime/outcome.h"
#include "sandbox/verdict.h"

// The API's messages and Ingot's own types, one as the other. In: a message of
// a client, which may hold anything, or a result. Out: the other form, or
// BAD_REQUEST that names the field. Holds: no field of a verdict or an outcome
// is left out, and none says more than there is.

namespace ingot::service {

// `field` is for the message; 32 bytes.
absl::StatusOr<Digest> DigestFrom(const std::string& bytes,
                                  std::string_view field);
std::string BytesOf(const Digest& digest);
std::string_view TextOf(std::span<const uint8_t> bytes);
std::span<const uint8_t> SpanOf(std::string_view text);

// Absent: no limit.
uint64_t GasLimitFrom(std::optional<uint64_t> limit);

// BAD_REQUEST for a lane that is not listed.
absl::StatusOr<store::Lane> LaneFrom(v1::Lane lane);

v1::Verdict VerdictToWire(const sandbox::Verdict& verdict,
                          uint64_t artifact_bytes);

absl::StatusOr<runtime::Value> ValueFrom(const v1::Value& value,
                                         std::string_view field);
// Numbers only: references do not leave the process.
absl::StatusOr<v1::Value> ValueToWire(const runtime::Value& value);
absl::StatusOr<v1::Outcome> OutcomeToWire(const runtime::Outcome& outcome);

}  // namespace ingot::service

#endif  // CHAIN_INTEGRATION_SERVICE_WIRE_H_
