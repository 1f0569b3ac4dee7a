// The two groups differ in the names of blst's functions only, so each function
// is written once over a description of the group. Sizes are checked before
// points, as cosmwasm-crypto does; a point at infinity pairs to one and is left
// out of the product.

#include "chain_integration/cosmwasm/bls12_381.h"

#include <blst.h>

#include <optional>

namespace ingot::cosmwasm {
namespace {

struct G1 {
  using Affine = blst_p1_affine;
  using Projective = blst_p1;
  static constexpr size_t kBytes = kG1PointBytes;
  static constexpr auto kUncompress = blst_p1_uncompress;
  static constexpr auto kInGroup = blst_p1_affine_in_g1;
  static constexpr auto kIsInfinity = blst_p1_affine_is_inf;
  static constexpr auto kAdd = blst_p1_add_or_double_affine;
  static constexpr auto kCompress = blst_p1_compress;
  static constexpr auto kHash = blst_hash_to_g1;
};

struct G2 {
  using Affine = blst_p2_affine;
  using Projective = blst_p2;
  static constexpr size_t kBytes = kG2PointBytes;
  static constexpr auto kUncompress = blst_p2_uncompress;
  static constexpr auto kInGroup = blst_p2_affine_in_g2;
  static constexpr auto kIsInfinity = blst_p2_affine_is_inf;
  static constexpr auto kAdd = blst_p2_add_or_double_affine;
  static constexpr auto kCompress = blst_p2_compress;
  static constexpr auto kHash = blst_hash_to_g2;
};

const uint8_t* Data(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

template <typename Group>
std::optional<typename Group::Affine> ReadPoint(std::string_view bytes) {
  typename Group::Affine point;
  if (bytes.size() != Group::kBytes ||
      Group::kUncompress(&point, Data(bytes)) != BLST_SUCCESS ||
      (!Group::kIsInfinity(&point) && !Group::kInGroup(&point))) {
    return std::nullopt;
  }
  return point;
}

template <typename Group>
std::string WritePoint(const typename Group::Projective& point) {
  std::string bytes(Group::kBytes, '\0');
  Group::kCompress(reinterpret_cast<uint8_t*>(bytes.data()), &point);
  return bytes;
}

template <typename Group>
BlsCode Aggregate(std::string_view points, std::string* sum) {
  if (points.empty()) return BlsCode::kNoPoints;
  if (points.size() % Group::kBytes != 0) return BlsCode::kNotMultiple;
  typename Group::Projective total{};  // z = 0: infinity
  for (; !points.empty(); points.remove_prefix(Group::kBytes)) {
    const auto point = ReadPoint<Group>(points.substr(0, Group::kBytes));
    if (!point.has_value()) return BlsCode::kInvalidPoint;
    Group::kAdd(&total, &total, &*point);
  }
  *sum = WritePoint<Group>(total);
  return BlsCode::kOk;
}

template <typename Group>
BlsCode HashTo(uint32_t hash_function, std::string_view message,
               std::string_view tag, std::string* point) {
  if (hash_function != 0) return BlsCode::kUnknownHashFunction;
  typename Group::Projective hashed;
  Group::kHash(&hashed, Data(message), message.size(), Data(tag), tag.size(),
               nullptr, 0);
  *point = WritePoint<Group>(hashed);
  return BlsCode::kOk;
}

// Multiplies `product` with the Miller loop of a pair; false if one of the two
// is no point.
bool MultiplyPair(std::string_view p, std::string_view q,
                  blst_fp12* product) {
  const auto g1 = ReadPoint<G1>(p);
  const auto g2 = ReadPoint<G2>(q);
  if (!g1.has_value() || !g2.has_value()) return false;
  if (blst_p1_affine_is_inf(&*g1) || blst_p2_affine_is_inf(&*g2)) return true;
  blst_fp12 factor;
  blst_miller_loop(&factor, &*g2, &*g1);
  blst_fp12_mul(product, product, &factor);
  return true;
}

}  // namespace

BlsCode AggregateG1(std::string_view points, std::string* sum) {
  return Aggregate<G1>(points, sum);
}

BlsCode AggregateG2(std::string_view points, std::string* sum) {
  return Aggregate<G2>(points, sum);
}

BlsCode PairingEquality(std::string_view ps, std::string_view qs,
                        std::string_view r, std::string_view s) {
  if (ps.size() % kG1PointBytes != 0) return BlsCode::kNotMultipleOfG1;
  if (qs.size() % kG2PointBytes != 0) return BlsCode::kNotMultipleOfG2;
  const size_t count = ps.size() / kG1PointBytes;
  if (count != qs.size() / kG2PointBytes) return BlsCode::kUnequalCounts;
  blst_fp12 left = *blst_fp12_one();
  blst_fp12 right = *blst_fp12_one();
  for (size_t i = 0; i < count; ++i) {
    if (!MultiplyPair(ps.substr(i * kG1PointBytes, kG1PointBytes),
                      qs.substr(i * kG2PointBytes, kG2PointBytes), &left)) {
      return BlsCode::kInvalidPoint;
    }
  }
  if (!MultiplyPair(r, s, &right)) return BlsCode::kInvalidPoint;
  return blst_fp12_finalverify(&left, &right) ? BlsCode::kOk
                                              : BlsCode::kUnequal;
}

BlsCode HashToG1(uint32_t hash_function, std::string_view message,
                 std::string_view tag, std::string* point) {
  return HashTo<G1>(hash_function, message, tag, point);
}

BlsCode HashToG2(uint32_t hash_function, std::string_view message,
                 std::string_view tag, std::string* point) {
  return HashTo<G2>(hash_function, message, tag, point);
}

}  // namespace ingot::cosmwasm
