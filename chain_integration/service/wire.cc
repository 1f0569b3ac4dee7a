// Messages and types. In and out: see the header. Holds: each switch lists all
// kinds, so a new one does not compile without an answer here.

#include "chain_integration/service/wire.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "chain_integration/service/faults.h"
#include "metering/gas.h"

namespace ingot::service {
namespace {

absl::Status BadField(std::string_view field, std::string_view what) {
  return Fault(v1::FAULT_REASON_BAD_REQUEST,
               absl::StrCat(std::string(field), ": ", std::string(what)));
}

v1::VerdictKind KindOf(sandbox::VerdictKind kind) {
  switch (kind) {
    case sandbox::VerdictKind::kAccepted: return v1::VERDICT_KIND_ACCEPTED;
    case sandbox::VerdictKind::kRejected: return v1::VERDICT_KIND_REJECTED;
    case sandbox::VerdictKind::kOutOfGas: return v1::VERDICT_KIND_OUT_OF_GAS;
    case sandbox::VerdictKind::kOutOfMemory:
      return v1::VERDICT_KIND_OUT_OF_MEMORY;
  }
  return v1::VERDICT_KIND_UNSPECIFIED;
}

v1::OutcomeKind KindOf(runtime::OutcomeKind kind) {
  switch (kind) {
    case runtime::OutcomeKind::kReturned: return v1::OUTCOME_KIND_RETURNED;
    case runtime::OutcomeKind::kTrapped: return v1::OUTCOME_KIND_TRAPPED;
    case runtime::OutcomeKind::kReverted: return v1::OUTCOME_KIND_REVERTED;
    case runtime::OutcomeKind::kOutOfGas: return v1::OUTCOME_KIND_OUT_OF_GAS;
  }
  return v1::OUTCOME_KIND_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<Digest> DigestFrom(const std::string& bytes,
                                  std::string_view field) {
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return BadField(field, absl::StrCat("a SHA-256 has 32 bytes, not ",
                                        bytes.size()));
  }
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

std::string BytesOf(const Digest& digest) {
  return {digest.bytes.begin(), digest.bytes.end()};
}

std::string_view TextOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const uint8_t> SpanOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

uint64_t GasLimitFrom(std::optional<uint64_t> limit) {
  return Gas::FromLimit(limit.value_or(~uint64_t{0})).value();
}

absl::StatusOr<store::Lane> LaneFrom(v1::Lane lane) {
  if (lane == v1::LANE_UNSPECIFIED) return store::Lane::kNormal;
  if (lane == v1::LANE_BLOCK) return store::Lane::kBlock;
  return BadField("lane", absl::StrCat(static_cast<int>(lane),
                                       " is not listed"));
}

v1::Verdict VerdictToWire(const sandbox::Verdict& verdict,
                          uint64_t artifact_bytes) {
  v1::Verdict wire;
  wire.set_kind(KindOf(verdict.kind));
  wire.set_code(static_cast<uint32_t>(verdict.code));
  if (verdict.function != kNowhere) wire.set_function(verdict.function);
  if (verdict.offset != kNowhere) wire.set_offset(verdict.offset);
  wire.set_compile_gas(verdict.compile_gas);
  wire.set_module_sha256(BytesOf(verdict.module_digest));
  wire.set_compiler_sha256(BytesOf(verdict.compiler_digest));
  wire.set_profile_sha256(BytesOf(verdict.profile_digest));
  if (verdict.kind == sandbox::VerdictKind::kAccepted) {
    wire.set_artifact_sha256(BytesOf(verdict.artifact_digest));
    wire.set_artifact_bytes(artifact_bytes);
  }
  return wire;
}

absl::StatusOr<runtime::Value> ValueFrom(const v1::Value& value,
                                         std::string_view field) {
  const auto narrow = [&](wasm::ValType type)
      -> absl::StatusOr<runtime::Value> {
    if (value.bits() >> 32 != 0) {
      return BadField(field, "the upper half of a 32-bit value is not 0");
    }
    return runtime::Value{type, value.bits()};
  };
  switch (value.type()) {
    case v1::VALUE_TYPE_I32: return narrow(wasm::ValType::kI32);
    case v1::VALUE_TYPE_F32: return narrow(wasm::ValType::kF32);
    case v1::VALUE_TYPE_I64:
      return runtime::Value{wasm::ValType::kI64, value.bits()};
    case v1::VALUE_TYPE_F64:
      return runtime::Value{wasm::ValType::kF64, value.bits()};
    default:
      return BadField(field, "a value without a listed type");
  }
}

absl::StatusOr<v1::Value> ValueToWire(const runtime::Value& value) {
  v1::Value wire;
  wire.set_bits(value.bits);
  switch (value.type) {
    case wasm::ValType::kI32: wire.set_type(v1::VALUE_TYPE_I32); return wire;
    case wasm::ValType::kI64: wire.set_type(v1::VALUE_TYPE_I64); return wire;
    case wasm::ValType::kF32: wire.set_type(v1::VALUE_TYPE_F32); return wire;
    case wasm::ValType::kF64: wire.set_type(v1::VALUE_TYPE_F64); return wire;
    default: break;
  }
  return Fault(v1::FAULT_REASON_BAD_REQUEST,
               "a reference cannot be sent; call a function of numbers");
}

absl::StatusOr<v1::Outcome> OutcomeToWire(const runtime::Outcome& outcome) {
  v1::Outcome wire;
  wire.set_kind(KindOf(outcome.kind));
  if (outcome.kind == runtime::OutcomeKind::kTrapped) {
    wire.set_trap(static_cast<uint32_t>(outcome.trap));
    if (outcome.function != kNowhere) wire.set_function(outcome.function);
    if (outcome.offset != kNowhere) wire.set_offset(outcome.offset);
  }
  for (const runtime::Value& value : outcome.results) {
    absl::StatusOr<v1::Value> result = ValueToWire(value);
    if (!result.ok()) return result.status();
    *wire.add_results() = *result;
  }
  wire.set_gas_used(outcome.gas_used);
  if (outcome.kind == runtime::OutcomeKind::kReverted) {
    wire.set_revert_code(outcome.revert_code);
  }
  return wire;
}

}  // namespace ingot::service
