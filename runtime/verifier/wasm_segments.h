#ifndef RUNTIME_VERIFIER_WASM_SEGMENTS_H_
#define RUNTIME_VERIFIER_WASM_SEGMENTS_H_

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
    if (kind != made.kind || index != made.index) return false;
    for (uint32_t i = 0; i < immediates; ++i) {
      if (made.immediate[i] != kNowhere && made.immediate[i] != immediate[i]) {
        return false;
      }
    }
    return true;
  }
};

enum class SegmentEnd : uint8_t {
  kReturn, kTrap, kTransfer, kCall, kTailCall,
  kSplit,  // nothing but the sum's size ends it
};

struct Segment {
  uint32_t begin = 0;  // module offset of its first instruction
  uint32_t end = 0;    // of the one that ends it
  uint32_t price = 0;
  // Where control must get to from here, past segments that it can leave one
  // way only and that test nothing; and the sum of the prices on the way.
  uint32_t canonical = 0;
  uint64_t way = 0;
  // Those ways are trees. A segment's number, and that of how many segments
  // the way leads through it: theirs are the numbers behind its own.
  uint32_t parent = kNowhere;
  uint32_t number = 0;
  uint32_t through = 1;
  uint32_t free = 0;  // the next of those numbers to give away
  uint32_t first_successor = 0;
  uint32_t successors = 0;
  uint32_t first_point = 0;
  uint32_t points = 0;
  SegmentEnd kind = SegmentEnd::kTransfer;
  Callee callee;
  uint32_t loop = kNowhere;  // the header of the innermost loop around it
  bool tests = false;   // a loop's header, or the entry of one that calls
  bool is_header = false;
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
  // looked for at `near` first, and behind that.
  uint32_t Find(uint32_t begin, uint32_t near) const;
  const TrapPoint* FindPoint(uint32_t segment, uint32_t offset) const;
  // Whether control may pass from the end of `from` to the begin of `to`,
  // perhaps through segments whose prices add up to `owed`.
  bool Follows(uint32_t from, uint32_t to, uint64_t owed) const;

 private:
  enum class Kind : uint8_t { kBlock, kLoop, kIf, kElse };
  struct Control {
    Kind kind;
    bool has_edges;
    uint32_t target;       // the segment that a branch to it leads to
    uint32_t else_target;
    uint32_t outer;        // of a loop: the loop around it
  };
  enum class Where : uint32_t { kNext, kLabel, kElse };
  struct Successor {
    Where where;
    uint32_t value;  // segment, or control
  };
  // What Link makes of a successor; sorted within a segment.
  struct Linked {
    uint32_t canonical;
    uint64_t way;
    uint32_t number;
    bool operator<(const Linked& other) const {
      if (canonical != other.canonical) return canonical < other.canonical;
      return way != other.way ? way < other.way : number < other.number;
    }
  };

  template <typename T>
  bool Take(uint64_t count, std::span<T>* out);
  template <typename T>
  void Append(std::span<T> items, uint32_t* count, const T& item);
  bool Allocate(const wasm::Body& body);
  bool Skip(const wasm::Operator& op);
  void Step(wasm::OperatorReader& reader, const wasm::Operator& op);
  void EndControl(const wasm::Operator& op, uint32_t next);
  void Open(uint32_t begin, bool is_label, bool tests);
  void Close(uint32_t end, SegmentEnd kind);
  Callee FunctionCallee(uint32_t function) const;
  void EndWithCall(const wasm::Operator& op, SegmentEnd end,
                   const Callee& callee);
  void Call(const wasm::Operator& op, uint32_t next, const Callee& callee);
  void Push(Kind kind);
  void AddSuccessor(Where where, uint32_t value);
  void AddLabel(uint32_t depth);
  void AddPoint(const wasm::Operator& op, uint32_t codes);
  void AddNext() { AddSuccessor(Where::kNext, num_segments_); }
  uint32_t SegmentOf(const Successor& successor) const;
  void FindWays();
  void Link();

  const CodeParts& parts_;
  std::span<const uint8_t> bytes_;
  const GasSchedule& schedule_;
  Arena& arena_;
  uint32_t mark_;
  std::span<Segment> segments_;
  std::span<Successor> successors_;
  std::span<Linked> linked_;
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
