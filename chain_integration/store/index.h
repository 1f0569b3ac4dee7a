#ifndef CHAIN_INTEGRATION_STORE_INDEX_H_
#define CHAIN_INTEGRATION_STORE_INDEX_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

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
  // All records in the order of their keys, as they are at one moment; null
  // for one that was altered.
  using Visit = std::function<void(const Key& key, const Record* record)>;
  absl::Status ForEach(const Visit& visit) const;

 private:
  Index(MDB_env* env, unsigned table) : env_(env), table_(table) {}

  MDB_env* const env_;
  const unsigned table_;
};

}  // namespace ingot::store

#endif  // CHAIN_INTEGRATION_STORE_INDEX_H_
