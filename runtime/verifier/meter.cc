#include "runtime/verifier/meter.h"

#include "compiler/abi/calling_convention.h"
#include "compiler/abi/traps.h"
#include "runtime/verifier/refuse.h"

namespace ingot::verifier {

// Goes on at a segment's begin, of which nothing is paid but what was paid
// ahead. In later rounds no test is due.
void Meter::Enter(uint32_t segment, int64_t ahead, uint32_t round) {
  current_ = segment;
  round_ = round;
  entered_with_ = ahead;
  ahead_ = ahead - segments_.At(segment).price;
  paid_ = false;
  tested_ = round != 0;
}

// Whether control may pass from where it is to a round of a later segment or of
// a header. Rounds only go up without a test, at the header of the innermost
// loop; who leaves that loop comes back through a header that tests.
bool Meter::RoundFollows(uint32_t to, uint32_t round) const {
  const uint32_t loop = segments_.At(current_).loop;
  const Segment& target = segments_.At(to);
  if (target.loop == to) return round == 0 || (to == loop && round > round_);
  return round == (target.loop == loop ? round_ : 0);
}

// A segment is settled when its price is paid, and what had to be tested before
// was.
Reason Meter::Settled() const {
  VERIFY(ahead_ >= 0, kUnpaid);
  VERIFY(!segments_.At(current_).tests || tested_, kNotTested);
  return Reason::kNone;
}

Reason Meter::Begin(uint32_t defined) {
  const wasm::Body& body =
      parts_.arena->Get(parts_.module->bodies, defined);
  const abi::FunctionEntry& entry = parts_.functions[defined];
  VERIFY(entry.body_offset == body.begin, kBodyOffset);
  VERIFY(entry.frame_bytes == abi::FrameBytes(body.locals, body.max_height,
                                              body.outgoing_slots),
         kFrameSize);
  VERIFY(segments_.Build(body), kModuleTooLarge);
  Enter(0, 0, 0);
  return Reason::kNone;
}

// To a segment's begin. What is paid ahead less what the certificate says is
// the price of the segments in between.
Reason Meter::Transfer(const abi::CertificateEntry& to) {
  RETURN_IF_REFUSED(Settled());
  const uint32_t segment = segments_.Find(to.wasm_offset, current_);
  const int64_t owed = ahead_ + to.owed_minus_paid;
  VERIFY(segment != kNowhere && segments_.At(segment).is_label && owed >= 0 &&
             RoundFollows(segment, RoundOf(to)) &&
             segments_.Follows(current_, segment, static_cast<uint64_t>(owed)),
         kTransfer);
  return Reason::kNone;
}

Reason Meter::Label(const abi::CertificateEntry& entry, bool reached) {
  const bool paid = (entry.zero_upper & abi::kCertificatePaid) != 0;
  const uint32_t segment = segments_.Find(entry.wasm_offset, current_);
  const int64_t ahead = -int64_t{entry.owed_minus_paid};
  const uint32_t round = RoundOf(entry);
  VERIFY(segment != kNowhere && ahead >= 0, kCertificateContents);
  // Nothing is paid ahead of a test, which would take it for missing.
  const Segment& begun = segments_.At(segment);
  VERIFY(paid || (begun.is_label &&
                  (ahead == 0 || round != 0 || !begun.tests)),
         kCertificateContents);
  if (reached) RETURN_IF_REFUSED(Jump(entry, true));
  Enter(segment, ahead, round);
  if (!paid) return Reason::kNone;
  ahead_ = ahead;
  paid_ = tested_ = true;
  return Reason::kNone;
}

// To a place inside of the same segment only forwards; FunctionPass has seen
// to the repairs, which are short loops that do not close.
Reason Meter::Jump(const abi::CertificateEntry& to, bool forwards) {
  if ((to.zero_upper & abi::kCertificatePaid) == 0) return Transfer(to);
  RETURN_IF_REFUSED(Settled());
  VERIFY(forwards && segments_.Find(to.wasm_offset, current_) == current_ &&
             RoundOf(to) == round_ && ahead_ + to.owed_minus_paid == 0,
         kTransfer);
  return Reason::kNone;
}

// Before the payment or right behind it (T3).
Reason Meter::Test() {
  VERIFY(!tested_ && entered_with_ == 0, kGasTemplate);
  tested_ = true;
  return Reason::kNone;
}

Reason Meter::Pay(int64_t amount) {
  if (paid_ && segments_.At(current_).kind == SegmentEnd::kSplit) {
    RETURN_IF_REFUSED(Settled());
    Enter(current_ + 1, ahead_, round_);
  }
  ahead_ += amount;
  paid_ = true;
  return ahead_ >= 0 ? Reason::kNone : Reason::kSegmentPrice;
}

Reason Meter::Trap(const abi::TrapEntry& entry) {
  RETURN_IF_REFUSED(Settled());
  const TrapPoint* point = segments_.FindPoint(current_, entry.wasm_offset);
  VERIFY(point != nullptr && (point->codes >> entry.code & 1) != 0 &&
             entry.owed_minus_paid == int64_t{point->owed} -
                                          segments_.At(current_).price - ahead_,
         kTrapGas);
  return Reason::kNone;
}

// There gas is exact.
Reason Meter::End(SegmentEnd kind, const Callee& callee) const {
  RETURN_IF_REFUSED(Settled());
  VERIFY(ahead_ == 0, kSegmentPrice);
  const Segment& segment = segments_.At(current_);
  VERIFY(segment.kind == kind || kind != SegmentEnd::kReturn, kTransfer);
  VERIFY(segment.kind == kind && segment.callee.IsMadeBy(callee),
         kCallDiffers);
  return Reason::kNone;
}

Reason Meter::CallSite(const abi::TrapEntry& entry, const Callee& callee) {
  RETURN_IF_REFUSED(End(SegmentEnd::kCall, callee));
  VERIFY(entry.wasm_offset == segments_.At(current_).end &&
             entry.owed_minus_paid == 0,
         kTrapGas);
  Enter(current_ + 1, 0, round_);
  return Reason::kNone;
}

}  // namespace ingot::verifier
