#ifndef FUZZ_FAULTS_PAIRS_H_
#define FUZZ_FAULTS_PAIRS_H_

#include <cstdint>
#include <string_view>
#include <vector>

// The pairs of a fault and a phase, from faults.def. In: nothing; this is the
// table that the campaign goes through and prints.

namespace ingot::faults {

enum class Phase : uint8_t {
  kNone,
  kPlan,    // in the worker
  kBatch,   // in the worker
  kLink,    // in the worker
  kReply,   // the worker verifies and writes, the service reads
  kWrite,   // a module, an artifact or a record is written and flushed
  kRename,  // a file gets its name
  kLoad,    // an artifact is read
};
inline constexpr int kPhases = 8;
std::string_view PhaseName(Phase phase);

enum class FaultKind : uint8_t {
#define INGOT_FAULT(name, ...) k##name,
#include "fuzz/faults/faults.def"
};
std::string_view FaultName(FaultKind kind);

// Who brings the fault about.
enum class Way : uint8_t {
  kOutside,  // a signal from elsewhere, at any moment of the phase
  kWorker,   // the worker itself, when the phase begins
  kStart,    // the next worker cannot be started, and the one at work dies
  kService,  // a system call of the service in this phase
  kClient,   // whoever asked
#define INGOT_REASON(name, ...) k##name,
#include "fuzz/faults/faults.def"
};
// Empty for what is a way; else the letter in the table, and the reason.
std::string_view ReasonLetter(Way way);
std::string_view ReasonText(Way way);

struct Pair {
  FaultKind fault = FaultKind::kSigkill;
  Phase phase = Phase::kNone;
  Way way = Way::kOutside;
};
// Row by row, also those that make no sense.
std::vector<Pair> AllPairs();
// The reasons, as ways.
std::vector<Way> AllReasons();

}  // namespace ingot::faults

#endif  // FUZZ_FAULTS_PAIRS_H_
