#ifndef CHAIN_INTEGRATION_C_BORDER_H_
#define CHAIN_INTEGRATION_C_BORDER_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "chain_integration/c/ingot.h"

// The border between C++ and C. In: what C++ reports, by status or exception.
// Out: an ingot_status and, if wanted, an ingot_error. Holds: no exception
// passes; structures of other versions' sizes are read and written as far as
// both sides know them.

namespace ingot::c_api {

// Stores a message unless `error` is null.
ingot_status Report(const absl::Status& status, ingot_error** error);

// Runs `body`, which returns an absl::Status.
template <typename Body>
ingot_status Guarded(ingot_error** error, Body body) {
  try {
    const absl::Status status = body();
    return status.ok() ? INGOT_OK : Report(status, error);
  } catch (const std::bad_alloc&) {
    return Report(absl::ResourceExhaustedError("no memory"), error);
  } catch (const std::out_of_range&) {
    return Report(
        absl::InvalidArgumentError("no such instance or function in the store"),
        error);
  } catch (...) {
    return Report(absl::InternalError("an exception"), error);
  }
}

// The size of a structure in the first version of the interface. Fields that
// come later lie behind it.
template <typename T>
inline constexpr uint32_t kFirstSize = 0;
template <>
inline constexpr uint32_t kFirstSize<ingot_engine_options> = 56;
template <>
inline constexpr uint32_t kFirstSize<ingot_verdict> = 184;
template <>
inline constexpr uint32_t kFirstSize<ingot_budget> = 24;
template <>
inline constexpr uint32_t kFirstSize<ingot_outcome> = 88;
static_assert(sizeof(ingot_engine_options) >=
              kFirstSize<ingot_engine_options>);
static_assert(sizeof(ingot_verdict) >= kFirstSize<ingot_verdict>);
static_assert(sizeof(ingot_budget) >= kFirstSize<ingot_budget>);
static_assert(sizeof(ingot_outcome) >= kFirstSize<ingot_outcome>);
static_assert(sizeof(ingot_value) == 16);

// A structure that the caller filled in, with defaults where it has none. Null
// is the defaults.
template <typename T>
absl::StatusOr<T> ReadStruct(const T* given) {
  T read = {};
  if (given == nullptr) return read;
  if (given->size < kFirstSize<T>) {
    return absl::InvalidArgumentError("a structure's `size` is not set");
  }
  const uint32_t known = std::min<uint32_t>(given->size, sizeof(T));
  std::memcpy(static_cast<void*>(&read), given, known);
  const auto* bytes = reinterpret_cast<const uint8_t*>(given);
  for (uint32_t i = known; i < given->size; ++i) {
    if (bytes[i] != 0) {
      return absl::InvalidArgumentError(
          "a structure has a field that this version does not know");
    }
  }
  return read;
}

template <typename T>
bool CanWrite(const T* to) {
  return to != nullptr && to->size >= kFirstSize<T>;
}

// Writes what the caller has room for; its `size` stays.
template <typename T>
void WriteStruct(T value, T* to) {
  value.size = to->size;
  std::memcpy(static_cast<void*>(to), &value,
              std::min<uint32_t>(to->size, sizeof(T)));
}

}  // namespace ingot::c_api

#endif  // CHAIN_INTEGRATION_C_BORDER_H_
