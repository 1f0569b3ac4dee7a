#ifndef COMPILER_OPT_VALUE_NUMBERING_H_
#define COMPILER_OPT_VALUE_NUMBERING_H_

#include <cstdint>

#include "compiler/base/arena.h"
#include "compiler/ir/ir.h"
#include "compiler/opt/simplify.h"

// Which value an instruction computes that is there already. In: instructions
// in the order in which the builder makes them, stores, and what becomes
// unknown where control meets. Out: an earlier value that dominates this place
// and equals the instruction's, if the table still holds it.
//
// The table has a fixed size; an entry lost to another costs an optimisation,
// never correctness, and nothing goes through the entries. A load is found
// again while every store since is to the same index at other offsets, at most
// kStoresSeen of them.

namespace ingot::compiler {

class ValueNumbering {
 public:
  // Room for a function with up to `controls` controls; false: no memory.
  [[nodiscard]] bool Allocate(Arena& arena);
  // Forgets everything. `controls` bounds the calls of `Hide` by 2 × that.
  [[nodiscard]] bool Begin(Arena& arena, uint32_t controls);

  InstId Find(const Pure& pure) const;
  void Add(const Pure& pure, InstId value);

  InstId FindLoad(const Pure& load, uint32_t bytes) const;
  void AddLoad(const Pure& load, InstId value);
  void Store(InstId index, uint32_t offset, uint32_t bytes);

  InstId FindGlobal(const Pure& get) const;
  // An imported global may be another imported global under a second name.
  void SetGlobal(const Pure& get, InstId value, bool imported);

  // Memory and globals may be anything from here on.
  void Forget();
  // Values from `first` on no longer dominate what follows.
  void Hide(InstId first, InstId end);

 private:
  static constexpr uint32_t kEntries = 512;
  static constexpr uint32_t kStoresSeen = 8;

  struct Entry {
    Pure key;
    InstId value;
    uint32_t stamp;   // of the function
    uint32_t moment;  // loads: stores seen; globals: changes seen
  };
  struct Written {
    InstId index;
    uint32_t offset;
    uint32_t bytes;
  };
  struct Hidden {
    InstId first;
    InstId end;
  };

  const Entry* Lookup(const Pure& key) const;
  Entry* Place(const Pure& key);
  bool IsHidden(InstId value) const;

  Entry* entries_ = nullptr;
  Hidden* hidden_ = nullptr;
  uint32_t num_hidden_ = 0;
  uint32_t stamp_ = 0;
  Written written_[kStoresSeen] = {};
  uint32_t stores_ = 0;        // seen so far
  uint32_t unknown_until_ = 0;  // loads from before are forgotten
  uint32_t changes_ = 0;       // of what imported globals may hold
};

}  // namespace ingot::compiler

#endif  // COMPILER_OPT_VALUE_NUMBERING_H_
