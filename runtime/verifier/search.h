#ifndef RUNTIME_VERIFIER_SEARCH_H_
#define RUNTIME_VERIFIER_SEARCH_H_

#include <algorithm>
#include <cstdint>
#include <span>

// A search in a table that is in order by a field. In: the table, a value, and
// where it is likely or a little before, kNowhere if that is not known. Out: the
// first entry whose field has that value, null if there is none. Holds: as many
// steps as the logarithm of the distance behind the likely place, or else of the
// table.

namespace ingot::verifier {

template <auto kField, typename Entry>
const Entry* FindAt(std::span<const Entry> table, uint32_t value, size_t near) {
  if (table.empty() || table.back().*kField < value) return nullptr;
  size_t low = 0, step = table.size();
  if (near < step && (near == 0 || table[near - 1].*kField < value)) {
    for (low = near, step = 1;
         low + step < table.size() && table[low + step].*kField < value;
         low += step, step *= 2) {
    }
  }
  const Entry* const begin = table.data() + low;
  const Entry* const at = std::ranges::lower_bound(
      begin, begin + std::min(step, table.size() - low), value, {}, kField);
  return at->*kField == value ? at : nullptr;
}

}  // namespace ingot::verifier

#endif  // RUNTIME_VERIFIER_SEARCH_H_
