// See the header.

#include "fuzz/faults/pairs.h"

namespace ingot::faults {

std::string_view PhaseName(Phase phase) {
  constexpr std::string_view kNames[kPhases] = {
      "none", "plan", "batch", "link", "reply", "write", "rename", "load"};
  return kNames[static_cast<int>(phase)];
}

std::string_view FaultName(FaultKind kind) {
  switch (kind) {
#define INGOT_FAULT(name, text, ...) \
  case FaultKind::k##name:           \
    return text;
#include "fuzz/faults/faults.def"
  }
  return "";
}

std::string_view ReasonLetter(Way way) {
  switch (way) {
#define INGOT_REASON(name, letter, text) \
  case Way::k##name:                     \
    return letter;
#include "fuzz/faults/faults.def"
    default:
      return "";
  }
}

std::string_view ReasonText(Way way) {
  switch (way) {
#define INGOT_REASON(name, letter, text) \
  case Way::k##name:                     \
    return text;
#include "fuzz/faults/faults.def"
    default:
      return "";
  }
}

std::vector<Pair> AllPairs() {
  return {
#define INGOT_FAULT(name, text, plan, batch, link, reply, write, rename, load) \
  {FaultKind::k##name, Phase::kPlan, Way::k##plan},                            \
      {FaultKind::k##name, Phase::kBatch, Way::k##batch},                      \
      {FaultKind::k##name, Phase::kLink, Way::k##link},                        \
      {FaultKind::k##name, Phase::kReply, Way::k##reply},                      \
      {FaultKind::k##name, Phase::kWrite, Way::k##write},                      \
      {FaultKind::k##name, Phase::kRename, Way::k##rename},                    \
      {FaultKind::k##name, Phase::kLoad, Way::k##load},
#include "fuzz/faults/faults.def"
  };
}

std::vector<Way> AllReasons() {
  return {
#define INGOT_REASON(name, ...) Way::k##name,
#include "fuzz/faults/faults.def"
  };
}

}  // namespace ingot::faults
