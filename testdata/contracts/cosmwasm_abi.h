#ifndef TESTDATA_CONTRACTS_COSMWASM_ABI_H_
#define TESTDATA_CONTRACTS_COSMWASM_ABI_H_

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

// The CosmWasm interface (version 8) for contracts in C++: regions, storage,
// iterators, queries, abort. A contract defines Instantiate, Execute and Query
// and places INGOT_COSMWASM_CONTRACT once; the entry points, allocate and
// deallocate come from there.
//
// There are no exceptions: what is wrong with a message ends in Abort, or in an
// error that the contract returns.

namespace contract {

struct Region {
  uint32_t offset;
  uint32_t capacity;
  uint32_t length;
};
static_assert(sizeof(Region) == 12);

namespace imports {

extern "C" {
#define INGOT_IMPORT(name) \
  __attribute__((import_module("env"), import_name(#name)))
INGOT_IMPORT(abort) void host_abort(Region* message);
INGOT_IMPORT(addr_validate) Region* addr_validate(Region* address);
INGOT_IMPORT(db_read) Region* db_read(Region* key);
INGOT_IMPORT(db_write) void db_write(Region* key, Region* value);
INGOT_IMPORT(db_remove) void db_remove(Region* key);
INGOT_IMPORT(db_scan)
uint32_t db_scan(Region* start, Region* end, int32_t order);
INGOT_IMPORT(db_next) Region* db_next(uint32_t iterator);
INGOT_IMPORT(query_chain) Region* query_chain(Region* request);
#undef INGOT_IMPORT
}

}  // namespace imports

inline Region* Allocate(uint32_t size) {
  auto* region = static_cast<Region*>(std::malloc(sizeof(Region)));
  void* bytes = std::malloc(size == 0 ? 1 : size);
  if (region == nullptr || bytes == nullptr) __builtin_trap();
  *region = {static_cast<uint32_t>(reinterpret_cast<uintptr_t>(bytes)), size,
             0};
  return region;
}

inline void Free(Region* region) {
  std::free(reinterpret_cast<void*>(region->offset));
  std::free(region);
}

// A region over bytes that the contract owns: for arguments of imports.
inline Region View(std::string_view bytes) {
  static constexpr char kNothing = 0;
  const char* data = bytes.empty() ? &kNothing : bytes.data();
  const auto size = static_cast<uint32_t>(bytes.size());
  return {static_cast<uint32_t>(reinterpret_cast<uintptr_t>(data)), size,
          size};
}

// Takes over a region that the host filled.
inline std::string Take(Region* region) {
  std::string bytes(reinterpret_cast<const char*>(region->offset),
                    region->length);
  Free(region);
  return bytes;
}

[[noreturn]] inline void Abort(std::string_view message) {
  Region region = View(message);
  imports::host_abort(&region);
  __builtin_trap();
}

inline std::optional<std::string> Load(std::string_view key) {
  Region region = View(key);
  Region* value = imports::db_read(&region);
  if (value == nullptr) return std::nullopt;
  return Take(value);
}

inline void Save(std::string_view key, std::string_view value) {
  Region key_region = View(key);
  Region value_region = View(value);
  imports::db_write(&key_region, &value_region);
}

inline void Remove(std::string_view key) {
  Region region = View(key);
  imports::db_remove(&region);
}

// The keys that begin with a prefix (which does not end in 0xFF), ascending.
class PrefixScan {
 public:
  explicit PrefixScan(std::string_view prefix) {
    std::string end(prefix);
    end.back() = static_cast<char>(end.back() + 1);
    Region start_region = View(prefix);
    Region end_region = View(end);
    id_ = imports::db_scan(&start_region, &end_region, 1);
  }

  // False at the end. The host gives key, length of key, value, length of
  // value; an empty key means that there is no more.
  bool Next(std::string* key, std::string* value) {
    const std::string pair = Take(imports::db_next(id_));
    const uint32_t value_size = BigEndian(pair, pair.size() - 4);
    const uint32_t key_end =
        static_cast<uint32_t>(pair.size()) - 4 - value_size - 4;
    *key = pair.substr(0, key_end);
    *value = pair.substr(key_end + 4, value_size);
    return !key->empty();
  }

 private:
  static uint32_t BigEndian(const std::string& bytes, size_t at) {
    uint32_t number = 0;
    for (size_t i = at; i < at + 4; ++i) {
      number = (number << 8) | static_cast<uint8_t>(bytes[i]);
    }
    return number;
  }

  uint32_t id_;
};

// Empty if the chain accepts the address, else why not.
inline std::string AddressError(std::string_view address) {
  Region region = View(address);
  Region* error = imports::addr_validate(&region);
  return error == nullptr ? std::string() : Take(error);
}

// The chain's answer to a QueryRequest, as SystemResult<ContractResult>.
inline std::string QueryChain(std::string_view request) {
  Region region = View(request);
  return Take(imports::query_chain(&region));
}

// What the host passes besides the message, as JSON.
struct Call {
  std::string env;
  std::string info;
  std::string msg;
};

inline Region* Give(std::string_view bytes) {
  Region* region = Allocate(static_cast<uint32_t>(bytes.size()));
  __builtin_memcpy(reinterpret_cast<void*>(region->offset), bytes.data(),
                   bytes.size());
  region->length = static_cast<uint32_t>(bytes.size());
  return region;
}

}  // namespace contract

// Instantiate, Execute: std::string(const contract::Call&); Query:
// std::string(const contract::Call&), info empty. Each returns a ContractResult
// as JSON (contract_json.h makes them).
#define INGOT_COSMWASM_CONTRACT(InstantiateFn, ExecuteFn, QueryFn)            \
  extern "C" {                                                                \
  __attribute__((export_name("interface_version_8"))) void                    \
  interface_version_8() {}                                                    \
  __attribute__((export_name("allocate"))) contract::Region* allocate(        \
      uint32_t size) {                                                        \
    return contract::Allocate(size);                                          \
  }                                                                           \
  __attribute__((export_name("deallocate"))) void deallocate(                 \
      contract::Region* region) {                                             \
    contract::Free(region);                                                   \
  }                                                                           \
  __attribute__((export_name("instantiate"))) contract::Region* instantiate(  \
      contract::Region* env, contract::Region* info, contract::Region* msg) { \
    return contract::Give(InstantiateFn(                                      \
        {contract::Take(env), contract::Take(info), contract::Take(msg)}));   \
  }                                                                           \
  __attribute__((export_name("execute"))) contract::Region* execute(          \
      contract::Region* env, contract::Region* info, contract::Region* msg) { \
    return contract::Give(ExecuteFn(                                          \
        {contract::Take(env), contract::Take(info), contract::Take(msg)}));   \
  }                                                                           \
  __attribute__((export_name("query"))) contract::Region* query(              \
      contract::Region* env, contract::Region* msg) {                         \
    return contract::Give(                                                    \
        QueryFn({contract::Take(env), std::string(), contract::Take(msg)}));  \
  }                                                                           \
  }

#endif  // TESTDATA_CONTRACTS_COSMWASM_ABI_H_
