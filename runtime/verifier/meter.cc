#include "runtime/verifier/meter.h"

#include "compiler/abi/calling_convention.h"
#include "compiler/abi/traps.h"

namespace ingot::verifier {

// A segment is settled when it is paid, or costs nothing, and what had to be
// tested before was.
bool Meter::Settled() const {
  const Segment& segment = segments_.At(current_);
  return paid_ || (segment.price == 0 && (!segment.tests || tested_));
}

Reason Meter::Begin(uint32_t defined) {
  const wasm::Body& body =
      parts_.arena->Get(parts_.module->bodies, defined);
  const abi::FunctionEntry& entry = parts_.functions[defined];
  if (entry.body_offset != body.begin) return Reason::kBodyOffset;
  if (entry.frame_bytes != abi::FrameBytes(body.locals, body.max_height,
                                           body.outgoing_slots)) {
    return Reason::kFrameSize;
  }
  if (!segments_.Build(body)) return Reason::kModuleTooLarge;
  current_ = 0;
  paid_ = tested_ = false;
  return Reason::kNone;
}

Reason Meter::Transfer(uint32_t position) {
  if (!Settled()) return Reason::kUnpaid;
  const uint32_t to = segments_.Find(position);
  if (to == kNowhere || !segments_.At(to).is_label ||
      !segments_.Follows(current_, to)) {
    return Reason::kTransfer;
  }
  return Reason::kNone;
}

Reason Meter::Label(const abi::CertificateEntry& entry, bool reached) {
  const bool paid = (entry.zero_upper & abi::kCertificatePaid) != 0;
  const uint32_t segment = segments_.Find(entry.wasm_offset);
  if (entry.owed_minus_paid != 0 || segment == kNowhere ||
      (!paid && !segments_.At(segment).is_label)) {
    return Reason::kCertificateContents;
  }
  if (reached && !paid) {
    const Reason reason = Transfer(entry.wasm_offset);
    if (reason != Reason::kNone) return reason;
  }
  if (reached && paid) {
    if (!Settled()) return Reason::kUnpaid;
    if (segment != current_) return Reason::kTransfer;
  }
  current_ = segment;
  paid_ = tested_ = paid;
  return Reason::kNone;
}

// To a place inside of the same segment only forwards; FunctionPass has seen
// to the repairs, which are short loops that do not close.
Reason Meter::Jump(const abi::CertificateEntry& to, bool forwards) {
  if ((to.zero_upper & abi::kCertificatePaid) == 0) {
    return Transfer(to.wasm_offset);
  }
  if (!Settled()) return Reason::kUnpaid;
  if (!forwards || segments_.Find(to.wasm_offset) != current_) {
    return Reason::kTransfer;
  }
  return Reason::kNone;
}

Reason Meter::Test() {
  if (paid_) return Reason::kGasTemplate;
  tested_ = true;
  return Reason::kNone;
}

Reason Meter::Pay(uint32_t price) {
  if (paid_ && segments_.At(current_).kind == SegmentEnd::kSplit) {
    ++current_;
    paid_ = tested_ = false;
  }
  const Segment& segment = segments_.At(current_);
  if (paid_ || price != segment.price) return Reason::kSegmentPrice;
  if (segment.tests && !tested_) return Reason::kNotTested;
  paid_ = true;
  return Reason::kNone;
}

Reason Meter::Trap(const abi::TrapEntry& entry) {
  if (!Settled()) return Reason::kUnpaid;
  const TrapPoint* point = segments_.FindPoint(current_, entry.wasm_offset);
  if (point == nullptr || (point->codes >> entry.code & 1) == 0 ||
      entry.owed_minus_paid !=
          static_cast<int64_t>(point->owed) - segments_.At(current_).price) {
    return Reason::kTrapGas;
  }
  return Reason::kNone;
}

Reason Meter::CallSite(const abi::TrapEntry& entry, CalledKind kind,
                       uint32_t callee) {
  if (!Settled()) return Reason::kUnpaid;
  const Segment& segment = segments_.At(current_);
  if (segment.kind != SegmentEnd::kCall || segment.called != kind ||
      segment.callee != callee) {
    return Reason::kCallDiffers;
  }
  if (entry.wasm_offset != segment.end || entry.owed_minus_paid != 0) {
    return Reason::kTrapGas;
  }
  ++current_;
  paid_ = tested_ = false;
  return Reason::kNone;
}

Reason Meter::Return() {
  if (!Settled()) return Reason::kUnpaid;
  return segments_.At(current_).kind == SegmentEnd::kReturn
             ? Reason::kNone
             : Reason::kTransfer;
}

}  // namespace ingot::verifier
