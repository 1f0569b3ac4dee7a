#ifndef RUNTIME_VERIFIER_METER_H_
#define RUNTIME_VERIFIER_METER_H_

#include <cstdint>
#include <span>

#include "runtime/verifier/verifier.h"
#include "runtime/verifier/wasm_segments.h"

// Rule 7: the walk over a function's native code in step with its wasm code.
// In: what the pass over the code comes across, in order. Out: whether it pays
// for what the module says stands there (README.md, metering).

namespace ingot::verifier {

class Meter {
 public:
  Meter(const CodeParts& parts, std::span<const uint8_t> module_bytes,
        const GasSchedule& schedule, Arena& scratch)
      : parts_(parts), segments_(parts, module_bytes, schedule, scratch) {}

  Reason Begin(uint32_t defined);
  // A certified place; `reached`: also from the instruction before it.
  Reason Label(const abi::CertificateEntry& entry, bool reached);
  Reason Jump(const abi::CertificateEntry& to, bool forwards);
  Reason Test();
  // Less than nothing: what is given back.
  Reason Pay(int64_t amount);
  Reason Trap(const abi::TrapEntry& entry);
  Reason CallSite(const abi::TrapEntry& entry, const Callee& callee);
  // What ends a function or, at its return address, a call.
  Reason End(SegmentEnd kind, const Callee& callee) const;

 private:
  static uint32_t RoundOf(const abi::CertificateEntry& entry) {
    return (entry.zero_upper & abi::kCertificateRound) >>
           abi::kCertificateRoundShift;
  }
  void Enter(uint32_t segment, int64_t ahead, uint32_t round);
  bool RoundFollows(uint32_t to, uint32_t round) const;
  Reason Settled() const;
  Reason Transfer(const abi::CertificateEntry& to);

  const CodeParts& parts_;
  WasmSegments segments_;
  uint32_t current_ = 0;  // segment
  uint32_t round_ = 0;    // of the innermost loop around it
  // Paid before this segment for it and what follows; and less its price, with
  // what is paid in it.
  int64_t entered_with_ = 0;
  int64_t ahead_ = 0;
  bool paid_ = false;
  bool tested_ = false;
};

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_METER_H_
