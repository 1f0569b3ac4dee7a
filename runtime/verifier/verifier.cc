#include "runtime/verifier/verifier.h"

#include <algorithm>
#include <utility>

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
const Row& RowOf(Reason reason) { return kRows[static_cast<uint32_t>(reason)]; }

// The entries that lie before `end`, taken from the front of `entries`.
template <typename Entry>
std::span<const Entry> Take(std::span<const Entry>* entries, uint64_t end) {
  size_t n = 0;
  while (n < entries->size() && (*entries)[n].code_offset < end) ++n;
  return std::exchange(*entries, entries->subspan(n)).first(n);
}

Refusal Verify(const CodeParts& parts, Meter* meter) {
  ArtifactFacts facts = {parts, abi::VmctxLayout(*parts.module), meter};
  auto traps = parts.traps;
  auto certificates = parts.certificates;
  uint64_t at = 0;
  for (uint32_t i = 0; i < parts.functions.size(); ++i) {
    const abi::FunctionEntry& entry = parts.functions[i];
    const uint32_t function = parts.module->imported_functions + i;
    const uint64_t begin = (at + 15) & ~uint64_t{15};
    const uint64_t end = uint64_t{entry.code_offset} + entry.code_bytes;
    if (entry.code_offset != begin || end > parts.code.size() ||
        entry.code_bytes == 0) {
      return {Reason::kPadding, function, entry.code_offset};
    }
    while (at < begin && parts.code[at] == 0xCC) ++at;
    if (at < begin) {
      return {Reason::kPadding, function, static_cast<uint32_t>(at)};
    }
    at = end;
    // Both tables are in order.
    const Refusal refusal = FunctionPass(&facts, i, Take(&traps, end),
                                         Take(&certificates, end))
                                .Run();
    if (!refusal.ok()) return refusal;
  }
  if (facts.left_by_tail_call && !facts.not_restored.ok()) {
    return facts.not_restored;
  }
  if (at != parts.code.size()) {
    return {Reason::kPadding, kNowhere, static_cast<uint32_t>(at)};
  }
  if (!traps.empty()) {
    return {Reason::kTrapEntry, kNowhere, traps[0].code_offset};
  }
  if (!certificates.empty()) {
    return {Reason::kOverlap, kNowhere, certificates[0].code_offset};
  }
  // The loader fills the last page up.
  const auto rest = parts.rodata.subspan(facts.rodata_at);
  if (rest.size() >= abi::kArtifactPage ||
      std::any_of(rest.begin(), rest.end(), [](uint8_t b) { return b != 0; })) {
    return {Reason::kRodata, kNowhere, kNowhere};
  }
  return {};
}

}  // namespace

uint32_t RuleOf(Reason reason) { return RowOf(reason).rule; }
const char* TextOf(Reason reason) { return RowOf(reason).text; }
const char* NameOf(Reason reason) { return RowOf(reason).name; }

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
