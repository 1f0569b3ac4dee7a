#ifndef CHAIN_INTEGRATION_COSMWASM_STATE_H_
#define CHAIN_INTEGRATION_COSMWASM_STATE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"

// A contract's storage: bytes to bytes, ordered by key. A call works on it in
// place through a StateTransaction, which undoes everything unless the call
// succeeds.

namespace ingot::cosmwasm {

using StateMap = absl::btree_map<std::string, std::string, std::less<>>;

struct ContractState {
  StateMap entries;

  friend bool operator==(const ContractState& a, const ContractState& b) {
    return a.entries == b.entries;
  }
};

// nullopt: the key was, or is, absent. `before` and `after` differ.
struct StateChange {
  std::string key;
  std::optional<std::string> before;
  std::optional<std::string> after;

  friend bool operator==(const StateChange&, const StateChange&) = default;
};

enum class ScanOrder : uint8_t { kAscending = 1, kDescending = 2 };

// Iterators follow the state: each step yields the first key after the last
// one yielded (before it, when descending) that lies in [start, end) then. A
// key written during a scan is seen exactly if the scan has not passed it.
class StateTransaction {
 public:
  struct Entry {
    std::string_view key;    // valid until the next write
    std::string_view value;
  };

  static constexpr uint32_t kMaxIterators = 32768;

  explicit StateTransaction(ContractState& state) : state_(state) {}
  // Undoes the writes unless Commit() was called.
  ~StateTransaction();
  StateTransaction(const StateTransaction&) = delete;
  StateTransaction& operator=(const StateTransaction&) = delete;

  // The value of a key; nullptr if absent. Valid until the next write.
  const std::string* Find(std::string_view key) const;
  void Write(std::string_view key, std::string_view value);
  void Remove(std::string_view key);

  // An id, counted from 1; nullopt when there are kMaxIterators already. An
  // absent bound is open; start >= end gives an empty scan.
  std::optional<uint32_t> Scan(std::optional<std::string> start,
                               std::optional<std::string> end,
                               ScanOrder order);
  bool HasIterator(uint32_t id) const {
    return id >= 1 && id <= iterators_.size();
  }
  // The entry that Advance would pass; nullopt at the end.
  std::optional<Entry> Peek(uint32_t id) const;
  void Advance(uint32_t id);

  // Net changes so far, sorted by key.
  std::vector<StateChange> Changes() const;
  void Commit() { committed_ = true; }

 private:
  struct Iterator {
    std::optional<std::string> start;
    std::optional<std::string> end;
    ScanOrder order = ScanOrder::kAscending;
    std::optional<std::string> last;  // the key yielded last
  };

  void Remember(std::string_view key);

  ContractState& state_;
  // The value of each written key before this transaction.
  absl::btree_map<std::string, std::optional<std::string>, std::less<>>
      before_;
  std::vector<Iterator> iterators_;
  bool committed_ = false;
};

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_STATE_H_
