#ifndef FUZZ_TARGETS_MODULE_MUTATOR_H_
#define FUZZ_TARGETS_MODULE_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/differential/random.h"

// Mutants of modules that are valid more often than mutated bytes are. In: the
// bytes of a module, or of anything. Out: bytes that differ, lengths of sections
// and bodies corrected. Most edits replace instructions by others of the same
// type or insert what leaves the operand stack as it was; some are of bytes.

namespace ingot::fuzz {

class ModuleMutator {
 public:
  ModuleMutator(std::span<const uint8_t> module, uint64_t seed);

  // One edit. The result may exceed `max_size`.
  std::vector<uint8_t> Mutate(size_t max_size);

  // A section, a body or some instructions of `other` in a place of this one.
  std::vector<uint8_t> CrossWith(std::span<const uint8_t> other);

 private:
  // A region of bytes behind its own length: a section or a body.
  struct Framed {
    size_t size_at = 0;
    size_t begin = 0;
    size_t end = 0;
    uint8_t id = 0;  // of a section
  };
  struct Place {
    size_t at = 0;
    size_t length = 0;
    uint32_t op = 0;  // index in the opcode table
  };
  using Bytes = std::vector<uint8_t>;

  void ParseSections();
  void ParseBodies();
  std::vector<Place> Instructions(const Framed& body) const;
  const Framed* SomeSection();
  // The code section and one of its bodies; false if there is none.
  bool SomeBody(const Framed** section, const Framed** body);

  // [at, at + length) replaced, in a section, in one of its bodies.
  Bytes Replaced(size_t at, size_t length, std::span<const uint8_t> with,
                 const Framed* section, const Framed* body) const;

  Bytes MutateBody();
  Bytes MutateInstruction(const Place& place);
  // Code that leaves the operand stack as it was, if its indices are right.
  Bytes NeutralCode();
  Bytes ChangedLocals(const Framed& section, const Framed& body);
  Bytes MutateSection(size_t max_size);
  Bytes MutateStructure();
  Bytes AddFunction();
  Bytes Generated(size_t max_size);

  Random random_;
  Bytes bytes_;
  std::vector<Framed> sections_;
  std::vector<Framed> bodies_;
  const Framed* code_ = nullptr;
};

}  // namespace ingot::fuzz

#endif  // FUZZ_TARGETS_MODULE_MUTATOR_H_
