// Each function charges its base price first, reads its regions (each paid per
// byte), works, and writes what it found into the contract. The rules are those
// of cosmwasm-vm's documentation of imports.

#include "chain_integration/cosmwasm/host_functions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "chain_integration/cosmwasm/bls12_381.h"
#include "chain_integration/cosmwasm/crypto.h"
#include "chain_integration/cosmwasm/host_call.h"
#include "chain_integration/cosmwasm/region.h"
#include "chain_integration/json/json.h"
#include "compiler/base/check.h"

namespace ingot::cosmwasm {

#define INGOT_HOST_PRICE(name, base, per_byte) \
  const HostPrice name{base, per_byte};
#include "chain_integration/cosmwasm/host_functions.def"

namespace {

using runtime::HostResult;
using runtime::Value;

using Args = std::span<const Value>;
using Results = std::span<Value>;
// False: the call failed, and the HostCall knows why.
using Implementation = bool (*)(HostCall& call, Args args, Results results);

uint32_t U32(const Value& value) { return static_cast<uint32_t>(value.bits); }

// db_read(key) -> region, or 0 if there is no such key.
bool DbRead(HostCall& call, Args args, Results results) {
  std::string_view key;
  if (!call.Read(U32(args[0]), kMaxDbKey, &key)) return false;
  const std::string* value = call.session().state.Find(key);
  uint32_t pointer = 0;
  if (value != nullptr) {
    if (!call.ChargeBytes(value->size())) return false;
    // A copy: allocate may write this key.
    if (!call.WriteNew(std::string(*value), &pointer)) return false;
  }
  results[0].bits = pointer;
  return true;
}

bool CheckWritable(HostCall& call) {
  return !call.session().read_only || call.Fail(HostError::kWriteInQuery);
}

// db_write(key, value)
bool DbWrite(HostCall& call, Args args, Results) {
  std::string_view key;
  std::string_view value;
  if (!CheckWritable(call) || !call.Read(U32(args[0]), kMaxDbKey, &key) ||
      !call.Read(U32(args[1]), kMaxDbValue, &value)) {
    return false;
  }
  // An empty key would be taken for the end of a scan.
  if (key.empty()) return call.Fail(HostError::kEmptyKey);
  call.session().state.Write(key, value);
  return true;
}

// db_remove(key)
bool DbRemove(HostCall& call, Args args, Results) {
  std::string_view key;
  if (!CheckWritable(call) || !call.Read(U32(args[0]), kMaxDbKey, &key)) {
    return false;
  }
  call.session().state.Remove(key);
  return true;
}

// db_scan(start or 0, end or 0, order) -> iterator
bool DbScan(HostCall& call, Args args, Results results) {
  std::optional<std::string> start;
  std::optional<std::string> end;
  if (!call.ReadOptional(U32(args[0]), kMaxDbKey, &start) ||
      !call.ReadOptional(U32(args[1]), kMaxDbKey, &end)) {
    return false;
  }
  const uint32_t order = U32(args[2]);
  if (order != static_cast<uint32_t>(ScanOrder::kAscending) &&
      order != static_cast<uint32_t>(ScanOrder::kDescending)) {
    return call.Fail(HostError::kInvalidOrder,
                     absl::StrCat("order of a scan is ", order,
                                  ", expected 1 or 2"));
  }
  const std::optional<uint32_t> id = call.session().state.Scan(
      std::move(start), std::move(end), static_cast<ScanOrder>(order));
  if (!id.has_value()) return call.Fail(HostError::kTooManyIterators);
  results[0].bits = *id;
  return true;
}

enum class NextWhat : uint8_t { kKeyAndValue, kKey, kValue };

// db_next(iterator) -> region of value and key as sections, empty at the end;
// db_next_key and db_next_value -> region, or 0 at the end.
template <NextWhat kWhat>
bool DbNext(HostCall& call, Args args, Results results) {
  StateTransaction& state = call.session().state;
  const uint32_t id = U32(args[0]);
  if (!state.HasIterator(id)) {
    return call.Fail(HostError::kUnknownIterator,
                     absl::StrCat("no iterator has id ", id));
  }
  const std::optional<StateTransaction::Entry> entry = state.Peek(id);
  if (entry.has_value() &&
      !call.ChargeBytes(entry->key.size() + entry->value.size())) {
    return false;
  }
  std::string out;
  uint32_t pointer = 0;
  if (kWhat == NextWhat::kKeyAndValue) {
    const std::array<std::string_view, 2> sections = {
        entry.has_value() ? entry->key : std::string_view(),
        entry.has_value() ? entry->value : std::string_view()};
    out = EncodeSections(sections);
  } else if (entry.has_value()) {
    out = std::string(kWhat == NextWhat::kKey ? entry->key : entry->value);
  }
  if (entry.has_value()) state.Advance(id);
  if (entry.has_value() || kWhat == NextWhat::kKeyAndValue) {
    if (!call.WriteNew(out, &pointer)) return false;
  }
  results[0].bits = pointer;
  return true;
}

// A text for the contract: results[0] is its region, or 0 for no error.
bool ReturnError(HostCall& call, std::string_view text, Results results) {
  uint32_t pointer = 0;
  if (!text.empty() &&
      (!call.ChargeBytes(text.size()) || !call.WriteNew(text, &pointer))) {
    return false;
  }
  results[0].bits = pointer;
  return true;
}

// The refusals that come before any parsing; empty if there is none.
std::string_view RefuseText(std::string_view text) {
  if (text.empty()) return "Input is empty";
  if (!json::IsValidUtf8(text)) return "Input is not valid UTF-8";
  return {};
}

// addr_validate(address) -> error text or 0
bool AddrValidate(HostCall& call, Args args, Results results) {
  std::string_view human;
  if (!call.Read(U32(args[0]), kMaxHumanAddress, &human)) return false;
  const std::string_view refusal = RefuseText(human);
  if (!refusal.empty()) return ReturnError(call, refusal, results);
  const absl::Status status = call.session().addresses.Validate(human);
  return ReturnError(call, std::string(status.message()), results);
}

// addr_canonicalize(address, destination) -> error text or 0
bool AddrCanonicalize(HostCall& call, Args args, Results results) {
  std::string_view human;
  if (!call.Read(U32(args[0]), kMaxHumanAddress, &human)) return false;
  const std::string_view refusal = RefuseText(human);
  if (!refusal.empty()) return ReturnError(call, refusal, results);
  const absl::StatusOr<std::string> canonical =
      call.session().addresses.Canonicalize(human);
  if (!canonical.ok()) {
    return ReturnError(call, std::string(canonical.status().message()),
                       results);
  }
  return call.Write(U32(args[1]), *canonical);
}

// addr_humanize(canonical, destination) -> error text or 0
bool AddrHumanize(HostCall& call, Args args, Results results) {
  std::string_view canonical;
  if (!call.Read(U32(args[0]), kMaxCanonicalAddress, &canonical)) return false;
  const absl::StatusOr<std::string> human =
      call.session().addresses.Humanize(canonical);
  if (!human.ok()) {
    return ReturnError(call, std::string(human.status().message()), results);
  }
  return call.Write(U32(args[1]), *human);
}

using VerifyFunction = CryptoCode (*)(std::string_view, std::string_view,
                                      std::string_view);
using RecoverFunction = CryptoCode (*)(std::string_view, std::string_view,
                                       uint32_t, std::string*);

// verify(hash, signature, public key) -> code
template <VerifyFunction kVerify>
bool EcdsaVerify(HostCall& call, Args args, Results results) {
  std::string_view hash;
  std::string_view signature;
  std::string_view key;
  if (!call.Read(U32(args[0]), kMaxMessageHash, &hash) ||
      !call.Read(U32(args[1]), kMaxSignature, &signature) ||
      !call.Read(U32(args[2]), kMaxEcdsaKey, &key)) {
    return false;
  }
  results[0].bits = static_cast<uint32_t>(kVerify(hash, signature, key));
  return true;
}

// recover(hash, signature, parameter) -> region, or code in the upper half
template <RecoverFunction kRecover>
bool EcdsaRecover(HostCall& call, Args args, Results results) {
  std::string_view hash;
  std::string_view signature;
  if (!call.Read(U32(args[0]), kMaxMessageHash, &hash) ||
      !call.Read(U32(args[1]), kMaxSignature, &signature)) {
    return false;
  }
  std::string key;
  const CryptoCode code = kRecover(hash, signature, U32(args[2]), &key);
  if (code != CryptoCode::kValid) {
    results[0].bits = static_cast<uint64_t>(code) << 32;
    return true;
  }
  uint32_t pointer = 0;
  if (!call.ChargeBytes(key.size()) || !call.WriteNew(key, &pointer)) {
    return false;
  }
  results[0].bits = pointer;
  return true;
}

// ed25519_verify(message, signature, public key) -> code
bool Ed25519Verify(HostCall& call, Args args, Results results) {
  std::string_view message;
  std::string_view signature;
  std::string_view key;
  if (!call.Read(U32(args[0]), kMaxEd25519Message, &message) ||
      !call.Read(U32(args[1]), kMaxSignature, &signature) ||
      !call.Read(U32(args[2]), kMaxEd25519Key, &key)) {
    return false;
  }
  results[0].bits =
      static_cast<uint32_t>(VerifyEd25519(message, signature, key));
  return true;
}

// A region of sections: at most kMaxEd25519Batch of at most `max_section`.
bool ReadSections(HostCall& call, uint32_t pointer, uint64_t max_section,
                  std::vector<std::string_view>* sections) {
  std::string_view bytes;
  if (!call.Read(pointer, (max_section + 4) * kMaxEd25519Batch, &bytes)) {
    return false;
  }
  std::optional<std::vector<std::string_view>> decoded =
      DecodeSections(bytes, kMaxEd25519Batch);
  if (!decoded.has_value()) return call.Fail(HostError::kInvalidSection);
  *sections = *std::move(decoded);
  return true;
}

// ed25519_batch_verify(messages, signatures, public keys) -> code
bool Ed25519BatchVerify(HostCall& call, Args args, Results results) {
  std::vector<std::string_view> messages;
  std::vector<std::string_view> signatures;
  std::vector<std::string_view> keys;
  if (!ReadSections(call, U32(args[0]), kMaxEd25519Message, &messages) ||
      !ReadSections(call, U32(args[1]), kMaxSignature, &signatures) ||
      !ReadSections(call, U32(args[2]), kMaxEd25519Key, &keys)) {
    return false;
  }
  // One message may be hashed once per signature.
  const uint64_t hashed =
      messages.size() == 1 ? messages[0].size() * signatures.size() : 0;
  if (!call.Charge(kEd25519Signature.base * signatures.size()) ||
      !call.ChargeBytes(hashed)) {
    return false;
  }
  results[0].bits = static_cast<uint32_t>(
      VerifyEd25519Batch(std::move(messages), signatures, std::move(keys)));
  return true;
}

// bls12_381_aggregate_*(points, sum) -> code
template <auto kAggregate, size_t kPointBytes, const HostPrice& kPoint>
bool BlsAggregate(HostCall& call, Args args, Results results) {
  std::string_view points;
  if (!call.Read(U32(args[0]), kMaxBlsPoints, &points) ||
      !call.Charge(kPoint.base * (points.size() / kPointBytes))) {
    return false;
  }
  std::string sum;
  const BlsCode code = kAggregate(points, &sum);
  results[0].bits = static_cast<uint32_t>(code);
  return code != BlsCode::kOk || call.Write(U32(args[1]), sum);
}

// bls12_381_hash_to_*(hash function, message, tag, point) -> code
template <auto kHashTo>
bool BlsHashTo(HostCall& call, Args args, Results results) {
  std::string_view message;
  std::string_view tag;
  if (!call.Read(U32(args[1]), kMaxBlsMessage, &message) ||
      !call.Read(U32(args[2]), kMaxBlsTag, &tag)) {
    return false;
  }
  std::string point;
  const BlsCode code = kHashTo(U32(args[0]), message, tag, &point);
  results[0].bits = static_cast<uint32_t>(code);
  return code != BlsCode::kOk || call.Write(U32(args[3]), point);
}

// bls12_381_pairing_equality(ps, qs, r, s) -> code
bool BlsPairingEquality(HostCall& call, Args args, Results results) {
  std::string_view ps;
  std::string_view qs;
  std::string_view r;
  std::string_view s;
  if (!call.Read(U32(args[0]), kMaxBlsPoints, &ps) ||
      !call.Read(U32(args[1]), kMaxBlsPoints, &qs) ||
      !call.Read(U32(args[2]), kG1PointBytes, &r) ||
      !call.Read(U32(args[3]), kG2PointBytes, &s) ||
      !call.Charge(kPairing.base * (ps.size() / kG1PointBytes + 1))) {
    return false;
  }
  results[0].bits = static_cast<uint32_t>(PairingEquality(ps, qs, r, s));
  return true;
}

// debug(message)
bool Debug(HostCall& call, Args args, Results) {
  std::string_view message;
  if (!call.Read(U32(args[0]), kMaxDebugMessage, &message)) return false;
  CallSession& session = call.session();
  if (session.debug_bytes + message.size() <= kMaxDebugKept) {
    session.debug_bytes += message.size() + 1;
    session.debug.push_back(json::ToValidUtf8(message));
  }
  return true;
}

// abort(message): ends the run.
bool Abort(HostCall& call, Args args, Results) {
  std::string_view message;
  if (!call.Read(U32(args[0]), kMaxAbortMessage, &message)) return false;
  return call.Fail(HostError::kAborted, json::ToValidUtf8(message));
}

// query_chain(request) -> region with a SystemResult as JSON
bool QueryChain(HostCall& call, Args args, Results results) {
  std::string_view request;
  if (!call.Read(U32(args[0]), kMaxQueryRequest, &request)) return false;
  const std::string answer = call.session().querier.Answer(request);
  uint32_t pointer = 0;
  if (!call.ChargeBytes(answer.size()) || !call.WriteNew(answer, &pointer)) {
    return false;
  }
  results[0].bits = pointer;
  return true;
}

constexpr HostFunctionInfo kFunctions[] = {
#define INGOT_HOST_FUNCTION(name, params, results, base, per_byte) \
  {#name, params, results, base, per_byte},
#include "chain_integration/cosmwasm/host_functions.def"
};

// In the order of kFunctions.
constexpr Implementation kImplementations[] = {
    Abort,
    AddrCanonicalize,
    AddrHumanize,
    AddrValidate,
    BlsAggregate<AggregateG1, kG1PointBytes, kG1Point>,
    BlsAggregate<AggregateG2, kG2PointBytes, kG2Point>,
    BlsHashTo<HashToG1>,
    BlsHashTo<HashToG2>,
    BlsPairingEquality,
    DbNext<NextWhat::kKeyAndValue>,
    DbNext<NextWhat::kKey>,
    DbNext<NextWhat::kValue>,
    DbRead,
    DbRemove,
    DbScan,
    DbWrite,
    Debug,
    Ed25519BatchVerify,
    Ed25519Verify,
    QueryChain,
    EcdsaRecover<RecoverSecp256k1>,
    EcdsaVerify<VerifySecp256k1>,
    EcdsaRecover<RecoverSecp256r1>,
    EcdsaVerify<VerifySecp256r1>,
};
static_assert(std::size(kImplementations) == std::size(kFunctions));

constexpr bool IsSortedByName() {
  return std::is_sorted(std::begin(kFunctions), std::end(kFunctions),
                        [](const HostFunctionInfo& a,
                           const HostFunctionInfo& b) {
                          return a.name < b.name;
                        });
}
static_assert(IsSortedByName());

std::vector<wasm::ValType> TypesOf(std::string_view letters) {
  std::vector<wasm::ValType> types;
  for (const char letter : letters) {
    types.push_back(letter == 'I' ? wasm::ValType::kI64
                                  : wasm::ValType::kI32);
  }
  return types;
}

}  // namespace

std::span<const HostFunctionInfo> HostFunctions() { return kFunctions; }

const HostFunctionInfo* FindHostFunction(std::string_view name) {
  const auto* it = std::lower_bound(
      std::begin(kFunctions), std::end(kFunctions), name,
      [](const HostFunctionInfo& a, std::string_view b) { return a.name < b; });
  return it != std::end(kFunctions) && it->name == name ? it : nullptr;
}

runtime::Signature SignatureOf(const HostFunctionInfo& function) {
  return {.params = TypesOf(function.params),
          .results = TypesOf(function.results)};
}

runtime::Extern AddHostFunction(const HostFunctionInfo& function,
                                CallSession& session, runtime::Store& store) {
  const ptrdiff_t index = &function - kFunctions;
  INGOT_CHECK(index >= 0 && index < std::ssize(kFunctions));
  const Implementation implementation = kImplementations[index];
  return store.AddHostFunction(
      SignatureOf(function),
      [&function, &session, implementation](
          runtime::Caller& caller, Args args, Results results) {
        HostCall call(function, session, caller);
        if (!call.Charge(function.base) ||
            !implementation(call, args, results)) {
          return call.TakeFailure();
        }
        return HostResult::Ok();
      });
}

}  // namespace ingot::cosmwasm
