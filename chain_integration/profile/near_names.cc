// Words near a mistyped one. In: a word, candidates. Out: at most five of them.
// Holds: equal input gives equal output, the nearest first.

#include "chain_integration/profile/near_names.h"

#include <algorithm>
#include <utility>

namespace ingot::profiles {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> NearNames(std::string_view name,
                                   std::span<const std::string> names) {
  constexpr size_t kMost = 5;
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const std::string& candidate : names) {
    const bool contains =
        name.size() >= 3 && candidate.find(name) != std::string::npos;
    const size_t distance = EditDistance(name, candidate);
    const size_t allowed = std::max<size_t>(2, name.size() / 3);
    if (contains) {
      ranked.emplace_back(0, candidate);
    } else if (distance <= allowed) {
      ranked.emplace_back(distance, candidate);
    }
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> near;
  for (size_t i = 0; i < std::min(kMost, ranked.size()); ++i) {
    near.push_back(std::move(ranked[i].second));
  }
  return near;
}

}  // namespace ingot::profiles
