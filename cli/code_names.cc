// Names of kinds. In: kinds. Out: words. Holds: the words are those of
// INTERFACE.md.

#include "cli/code_names.h"

#include <algorithm>
#include <utility>

namespace ingot::cli {
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

std::string_view OutcomeName(runtime::OutcomeKind kind) {
  switch (kind) {
    case runtime::OutcomeKind::kReturned: return "returned";
    case runtime::OutcomeKind::kTrapped: return "trapped";
    case runtime::OutcomeKind::kReverted: return "reverted";
    case runtime::OutcomeKind::kOutOfGas: return "out_of_gas";
  }
  return "unknown";
}

std::string_view TypeName(wasm::ValType type) {
  switch (type) {
    case wasm::ValType::kI32: return "i32";
    case wasm::ValType::kI64: return "i64";
    case wasm::ValType::kF32: return "f32";
    case wasm::ValType::kF64: return "f64";
    case wasm::ValType::kFuncRef: return "funcref";
    case wasm::ValType::kExternRef: return "externref";
  }
  return "unknown";
}

std::string_view KindName(wasm::ExternKind kind) {
  switch (kind) {
    case wasm::ExternKind::kFunc: return "function";
    case wasm::ExternKind::kTable: return "table";
    case wasm::ExternKind::kMemory: return "memory";
    case wasm::ExternKind::kGlobal: return "global";
  }
  return "unknown";
}

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

}  // namespace ingot::cli
