#ifndef CHAIN_INTEGRATION_STORE_INDEX_H_
#define CHAIN_INTEGRATION_STORE_INDEX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chain_integration/store/records.h"

// The index of the store, in LMDB. In: keys and records. Out: the same after
// any crash. Holds: a change is on the disk when the call returns; a reader
// sees a change whole or not at all; any number of threads, and other
// processes beside this one.

typedef struct MDB_env MDB_env;

namespace ingot::store {

class Index {
 public:
  // Opens or makes the index in an existing folder.
  static absl::StatusOr<std::unique_ptr<Index>> Open(const std::string& folder);
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // kNotFound when there is none; kDataLoss when it was altered.
  absl::StatusOr<Record> Get(const Key& key) const;
  // Calls `change` with the record of `key`, null when there is none or it was
  // altered, and stores what it returns; nullopt removes the record. One
  // change at a time, in all processes.
  using Change = std::function<std::optional<Record>(const Record* record)>;
  absl::Status Update(const Key& key, const Change& change);
  // The same for many, of which all are changed or none.
  using ChangeOne =
      std::function<std::optional<Record>(const Key& key, const Record* record)>;
  absl::Status UpdateAll(std::span<const Key> keys, const ChangeOne& change);
  // How many records there are, without looking at them.
  absl::StatusOr<uint64_t> Count() const;
  // All records in the order of their keys, as they are at one moment; null
  // for one that was altered.
  using Visit = std::function<void(const Key& key, const Record* record)>;
  absl::Status ForEach(const Visit& visit) const;

 private:
  explicit Index(std::string folder) : folder_(std::move(folder)) {}

  // Opens the environment, which is not open. Under mutex_, alone.
  absl::Status OpenEnvironment() const;
  // `body` with the environment, and its code of LMDB's. After a write of its
  // head that failed, LMDB gives an environment up for good (MDB_PANIC): then
  // it is opened again, and `body` run once more.
  int With(const std::function<int(MDB_env* env, unsigned table)>& body) const;
  void Reopen(uint64_t seen) const;

  const std::string folder_;
  // Held by all who use the environment, alone by who opens it again.
  mutable std::shared_mutex mutex_;
  // Guarded by mutex_.
  mutable MDB_env* env_ = nullptr;
  mutable unsigned table_ = 0;
  mutable uint64_t opened_ = 0;  // how often
};

}  // namespace ingot::store

#endif  // CHAIN_INTEGRATION_STORE_INDEX_H_
