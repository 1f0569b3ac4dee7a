// Storage of one call: writes go to the state at once, the first write of each
// key remembers what was there, and an uncommitted transaction puts it back.

#include "chain_integration/cosmwasm/state.h"

#include <utility>

#include "compiler/base/check.h"

namespace ingot::cosmwasm {

StateTransaction::~StateTransaction() {
  if (committed_) return;
  for (auto& [key, value] : before_) {
    if (value.has_value()) {
      state_.entries[key] = *std::move(value);
    } else {
      state_.entries.erase(key);
    }
  }
}

const std::string* StateTransaction::Find(std::string_view key) const {
  const auto it = state_.entries.find(key);
  return it == state_.entries.end() ? nullptr : &it->second;
}

void StateTransaction::Remember(std::string_view key) {
  if (before_.find(key) != before_.end()) return;
  const std::string* value = Find(key);
  before_.emplace(std::string(key), value == nullptr
                                        ? std::nullopt
                                        : std::optional<std::string>(*value));
}

void StateTransaction::Write(std::string_view key, std::string_view value) {
  Remember(key);
  state_.entries.insert_or_assign(std::string(key), std::string(value));
}

void StateTransaction::Remove(std::string_view key) {
  Remember(key);
  const auto it = state_.entries.find(key);
  if (it != state_.entries.end()) state_.entries.erase(it);
}

std::optional<uint32_t> StateTransaction::Scan(
    std::optional<std::string> start, std::optional<std::string> end,
    ScanOrder order) {
  if (iterators_.size() >= kMaxIterators) return std::nullopt;
  iterators_.push_back({.start = std::move(start),
                        .end = std::move(end),
                        .order = order,
                        .last = std::nullopt});
  return static_cast<uint32_t>(iterators_.size());
}

std::optional<StateTransaction::Entry> StateTransaction::Peek(
    uint32_t id) const {
  INGOT_CHECK(HasIterator(id));
  const Iterator& iterator = iterators_[id - 1];
  const StateMap& entries = state_.entries;
  StateMap::const_iterator it;
  if (iterator.order == ScanOrder::kAscending) {
    if (iterator.last.has_value()) {
      it = entries.upper_bound(*iterator.last);
    } else if (iterator.start.has_value()) {
      it = entries.lower_bound(*iterator.start);
    } else {
      it = entries.begin();
    }
    if (it == entries.end()) return std::nullopt;
    if (iterator.end.has_value() && it->first >= *iterator.end) {
      return std::nullopt;
    }
  } else {
    if (iterator.last.has_value()) {
      it = entries.lower_bound(*iterator.last);
    } else if (iterator.end.has_value()) {
      it = entries.lower_bound(*iterator.end);
    } else {
      it = entries.end();
    }
    if (it == entries.begin()) return std::nullopt;
    --it;
    if (iterator.start.has_value() && it->first < *iterator.start) {
      return std::nullopt;
    }
  }
  return Entry{.key = it->first, .value = it->second};
}

void StateTransaction::Advance(uint32_t id) {
  const std::optional<Entry> entry = Peek(id);
  if (entry.has_value()) iterators_[id - 1].last = std::string(entry->key);
}

std::vector<StateChange> StateTransaction::Changes() const {
  std::vector<StateChange> changes;
  for (const auto& [key, before] : before_) {
    const std::string* value = Find(key);
    std::optional<std::string> after;
    if (value != nullptr) after = *value;
    if (after != before) changes.push_back({key, before, std::move(after)});
  }
  return changes;
}

}  // namespace ingot::cosmwasm
