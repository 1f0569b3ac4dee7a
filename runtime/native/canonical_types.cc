// An ordered map from types, written as strings, to numbers; freed numbers are
// given out again, which is safe because nothing holds them.

#include "runtime/native/canonical_types.h"

#include <mutex>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "compiler/base/check.h"

namespace ingot::runtime {
namespace {

struct Registry {
  std::mutex mutex;
  absl::btree_map<std::string, uint32_t> ids;
  struct Entry {
    std::string key;
    uint64_t holders = 0;
  };
  std::vector<Entry> entries;  // by id
  std::vector<uint32_t> free;
};

// Never destroyed: stores may outlive main.
Registry& TheRegistry() {
  static Registry* registry = new Registry;
  return *registry;
}

std::string KeyOf(const Signature& signature) {
  std::string key;
  for (wasm::ValType type : signature.params) {
    key.push_back(static_cast<char>(type));
  }
  key.push_back(':');  // no value type has this byte
  for (wasm::ValType type : signature.results) {
    key.push_back(static_cast<char>(type));
  }
  return key;
}

}  // namespace

uint32_t AcquireTypeId(const Signature& signature) {
  std::string key = KeyOf(signature);
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  const auto at = registry.ids.find(key);
  if (at != registry.ids.end()) {
    ++registry.entries[at->second].holders;
    return at->second;
  }
  uint32_t id = static_cast<uint32_t>(registry.entries.size());
  if (registry.free.empty()) {
    registry.entries.emplace_back();
  } else {
    id = registry.free.back();
    registry.free.pop_back();
  }
  registry.entries[id] = {key, 1};
  registry.ids.emplace(std::move(key), id);
  return id;
}

void ReleaseTypeId(uint32_t id) {
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  Registry::Entry& entry = registry.entries[id];
  INGOT_CHECK(entry.holders != 0);
  if (--entry.holders != 0) return;
  registry.ids.erase(entry.key);
  entry.key.clear();
  registry.free.push_back(id);
}

}  // namespace ingot::runtime
