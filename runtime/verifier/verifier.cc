#include "runtime/verifier/verifier.h"

#include "runtime/verifier/function_pass.h"

// The artifact as a whole: functions tile .text, jump tables tile .rodata, and
// no table has an entry outside of the functions.

namespace ingot::verifier {
namespace {

struct Row {
  uint32_t rule;
  const char* name;
  const char* text;
};

constexpr Row kRows[] = {
    {0, "none", "nothing"},
#define INGOT_REFUSAL(name, rule, text) {rule, #name, text},
#include "runtime/verifier/refusals.def"
#undef INGOT_REFUSAL
};

// How many entries from `first` on lie before `end`.
template <typename Entry>
size_t CountBefore(std::span<const Entry> entries, size_t first,
                   uint64_t end) {
  size_t at = first;
  while (at < entries.size() && entries[at].code_offset < end) ++at;
  return at - first;
}

Refusal Verify(const CodeParts& parts, Meter* meter) {
  const wasm::Module& module = *parts.module;
  const abi::VmctxLayout layout(module);
  uint64_t at = 0;
  uint32_t rodata_at = 0;
  BaseFacts base;
  size_t traps = 0, certificates = 0;
  for (uint32_t i = 0; i < parts.functions.size(); ++i) {
    const abi::FunctionEntry& entry = parts.functions[i];
    const uint32_t function = module.imported_functions + i;
    const uint64_t begin = (at + 15) & ~uint64_t{15};
    const uint64_t end = uint64_t{entry.code_offset} + entry.code_bytes;
    if (entry.code_offset != begin || end > parts.code.size() ||
        entry.code_bytes == 0) {
      return {Reason::kPadding, function, entry.code_offset};
    }
    for (; at < begin; ++at) {
      if (parts.code[at] != 0xCC) {
        return {Reason::kPadding, function, static_cast<uint32_t>(at)};
      }
    }
    at = end;
    // Both tables are in order.
    const auto own_traps = parts.traps.subspan(
        traps, CountBefore(parts.traps, traps, end));
    const auto own_certificates = parts.certificates.subspan(
        certificates, CountBefore(parts.certificates, certificates, end));
    if (!own_traps.empty() && own_traps[0].code_offset < begin) {
      return {Reason::kTrapEntry, function, own_traps[0].code_offset};
    }
    if (!own_certificates.empty() && own_certificates[0].code_offset < begin) {
      return {Reason::kOverlap, function, own_certificates[0].code_offset};
    }
    const Refusal refusal = FunctionPass(parts, layout, i, own_traps,
                                         own_certificates, meter, &rodata_at,
                                         &base)
                                .Run();
    if (!refusal.ok()) return refusal;
    traps += own_traps.size();
    certificates += own_certificates.size();
  }
  if (base.left_by_tail_call && base.function != kNowhere) {
    return {Reason::kBaseNotRestored, base.function, base.code_offset};
  }
  if (at != parts.code.size()) {
    return {Reason::kPadding, kNowhere, static_cast<uint32_t>(at)};
  }
  if (traps != parts.traps.size()) {
    return {Reason::kTrapEntry, kNowhere, parts.traps[traps].code_offset};
  }
  if (certificates != parts.certificates.size()) {
    return {Reason::kOverlap, kNowhere,
            parts.certificates[certificates].code_offset};
  }
  // The loader fills the last page up.
  if (parts.rodata.size() - rodata_at >= abi::kArtifactPage) {
    return {Reason::kRodata, kNowhere, kNowhere};
  }
  for (size_t i = rodata_at; i < parts.rodata.size(); ++i) {
    if (parts.rodata[i] != 0) return {Reason::kRodata, kNowhere, kNowhere};
  }
  return {};
}

}  // namespace

uint32_t RuleOf(Reason reason) {
  return kRows[static_cast<uint32_t>(reason)].rule;
}
const char* TextOf(Reason reason) {
  return kRows[static_cast<uint32_t>(reason)].text;
}
const char* NameOf(Reason reason) {
  return kRows[static_cast<uint32_t>(reason)].name;
}

Refusal VerifyCode(const CodeParts& parts) { return Verify(parts, nullptr); }

Refusal VerifyMetering(const CodeParts& parts,
                       std::span<const uint8_t> module_bytes,
                       const GasSchedule& schedule, Arena& scratch) {
  const uint32_t mark = scratch.used();
  Meter meter(parts, module_bytes, schedule, scratch);
  const Refusal refusal = Verify(parts, &meter);
  scratch.Rewind(mark);
  return refusal;
}

}  // namespace ingot::verifier
