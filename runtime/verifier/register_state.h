#ifndef RUNTIME_VERIFIER_REGISTER_STATE_H_
#define RUNTIME_VERIFIER_REGISTER_STATE_H_

#include <cstdint>

#include "runtime/verifier/decoder.h"

// What the verifier knows of the general registers at a place in the code: for
// each whether its upper half is zero, and for a few what they hold (a tag).
// Tags live from one instruction to the next; a label or a call ends them all.

namespace ingot::verifier {

enum class TagKind : uint8_t {
  kNone,
  kConst,          // value
  kCallerBase,     // r15 at this place
  kMemoryBase,     // base of the imported memory
  kGlobalPointer,  // cell of the imported global `index`
  kSum,            // value + a number below 2^32
  kCheckedSum,     // a kSum that is at most the memory's size; index: imported
  kTableCell,      // cell of the imported table `index`
  kElements,       // elements of table `index`
  kElementIndex,   // below the size of table `index`
  kRefOrNull,      // an element of the funcref table `index`
  kRef,            // not null
  kRefOfType,      // of type `index`, from table `value`
  kTypeIds,
  kTypeId,         // canonical id of type `index`
  kBelow,          // less than value
  kTables,         // address of rodata offset `index`
  kTableEntry,     // entry of the jump table of `value` entries at `index`
  kJumpTarget,     // where such an entry leads to
};

struct Tag {
  TagKind kind = TagKind::kNone;
  uint32_t index = 0;
  uint64_t value = 0;
};

class RegisterState {
 public:
  // Whether these registers have a zero upper half (bit r: register r).
  bool Implies(uint32_t mask) const { return (mask & ~zero_upper_) == 0; }

  // Only `mask` is known.
  void Reset(uint32_t mask) {
    zero_upper_ = mask;
    tagged_ = 0;
  }
  // A write of registers.
  void Write(uint32_t mask, Effect effect) {
    tagged_ &= ~mask;
    zero_upper_ &= effect == Effect::kLowByte ? ~0u : ~mask;
    zero_upper_ |= effect == Effect::kZeroUpper ? mask : 0;
  }
  // What an instruction writes by its operands.
  void Write(const Instruction& in) { Write(in.written, in.effect); }
  void SetTag(uint8_t reg, const Tag& tag) {
    tags_[reg] = tag;
    tagged_ |= 1u << reg;
  }
  // Of no register too.
  Tag At(uint8_t reg) const {
    return (tagged_ >> reg & 1) != 0 ? tags_[reg] : Tag{};
  }

 private:
  uint32_t zero_upper_ = 0;
  uint32_t tagged_ = 0;
  Tag tags_[16];
};

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_REGISTER_STATE_H_
