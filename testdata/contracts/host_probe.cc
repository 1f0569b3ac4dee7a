// A contract that does what its message says, right or wrong: for tests of the
// host. The message is {"do":[["operation","argument",...],...]}, all strings;
// each operation's result becomes an attribute (in a query: a member). Bytes
// are hexadecimal where an operation says so.
//
//   storage    write K V, remove K, read K, scan START END ORDER ("-": open),
//              next ID, next_key ID, next_value ID
//   addresses  validate A, canonicalize A CAPACITY, humanize HEX
//   signatures secp256k1_verify, secp256r1_verify HASH SIGNATURE KEY,
//              secp256k1_recover, secp256r1_recover HASH SIGNATURE PARAMETER,
//              ed25519_verify, ed25519_batch MESSAGE SIGNATURE KEY (all HEX)
//   curves     bls_aggregate_g1, bls_aggregate_g2 POINTS CAPACITY,
//              bls_hash_to_g1, bls_hash_to_g2 FUNCTION MESSAGE TAG CAPACITY,
//              bls_pairing_equality PS QS R S (bytes HEX)
//   hostile    read_pointer P, read_region OFFSET CAPACITY LENGTH,
//              write_long KEYBYTES VALUEBYTES, allocate MODE (of later calls of
//              allocate: zero, wild, small, trap, spin, nest),
//              return_pointer P, return_text T
//   endings    debug T, abort T, error T, trap, spin

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "testdata/contracts/contract_json.h"
#include "testdata/contracts/cosmwasm_abi.h"

extern "C" {
#define INGOT_IMPORT(name) \
  __attribute__((import_module("env"), import_name(#name)))
using contract::Region;
INGOT_IMPORT(addr_canonicalize)
Region* addr_canonicalize(Region* human, Region* canonical);
INGOT_IMPORT(addr_humanize)
Region* addr_humanize(Region* canonical, Region* human);
INGOT_IMPORT(bls12_381_aggregate_g1)
uint32_t bls_aggregate_g1(Region* points, Region* sum);
INGOT_IMPORT(bls12_381_aggregate_g2)
uint32_t bls_aggregate_g2(Region* points, Region* sum);
INGOT_IMPORT(bls12_381_hash_to_g1)
uint32_t bls_hash_to_g1(uint32_t hash_function, Region* message, Region* tag,
                        Region* point);
INGOT_IMPORT(bls12_381_hash_to_g2)
uint32_t bls_hash_to_g2(uint32_t hash_function, Region* message, Region* tag,
                        Region* point);
INGOT_IMPORT(bls12_381_pairing_equality)
uint32_t bls_pairing_equality(Region* ps, Region* qs, Region* r, Region* s);
INGOT_IMPORT(db_next_key) Region* db_next_key(uint32_t iterator);
INGOT_IMPORT(db_next_value) Region* db_next_value(uint32_t iterator);
INGOT_IMPORT(debug) void host_debug(Region* message);
INGOT_IMPORT(secp256k1_verify)
uint32_t secp256k1_verify(Region* hash, Region* signature, Region* key);
INGOT_IMPORT(secp256r1_verify)
uint32_t secp256r1_verify(Region* hash, Region* signature, Region* key);
INGOT_IMPORT(secp256k1_recover_pubkey)
uint64_t secp256k1_recover(Region* hash, Region* signature, uint32_t parameter);
INGOT_IMPORT(secp256r1_recover_pubkey)
uint64_t secp256r1_recover(Region* hash, Region* signature, uint32_t parameter);
INGOT_IMPORT(ed25519_verify)
uint32_t ed25519_verify(Region* message, Region* signature, Region* key);
INGOT_IMPORT(ed25519_batch_verify)
uint32_t ed25519_batch(Region* messages, Region* signatures, Region* keys);
#undef INGOT_IMPORT
}

namespace {

using contract::Take;
using contract::View;

enum class AllocateMode : uint8_t {
  kNormal,
  kZero,
  kWild,
  kSmall,
  kTrap,
  kSpin,
  kNest,
};

AllocateMode allocate_mode = AllocateMode::kNormal;
// What the entry point returns instead of a response.
Region* forced_result = nullptr;
std::string* forced_text = nullptr;

[[noreturn]] void Spin() {
  volatile uint32_t turns = 0;
  while (true) turns = turns + 1;
}

uint32_t Number(std::string_view text) {
  return static_cast<uint32_t>(contract::ParseAmount(text).value_or(0));
}

Region* Pointer(std::string_view text) {
  return reinterpret_cast<Region*>(Number(text));
}

std::string FromHex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const auto digit = [](char c) {
      return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    };
    bytes.push_back(
        static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1])));
  }
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    text.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return text;
}

std::string TextOrNone(Region* region) {
  return region == nullptr ? "none" : Take(region);
}

std::string Scan(std::string_view start, std::string_view end,
                 std::string_view order) {
  Region start_region = View(start);
  Region end_region = View(end);
  return contract::AmountText(contract::imports::db_scan(
      start == "-" ? nullptr : &start_region,
      end == "-" ? nullptr : &end_region,
      static_cast<int32_t>(Number(order))));
}

std::string Canonicalize(std::string_view human, uint32_t capacity) {
  Region source = View(human);
  Region* destination = contract::Allocate(capacity);
  Region* error = addr_canonicalize(&source, destination);
  return error != nullptr ? "error: " + Take(error) : ToHex(Take(destination));
}

std::string Humanize(std::string_view hex) {
  const std::string canonical = FromHex(hex);
  Region source = View(canonical);
  Region* destination = contract::Allocate(256);
  Region* error = addr_humanize(&source, destination);
  return error != nullptr ? "error: " + Take(error) : Take(destination);
}

using Verify = uint32_t (*)(Region*, Region*, Region*);
using Recover = uint64_t (*)(Region*, Region*, uint32_t);

std::string CallVerify(Verify verify, const std::vector<std::string>& args) {
  const std::string a = FromHex(args[1]);
  const std::string b = FromHex(args[2]);
  const std::string c = FromHex(args[3]);
  Region regions[] = {View(a), View(b), View(c)};
  return contract::AmountText(
      verify(&regions[0], &regions[1], &regions[2]));
}

std::string CallRecover(Recover recover, const std::vector<std::string>& args) {
  const std::string hash = FromHex(args[1]);
  const std::string signature = FromHex(args[2]);
  Region regions[] = {View(hash), View(signature)};
  const uint64_t result = recover(&regions[0], &regions[1], Number(args[3]));
  if ((result >> 32) != 0) {
    return "code " + contract::AmountText(result >> 32);
  }
  return ToHex(Take(reinterpret_cast<Region*>(static_cast<uint32_t>(result))));
}

using Aggregate = uint32_t (*)(Region*, Region*);
using HashTo = uint32_t (*)(uint32_t, Region*, Region*, Region*);

std::string CallAggregate(Aggregate aggregate,
                          const std::vector<std::string>& args) {
  const std::string points = FromHex(args[1]);
  Region source = View(points);
  Region* sum = contract::Allocate(Number(args[2]));
  const uint32_t code = aggregate(&source, sum);
  return code != 0 ? "code " + contract::AmountText(code) : ToHex(Take(sum));
}

std::string CallHashTo(HashTo hash_to, const std::vector<std::string>& args) {
  const std::string message = FromHex(args[2]);
  const std::string tag = FromHex(args[3]);
  Region regions[] = {View(message), View(tag)};
  Region* point = contract::Allocate(Number(args[4]));
  const uint32_t code =
      hash_to(Number(args[1]), &regions[0], &regions[1], point);
  return code != 0 ? "code " + contract::AmountText(code) : ToHex(Take(point));
}

std::string CallPairingEquality(const std::vector<std::string>& args) {
  const std::string bytes[] = {FromHex(args[1]), FromHex(args[2]),
                               FromHex(args[3]), FromHex(args[4])};
  Region regions[] = {View(bytes[0]), View(bytes[1]), View(bytes[2]),
                      View(bytes[3])};
  return contract::AmountText(bls_pairing_equality(
      &regions[0], &regions[1], &regions[2], &regions[3]));
}

std::string Curves(const std::vector<std::string>& args) {
  const std::string& what = args[0];
  if (what == "bls_aggregate_g1") return CallAggregate(bls_aggregate_g1, args);
  if (what == "bls_aggregate_g2") return CallAggregate(bls_aggregate_g2, args);
  if (what == "bls_hash_to_g1") return CallHashTo(bls_hash_to_g1, args);
  if (what == "bls_hash_to_g2") return CallHashTo(bls_hash_to_g2, args);
  if (what == "bls_pairing_equality") return CallPairingEquality(args);
  contract::Abort("unknown operation " + what);
}

std::string Storage(const std::vector<std::string>& args) {
  const std::string& what = args[0];
  if (what == "write") {
    contract::Save(args[1], args[2]);
  } else if (what == "remove") {
    contract::Remove(args[1]);
  } else if (what == "read") {
    return contract::Load(args[1]).value_or("none");
  } else if (what == "scan") {
    return Scan(args[1], args[2], args[3]);
  } else if (what == "next") {
    // Key, its length, value, its length: in hexadecimal.
    return ToHex(Take(contract::imports::db_next(Number(args[1]))));
  } else if (what == "next_key") {
    return TextOrNone(db_next_key(Number(args[1])));
  } else if (what == "next_value") {
    return TextOrNone(db_next_value(Number(args[1])));
  } else {
    contract::Abort("unknown operation " + what);
  }
  return "done";
}

std::string Hostile(const std::vector<std::string>& args) {
  const std::string& what = args[0];
  if (what == "read_pointer") {
    return TextOrNone(contract::imports::db_read(Pointer(args[1])));
  }
  if (what == "read_region") {
    Region region = {Number(args[1]), Number(args[2]), Number(args[3])};
    return TextOrNone(contract::imports::db_read(&region));
  }
  if (what == "write_long") {
    contract::Save(std::string(Number(args[1]), 'k'),
                   std::string(Number(args[2]), 'v'));
    return "done";
  }
  if (what == "allocate") {
    allocate_mode = args[1] == "zero"    ? AllocateMode::kZero
                    : args[1] == "wild"  ? AllocateMode::kWild
                    : args[1] == "small" ? AllocateMode::kSmall
                    : args[1] == "trap"  ? AllocateMode::kTrap
                    : args[1] == "spin"  ? AllocateMode::kSpin
                                         : AllocateMode::kNest;
    return "done";
  }
  if (what == "return_pointer") {
    forced_result = Pointer(args[1]);
    return "done";
  }
  return Storage(args);
}

std::string Perform(const std::vector<std::string>& args) {
  const std::string& what = args[0];
  if (what == "validate") {
    return contract::AddressError(args[1]);
  }
  if (what == "canonicalize") return Canonicalize(args[1], Number(args[2]));
  if (what == "humanize") return Humanize(args[1]);
  if (what == "secp256k1_verify") return CallVerify(secp256k1_verify, args);
  if (what == "secp256r1_verify") return CallVerify(secp256r1_verify, args);
  if (what == "ed25519_verify") return CallVerify(ed25519_verify, args);
  if (what == "ed25519_batch") return CallVerify(ed25519_batch, args);
  if (what == "secp256k1_recover") return CallRecover(secp256k1_recover, args);
  if (what == "secp256r1_recover") return CallRecover(secp256r1_recover, args);
  if (what.rfind("bls_", 0) == 0) return Curves(args);
  if (what == "debug") {
    Region message = View(args[1]);
    host_debug(&message);
    return "done";
  }
  if (what == "abort") contract::Abort(args[1]);
  if (what == "trap") __builtin_trap();
  if (what == "spin") Spin();
  if (what == "return_text" || what == "error") {
    forced_text = new std::string(what == "error" ? contract::Error(args[1])
                                                  : args[1]);
    return "done";
  }
  return Hostile(args);
}

std::vector<std::pair<std::string, std::string>> PerformAll(
    std::string_view msg) {
  std::vector<std::pair<std::string, std::string>> results;
  for (const std::string_view operation :
       contract::JsonElements(contract::NeedMember(msg, "do"))) {
    std::vector<std::string> args;
    for (const std::string_view arg : contract::JsonElements(operation)) {
      args.emplace_back(contract::JsonText(arg).value_or(""));
    }
    args.resize(args.size() < 4 ? 4 : args.size());
    results.emplace_back(args[0], Perform(args));
  }
  return results;
}

Region* Finish(const std::string& result) {
  if (forced_result != nullptr) return forced_result;
  return contract::Give(forced_text != nullptr ? *forced_text : result);
}

Region* Run(Region* msg) {
  return Finish(contract::Ok(
      {.attributes = PerformAll(contract::Take(msg)), .messages = {}}));
}

}  // namespace

extern "C" {

__attribute__((export_name("interface_version_8"))) void
interface_version_8() {}

__attribute__((export_name("allocate"))) Region* allocate(uint32_t size) {
  switch (allocate_mode) {
    case AllocateMode::kNormal:
      return contract::Allocate(size);
    case AllocateMode::kZero:
      return nullptr;
    case AllocateMode::kWild:
      return reinterpret_cast<Region*>(0xFFFFFFF8u);
    case AllocateMode::kSmall:
      return contract::Allocate(size == 0 ? 0 : size - 1);
    case AllocateMode::kTrap:
      __builtin_trap();
    case AllocateMode::kSpin:
      Spin();
    case AllocateMode::kNest:
      // The host calls allocate for the value, and so on.
      (void)contract::Load("nest");
      return contract::Allocate(size);
  }
  return nullptr;
}

__attribute__((export_name("deallocate"))) void deallocate(Region* region) {
  contract::Free(region);
}

__attribute__((export_name("instantiate"))) Region* instantiate(
    Region*, Region*, Region* msg) {
  return Run(msg);
}

__attribute__((export_name("execute"))) Region* execute(Region*, Region*,
                                                        Region* msg) {
  return Run(msg);
}

// Migration as of cosmwasm-std 2.2: with a third argument.
__attribute__((export_name("migrate"))) Region* migrate(Region*, Region* msg,
                                                        Region*) {
  return Run(msg);
}

__attribute__((export_name("ibc_channel_open"))) Region* ibc_channel_open(
    Region*, Region*) {
  return contract::Give("{\"ok\":{\"version\":\"probe-1\"}}");
}

// Not an entry point: its type is wrong.
__attribute__((export_name("sudo"))) uint32_t sudo(Region*) { return 0; }

__attribute__((export_name("query"))) Region* query(Region*, Region* msg) {
  std::string members;
  for (const auto& [name, value] : PerformAll(contract::Take(msg))) {
    if (!members.empty()) members += ',';
    members += contract::Quoted(name) + ":" + contract::Quoted(value);
  }
  return Finish(contract::OkQuery("{" + members + "}"));
}

}  // extern "C"
