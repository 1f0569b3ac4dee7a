// The names of verdicts, as INTERFACE and API print them. In: a kind. Out: its
// name. Holds: names never change their meaning.

#include "sandbox/verdict.h"

namespace ingot::sandbox {

std::string_view VerdictName(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kAccepted:
      return "accepted";
    case VerdictKind::kRejected:
      return "rejected";
    case VerdictKind::kOutOfGas:
      return "out_of_gas";
    case VerdictKind::kOutOfMemory:
      return "out_of_memory";
  }
  return "unknown";
}

}  // namespace ingot::sandbox
