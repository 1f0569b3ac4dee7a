#ifndef CHAIN_INTEGRATION_COSMWASM_BLS12_381_H_
#define CHAIN_INTEGRATION_COSMWASM_BLS12_381_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The curve BLS12-381 as CosmWasm offers it to contracts, over blst. In: points
// in the compressed form of 48 (G1) or 96 bytes (G2). Out: a code that the
// contract sees, and a point in the same form. Holds: a point is taken only if it
// lies on the curve and in its subgroup; every function is one of its arguments
// alone, whatever processor computes it.

namespace ingot::cosmwasm {

inline constexpr size_t kG1PointBytes = 48;
inline constexpr size_t kG2PointBytes = 96;

enum class BlsCode : uint32_t {
  kOk = 0,  // the point was written, the pairings are equal
  kUnequal = 1,
  kInvalidPoint = 8,
  kUnknownHashFunction = 9,
  kNotMultipleOfG1 = 11,
  kNotMultipleOfG2 = 12,
  kUnequalCounts = 13,
  kNoPoints = 14,
  kNotMultiple = 15,
};

// kOk: *sum is the sum of `points`, which stand one behind the other.
BlsCode AggregateG1(std::string_view points, std::string* sum);
BlsCode AggregateG2(std::string_view points, std::string* sum);

// Whether the product of e(p, q) over the points of `ps` and `qs`, in pairs, is
// e(r, s).
BlsCode PairingEquality(std::string_view ps, std::string_view qs,
                        std::string_view r, std::string_view s);

// RFC 9380, suites BLS12381G1_XMD:SHA-256_SSWU_RO_ and the same of G2, under the
// domain separation tag `tag`. Hash function 0 is SHA-256 and the only one.
BlsCode HashToG1(uint32_t hash_function, std::string_view message,
                 std::string_view tag, std::string* point);
BlsCode HashToG2(uint32_t hash_function, std::string_view message,
                 std::string_view tag, std::string* point);

}  // namespace ingot::cosmwasm

#endif  // CHAIN_INTEGRATION_COSMWASM_BLS12_381_H_
