#ifndef RUNTIME_VERIFIER_WASM_SEGMENTS_H_
#define RUNTIME_VERIFIER_WASM_SEGMENTS_H_

#include <compare>
#include <cstdint>
#include <span>

#include "compiler/abi/traps.h"
#include "compiler/wasm/operator_reader.h"
#include "runtime/verifier/verifier.h"

// A body cut into segments: straight pieces that are paid at once. A segment
// begins at the body's start, where a branch can lead, behind a branch and
// behind a call; it ends with the call or where control may pass elsewhere.
// Re-derived from the module's bytes and the schedule alone. Code that cannot
// be reached belongs to no segment.

namespace ingot::verifier {

constexpr uint32_t Bit(TrapCode code) {
  return 1u << static_cast<uint32_t>(code);
}

enum class CalledKind : uint8_t { kFunction, kImport, kIndirect, kRuntime };

// What is called: a function, a type or a builtin, and the table that an
// indirect call goes through or a builtin's immediates (builtins.def).
struct Callee {
  CalledKind kind = CalledKind::kFunction;
  uint8_t immediates = 0;  // how many of the module's count
  uint32_t index = 0;
  uint32_t immediate[2] = {kNowhere, kNowhere};  // kNowhere: not known

  // Whether code that calls `made` does what the module says. An immediate that
  // comes from a register of which nothing is known is the executor's to check.
  bool IsMadeBy(const Callee& made) const {
    for (uint32_t i = 0; i < immediates; ++i) {
      if (made.immediate[i] != kNowhere && made.immediate[i] != immediate[i]) {
        return false;
      }
    }
    return kind == made.kind && index == made.index;
  }
};

enum class SegmentEnd : uint8_t {
  kReturn, kTrap, kTransfer, kCall, kTailCall,
  kSplit,  // nothing but the sum's size ends it
};

// Where control must get to from a segment, past segments that it can leave one
// way only and that test nothing; the sum of the prices on the way; and the
// segment's number among those ways.
struct Place {
  uint64_t way = 0;
  uint32_t canonical = 0;
  uint32_t number = 0;

  auto operator<=>(const Place&) const = default;
};

struct Segment {
  uint32_t begin = 0;  // module offset of its first instruction
  uint32_t end = 0;    // of the one that ends it
  uint32_t price = 0;
  Place place = {};
  // Ways are trees. Theirs are the numbers behind a segment's own of those that
  // lead through it.
  uint32_t parent = kNowhere;
  uint32_t through = 1;  // how many they are, with itself
  uint32_t free = 0;     // the next of those numbers to give away
  uint32_t first_successor = 0;
  uint32_t successors = 0;
  uint32_t first_point = 0;
  uint32_t points = 0;
  SegmentEnd kind = SegmentEnd::kTransfer;
  Callee callee = {};
  uint32_t loop = kNowhere;  // the header of the innermost loop around it
  bool tests = false;   // a loop's header, or the entry of one that calls
  bool is_label = false;
};

// An instruction that may trap: what is owed from its segment's begin up to
// and including it, and the trap codes it has (bit c: code c).
struct TrapPoint {
  uint32_t offset;
  uint32_t owed;
  uint32_t codes;
};

class WasmSegments {
 public:
  WasmSegments(const CodeParts& parts, std::span<const uint8_t> module_bytes,
               const GasSchedule& schedule, Arena& scratch)
      : parts_(parts), bytes_(module_bytes), schedule_(schedule),
        arena_(scratch), mark_(scratch.used()) {}

  // False when there is no memory. Forgets the body before.
  bool Build(const wasm::Body& body);

  const Segment& At(uint32_t index) const { return segments_[index]; }
  // The segment that begins at a module offset; kNowhere if none does. It is
  // looked for from `near` on, if it is not before that.
  uint32_t Find(uint32_t begin, uint32_t near) const;
  const TrapPoint* FindPoint(uint32_t segment, uint32_t offset) const;
  // Whether control may pass from the end of `from` to the begin of `to`,
  // perhaps through segments whose prices add up to `owed`.
  bool Follows(uint32_t from, uint32_t to, uint64_t owed) const;

 private:
  enum class Kind : uint8_t { kBlock, kLoop, kIf, kElse };
  // An `if` has two, the second for where its condition is false.
  struct Control {
    Kind kind;
    uint32_t last_edge;  // which segment's branch led to it last, from 1; or 0
    uint32_t target;  // the segment that a branch to it leads to
    uint32_t outer;   // of a loop: the loop around it
  };
  template <typename T>
  bool Take(uint64_t count, std::span<T>* out);
  template <typename T>
  void Append(std::span<T> items, uint32_t* count, const T& item);
  bool Skip(const wasm::Operator& op);
  void Step(wasm::OperatorReader& reader, const wasm::Operator& op);
  void EndControl(const wasm::Operator& op, uint32_t next);
  void Open(uint32_t begin, bool is_label);
  void Close(uint32_t end, SegmentEnd kind);
  void Call(const wasm::Operator& op, uint32_t next, const Callee& callee);
  void Push(Kind kind);
  void AddSuccessor(uint32_t control);
  void AddLabel(uint32_t depth);
  void AddPoint(const wasm::Operator& op, uint32_t codes);
  uint32_t SuccessorOf(uint32_t segment, uint32_t index) const;
  std::span<Place> LinksOf(uint32_t segment) const {
    return links_.subspan(At(segment).first_successor, At(segment).successors);
  }
  uint32_t MeetingOf(uint32_t segment) const;
  void FindWays();
  void Link();

  const CodeParts& parts_;
  std::span<const uint8_t> bytes_;
  const GasSchedule& schedule_;
  Arena& arena_;
  uint32_t mark_;
  std::span<Segment> segments_;
  std::span<uint32_t> successors_;  // controls, or kNowhere: the next segment
  std::span<Place> links_;  // of successors, sorted within a segment
  std::span<TrapPoint> points_;
  std::span<Control> controls_;
  std::span<uint32_t> stack_;  // of controls
  uint32_t num_segments_ = 0;
  uint32_t num_successors_ = 0;
  uint32_t num_points_ = 0;
  uint32_t num_controls_ = 0;
  uint32_t depth_ = 0;
  uint32_t skipped_ = 0;
  uint32_t loop_ = kNowhere;  // header of the innermost open loop
  uint64_t owed_ = 0;
  bool reachable_ = false;
  bool calls_ = false;
  bool overflow_ = false;
};

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_WASM_SEGMENTS_H_
