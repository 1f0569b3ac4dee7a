// The index in LMDB (docs/decisions/ says why). In and out: see the header.
// Holds: default durability, a flush per change; a full or broken disk is a
// status, never an end of the process.

#include "chain_integration/store/index.h"

#include <lmdb.h>

#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "chain_integration/store/durable_file.h"

namespace ingot::store {
namespace {

// Address space, not memory or disk: room for more records than clients make in
// years, since a full index keeps no verdict any more.
constexpr size_t kMapBytes = size_t{64} << 30;
constexpr unsigned kReaders = 510;
// LMDB's name for the file, and ours for one that is being made.
constexpr char kData[] = "/data.mdb";
constexpr char kFresh[] = "new-";

absl::Status Error(std::string_view what, int code) {
  const std::string text = absl::StrCat("the store's index: ",
                                        std::string(what), ": ",
                                        mdb_strerror(code));
  switch (code) {
    case MDB_NOTFOUND: return absl::NotFoundError(text);
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH: return absl::DataLossError(text);
    case MDB_MAP_FULL:
    case MDB_READERS_FULL: return absl::ResourceExhaustedError(text);
    default: return absl::UnavailableError(text);
  }
}

class Transaction {
 public:
  Transaction(MDB_env* env, unsigned flags) {
    code_ = mdb_txn_begin(env, nullptr, flags, &txn_);
  }
  ~Transaction() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  int code() const { return code_; }
  MDB_txn* get() { return txn_; }
  int Commit() {
    MDB_txn* const txn = txn_;
    txn_ = nullptr;
    return mdb_txn_commit(txn);
  }

 private:
  MDB_txn* txn_ = nullptr;
  int code_ = 0;
};

MDB_val ToVal(const std::string& text) {
  return {text.size(), const_cast<char*>(text.data())};
}

std::string_view View(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

// LMDB writes a new file's first pages without flushing them, nor the file's
// name: after a power loss it would be no LMDB file, or not there. So it is
// made under another name and gets its own when it is whole.
absl::Status MakeData(const std::string& folder) {
  const std::string fresh = absl::StrCat(
      folder, "/", kFresh, std::random_device()(), "-", std::random_device()());
  MDB_env* env = nullptr;
  int code = mdb_env_create(&env);
  if (code != 0) return Error("make", code);
  code = mdb_env_open(env, fresh.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, 0600);
  if (code == 0) code = mdb_env_sync(env, 1);
  mdb_env_close(env);
  if (code != 0) {
    Remove(fresh).IgnoreError();
    return Error(absl::StrCat("make ", fresh), code);
  }
  return LinkDurably(fresh, folder + kData);
}

// Makes sure that the file is there and stays.
absl::Status PrepareData(const std::string& folder) {
  if (!Exists(folder + kData)) return MakeData(folder);
  absl::StatusOr<std::vector<std::string>> names = ListFolder(folder);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!name.starts_with(kFresh)) continue;
    // Nobody needs another one any more.
    absl::Status removed = Remove(absl::StrCat(folder, "/", name));
    if (!removed.ok()) return removed;
  }
  return FlushFolder(folder);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Index>> Index::Open(const std::string& folder) {
  if (absl::Status made = PrepareData(folder); !made.ok()) return made;
  std::unique_ptr<Index> index(new Index(folder));
  absl::Status opened = index->OpenEnvironment();
  if (!opened.ok()) return opened;
  return index;
}

absl::Status Index::OpenEnvironment() const {
  MDB_env* env = nullptr;
  int code = mdb_env_create(&env);
  if (code != 0) return Error("make", code);
  mdb_env_set_mapsize(env, kMapBytes);
  mdb_env_set_maxreaders(env, kReaders);
  // Threads come and go; their read slots must not stay behind.
  code = mdb_env_open(env, folder_.c_str(), MDB_NOTLS, 0600);
  unsigned table = 0;
  if (code == 0) {
    // Slots of processes that died.
    int dead = 0;
    mdb_reader_check(env, &dead);
    Transaction txn(env, 0);
    code = txn.code();
    if (code == 0) code = mdb_dbi_open(txn.get(), nullptr, 0, &table);
    if (code == 0) code = txn.Commit();
  }
  if (code != 0) {
    mdb_env_close(env);
    return Error(absl::StrCat("open ", folder_), code);
  }
  env_ = env;
  table_ = table;
  ++opened_;
  return absl::OkStatus();
}

Index::~Index() {
  if (env_ != nullptr) mdb_env_close(env_);
}

void Index::Reopen(uint64_t seen) const {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  if (env_ != nullptr && opened_ != seen) return;  // somebody else has
  // Never two at a time: their locks are the process's.
  if (env_ != nullptr) mdb_env_close(std::exchange(env_, nullptr));
  // If it cannot be opened now, the next use tries again.
  OpenEnvironment().IgnoreError();
}

int Index::With(
    const std::function<int(MDB_env* env, unsigned table)>& body) const {
  for (bool again = false;; again = true) {
    uint64_t seen = 0;
    {
      const std::shared_lock<std::shared_mutex> lock(mutex_);
      seen = opened_;
      const int code = env_ == nullptr ? MDB_PANIC : body(env_, table_);
      if (code != MDB_PANIC || again) return code;
    }
    Reopen(seen);
  }
}

absl::StatusOr<Record> Index::Get(const Key& key) const {
  std::optional<Record> record;
  const int code = With([&](MDB_env* env, unsigned table) {
    Transaction txn(env, MDB_RDONLY);
    if (txn.code() != 0) return txn.code();
    const std::string name = key.Bytes();
    MDB_val wanted = ToVal(name), value;
    const int got = mdb_get(txn.get(), table, &wanted, &value);
    if (got == 0) record = Decode(key, View(value));
    return got;
  });
  if (code != 0) return Error("read", code);
  if (!record) return absl::DataLossError("a record of the index was altered");
  return *record;
}

absl::Status Index::Update(const Key& key, const Change& change) {
  return UpdateAll({&key, 1}, [&](const Key&, const Record* record) {
    return change(record);
  });
}

absl::Status Index::UpdateAll(std::span<const Key> keys,
                              const ChangeOne& change) {
  const int code = With([&](MDB_env* env, unsigned table) {
    Transaction txn(env, 0);
    if (txn.code() != 0) return txn.code();
    for (const Key& key : keys) {
      const std::string name = key.Bytes();
      MDB_val wanted = ToVal(name), value;
      int done = mdb_get(txn.get(), table, &wanted, &value);
      if (done != 0 && done != MDB_NOTFOUND) return done;
      const bool found = done == 0;
      std::optional<Record> record;
      if (found) record = Decode(key, View(value));
      const std::optional<Record> next =
          change(key, record ? &*record : nullptr);
      if (next) {
        const std::string bytes = Encode(key, *next);
        value = ToVal(bytes);
        done = mdb_put(txn.get(), table, &wanted, &value, 0);
      } else {
        done = found ? mdb_del(txn.get(), table, &wanted, nullptr) : 0;
      }
      if (done != 0) return done;
    }
    return txn.Commit();
  });
  return code == 0 ? absl::OkStatus() : Error("write", code);
}

absl::StatusOr<uint64_t> Index::Count() const {
  MDB_stat stat = {};
  const int code = With([&](MDB_env* env, unsigned table) {
    Transaction txn(env, MDB_RDONLY);
    return txn.code() != 0 ? txn.code() : mdb_stat(txn.get(), table, &stat);
  });
  if (code != 0) return Error("read", code);
  return stat.ms_entries;
}

absl::Status Index::ForEach(const Visit& visit) const {
  const int code = With([&](MDB_env* env, unsigned table) {
    Transaction txn(env, MDB_RDONLY);
    if (txn.code() != 0) return txn.code();
    MDB_cursor* cursor = nullptr;
    int got = mdb_cursor_open(txn.get(), table, &cursor);
    if (got != 0) return got;
    MDB_val name, value;
    while ((got = mdb_cursor_get(cursor, &name, &value, MDB_NEXT)) == 0) {
      const std::optional<Key> key = KeyFromBytes(View(name));
      if (!key) continue;
      const std::optional<Record> record = Decode(*key, View(value));
      visit(*key, record ? &*record : nullptr);
    }
    mdb_cursor_close(cursor);
    return got;
  });
  return code == MDB_NOTFOUND ? absl::OkStatus() : Error("read", code);
}

}  // namespace ingot::store
