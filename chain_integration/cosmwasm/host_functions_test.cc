#include "chain_integration/cosmwasm/host_functions.h"

#include <string>

#include "chain_integration/cosmwasm/test_contract.h"
#include "gtest/gtest.h"

// What the host functions answer, and how they answer a contract that lies:
// testdata/contracts/host_probe.cc does what its message says.

namespace ingot::cosmwasm {
namespace {

using runtime::OutcomeKind;

class HostFunctionsTest : public testing::Test {
 protected:
  // The values of the attributes, each followed by a space; the name of the
  // error if the call failed.
  std::string Do(std::string_view operations,
                 std::string_view entry = "execute") {
    last_ = contract_.Call(entry,
                           R"({"do":[)" + std::string(operations) + "]}");
    if (last_.outcome == OutcomeKind::kTrapped) return TrapName(last_.trap);
    if (last_.outcome == OutcomeKind::kOutOfGas) return "out_of_gas";
    if (last_.outcome == OutcomeKind::kReverted) {
      return HostErrorName(last_.error_code);
    }
    std::string text;
    for (const json::Value& event : last_.events.items()) {
      for (const json::Value& a : event.Find("attributes")->items()) {
        text += *a.FindString("value") + " ";
      }
    }
    return text;
  }

  std::string LastError() const { return last_.error.value_or(""); }

  TestContract contract_{ReadOwnContract("host_probe.wasm")};
  CallReport last_;
};

TEST_F(HostFunctionsTest, StoresAndReads) {
  EXPECT_EQ(Do(R"(["write","k","v"],["read","k"],["remove","k"],["read","k"],)"
               R"(["write","empty",""],["read","empty"])"),
            "done v done none done  ");
  EXPECT_EQ(Do(R"(["read","empty"],["read","k"])"), " none ");
  const std::vector<StateChange> expected = {
      {"a", std::nullopt, "1"}, {"empty", "", std::nullopt}};
  EXPECT_EQ(Do(R"(["write","a","1"],["remove","empty"])"), "done done ");
  EXPECT_EQ(last_.state_changes, expected);
}

TEST_F(HostFunctionsTest, LimitsKeysAndValues) {
  EXPECT_EQ(Do(R"(["write_long","65536","131072"])"), "done ");
  EXPECT_EQ(Do(R"(["write_long","65537","1"])"), "region_too_long");
  EXPECT_EQ(Do(R"(["write_long","1","131073"])"), "region_too_long");
  EXPECT_EQ(Do(R"(["write_long","0","1"])"), "empty_key");
}

TEST_F(HostFunctionsTest, ScansInBothOrders) {
  ASSERT_EQ(Do(R"(["write","a","1"],["write","b","2"],["write","c","3"])"),
            "done done done ");
  EXPECT_EQ(Do(R"(["scan","-","-","1"],["next_key","1"],["next_key","1"],)"
               R"(["next_key","1"],["next_key","1"],["next_key","1"])"),
            "1 a b c none none ");
  EXPECT_EQ(Do(R"(["scan","-","-","2"],["next_value","1"],["next_value","1"],)"
               R"(["next_value","1"],["next_value","1"])"),
            "1 3 2 1 none ");
  // Two iterators at once; the first one's range leaves c out.
  EXPECT_EQ(Do(R"(["scan","b","c","1"],["scan","b","-","2"],["next_key","1"],)"
               R"(["next_key","2"],["next_key","1"],["next_key","2"])"),
            "1 2 b c none b ");
  // Key, its length, value, its length; both empty at the end.
  EXPECT_EQ(Do(R"(["scan","c","-","1"],["next","1"],["next","1"])"),
            "1 63000000013300000001 0000000000000000 ");
  EXPECT_EQ(Do(R"(["scan","z","a","1"],["next_key","1"])"), "1 none ");
}

TEST_F(HostFunctionsTest, RefusesBadScans) {
  EXPECT_EQ(Do(R"(["scan","-","-","0"])"), "invalid_order");
  EXPECT_EQ(Do(R"(["scan","-","-","3"])"), "invalid_order");
  EXPECT_EQ(LastError(), "order of a scan is 3, expected 1 or 2");
  EXPECT_EQ(Do(R"(["next","1"])"), "unknown_iterator");
  EXPECT_EQ(Do(R"(["next_key","0"])"), "unknown_iterator");
  EXPECT_EQ(Do(R"(["scan","-","-","1"],["next_value","2"])"),
            "unknown_iterator");
  // Iterators end with the call that made them.
  EXPECT_EQ(Do(R"(["scan","-","-","1"])"), "1 ");
  EXPECT_EQ(Do(R"(["next_key","1"])"), "unknown_iterator");
}

TEST_F(HostFunctionsTest, KnowsAddresses) {
  EXPECT_EQ(Do(R"(["validate","alice"],["validate","Alice"],)"
               R"(["validate",""])"),
            " Error decoding bech32 Input is empty ");
  const std::string creator(kDefaultSender);
  const std::string canonical =
      "bc6bfd848ebd7819c9a82bf124d65e7f739d08e002601e23bb906aacd40a3d81";
  EXPECT_EQ(Do(R"(["canonicalize",")" + creator + R"(","64"])"),
            canonical + " ");
  EXPECT_EQ(Do(R"(["humanize",")" + canonical + R"("])"), creator + " ");
  EXPECT_EQ(Do(R"(["humanize",""])"),
            "error: Invalid canonical address length ");
  EXPECT_EQ(Do(R"(["canonicalize","x","64"])"),
            "error: Error decoding bech32 ");
  EXPECT_EQ(Do(R"(["canonicalize",")" + creator + R"(","31"])"),
            "region_too_small");
  EXPECT_EQ(Do(R"(["validate",")" + std::string(257, 'a') + R"("])"),
            "region_too_long");
}

TEST_F(HostFunctionsTest, ChecksSignatures) {
  const std::string hash =
      "5ae8317d34d1e595e3fa7247db80c0af4320cce1116de187f8f7e2e099c0d8d0";
  const std::string signature =
      "45c0b7f8c09a9e1f1cea0c25785594427b6bf8f9f878a8af0b1abbb48e16d092"
      "0d8becd0c220f67c51217eecfd7184ef0732481c843857e6bc7fc095c4f6b788";
  const std::string key =
      "044a071e8a6e10aada2b8cf39fa3b5fb3400b04e99ea8ae64ceea1a977dbeaf5d5"
      "f8c8fbd10b71ab14cd561f7df8eb6da50f8a8d81ba564342244d26d1d4211595";
  const auto call = [](std::string_view what, const std::string& a,
                       const std::string& b, const std::string& c) {
    return "[\"" + std::string(what) + "\",\"" + a + "\",\"" + b + "\",\"" + c +
           "\"]";
  };
  EXPECT_EQ(Do(call("secp256k1_recover", hash, signature, "1")), key + " ");
  EXPECT_EQ(Do(call("secp256k1_recover", hash, signature, "7")), "code 6 ");
  EXPECT_EQ(Do(call("secp256k1_verify", hash, signature, key)), "0 ");
  EXPECT_EQ(Do(call("secp256k1_verify", hash, signature, "")), "5 ");
  EXPECT_EQ(Do(call("secp256r1_verify", hash, signature, key)), "10 ");
  EXPECT_EQ(Do(call("secp256r1_recover", hash, "", "0")), "code 4 ");
  EXPECT_EQ(Do(call("secp256k1_verify", hash + "00", signature, key)),
            "region_too_long");
  const std::string ed_key =
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  const std::string ed_signature =
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
  EXPECT_EQ(Do(call("ed25519_verify", "", ed_signature, ed_key)), "0 ");
  EXPECT_EQ(Do(call("ed25519_verify", "00", ed_signature, ed_key)), "1 ");
  EXPECT_EQ(Do(call("ed25519_batch", "00000000", ed_signature + "00000040",
                    ed_key + "00000020")),
            "0 ");
  EXPECT_EQ(Do(call("ed25519_batch", "", "", "")), "0 ");
  EXPECT_EQ(Do(call("ed25519_batch", "00000000", "", ed_key + "00000020")),
            "7 ");
  EXPECT_EQ(Do(call("ed25519_batch", "00", "", "")), "invalid_section");
}

TEST_F(HostFunctionsTest, ComputesOnBls12381) {
  const std::string g1 =
      "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
      "6c55e83ff97a1aeffb3af00adb22c6bb";
  const std::string infinity = "c0" + std::string(94, '0');
  const auto words = [](const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& word : all) {
      text += (text.empty() ? "[\"" : ",\"") + word + "\"";
    }
    return text + "]";
  };
  EXPECT_EQ(Do(words({"bls_aggregate_g1", g1 + infinity, "48"})), g1 + " ");
  EXPECT_EQ(Do(words({"bls_aggregate_g1", g1, "47"})), "region_too_small");
  EXPECT_EQ(Do(words({"bls_aggregate_g1", "", "48"})), "code 14 ");
  EXPECT_EQ(Do(words({"bls_aggregate_g2", g1, "96"})), "code 15 ");
  EXPECT_EQ(Do(words({"bls_hash_to_g1", "1", "", "", "48"})), "code 9 ");
  const std::string hashed = Do(words({"bls_hash_to_g2", "0", "61", "62",
                                       "96"}));
  ASSERT_EQ(hashed.size(), 2 * 96 + 1u);
  const std::string point = hashed.substr(0, 2 * 96);
  EXPECT_EQ(Do(words({"bls_pairing_equality", g1, point, g1, point})), "0 ");
  EXPECT_EQ(Do(words({"bls_pairing_equality", "", "", g1, point})), "1 ");
  EXPECT_EQ(Do(words({"bls_pairing_equality", "00", "", g1, point})), "11 ");
  EXPECT_EQ(Do(words({"bls_pairing_equality", "", "", "00", point})), "8 ");
  EXPECT_EQ(Do(words({"bls_pairing_equality", "", "", point, point})),
            "region_too_long");
}

// A point is paid for whether it is one or not.
TEST_F(HostFunctionsTest, ChargesForEachPoint) {
  const auto gas = [this](size_t points) {
    Do(R"(["bls_aggregate_g1",")" + std::string(96 * points, '0') +
       R"(","48"])");
    return last_.gas_used_host;
  };
  const uint64_t one = gas(1);
  // 48 bytes of points; 96 digits more of the message.
  EXPECT_EQ(gas(2) - one, kG1Point.base + 48 * 10 + 96 * kArgument.per_byte);
}

TEST_F(HostFunctionsTest, RefusesBadRegions) {
  EXPECT_EQ(Do(R"(["read_pointer","0"])"), "region_zero_offset");
  EXPECT_EQ(Do(R"(["read_pointer","4294967295"])"), "region_pointer");
  EXPECT_EQ(Do(R"(["read_pointer","4294967284"])"), "region_pointer");
  EXPECT_EQ(Do(R"(["read_region","0","1","1"])"), "region_zero_offset");
  EXPECT_EQ(Do(R"(["read_region","16","1","2"])"), "region_length");
  EXPECT_EQ(LastError(), "region length 2 exceeds its capacity 1");
  EXPECT_EQ(Do(R"(["read_region","16","4294967280","2"])"), "region_wraps");
  EXPECT_EQ(Do(R"(["read_region","4294967040","255","255"])"),
            "region_out_of_bounds");
  EXPECT_EQ(Do(R"(["read_region","16","1000000","1000000"])"),
            "region_too_long");
}

TEST_F(HostFunctionsTest, SurvivesItsAllocate) {
  ASSERT_EQ(Do(R"(["write","k","value"],["write","nest","n"])"),
            "done done ");
  const auto read_after = [this](std::string_view mode) {
    return Do(R"(["allocate",")" + std::string(mode) + R"("],["read","k"])");
  };
  EXPECT_EQ(read_after("zero"), "zero_address");
  EXPECT_EQ(read_after("wild"), "region_pointer");
  EXPECT_EQ(read_after("small"), "region_too_small");
  EXPECT_EQ(read_after("trap"), "allocate_trapped");
  EXPECT_EQ(LastError(), "allocate(5) trapped: unreachable executed");
  EXPECT_EQ(read_after("nest"), "allocate_trapped");
  EXPECT_NE(LastError().find("call stack exhausted"), std::string::npos)
      << LastError();
  contract_.request.gas_limit = 5'000'000;
  EXPECT_EQ(read_after("spin"), "out_of_gas");
  EXPECT_EQ(last_.gas_used, 5'000'000u);
}

TEST_F(HostFunctionsTest, RefusesBadResults) {
  EXPECT_EQ(Do(R"(["return_pointer","4294967295"])"), "region_pointer");
  EXPECT_EQ(Do(R"(["return_text","hello"])"), "invalid_result");
  EXPECT_EQ(Do(R"(["return_text","[]"])"), "invalid_result");
  EXPECT_EQ(Do(R"(["return_text","{}"])", "query"), "invalid_result");
  EXPECT_EQ(LastError(),
            "the contract's result does not fit entry point query");
}

TEST_F(HostFunctionsTest, DiscardsTheWritesOfFailedCalls) {
  ASSERT_EQ(Do(R"(["write","k","old"],["write","gone","x"])"), "done done ");
  const ContractState before = contract_.state();
  const std::string writes =
      R"(["write","k","new"],["write","other","y"],["remove","gone"],)";
  contract_.request.gas_limit = 20'000'000;
  EXPECT_EQ(Do(writes + R"(["trap"])"), "unreachable");
  EXPECT_EQ(contract_.state(), before);
  EXPECT_EQ(Do(writes + R"(["spin"])"), "out_of_gas");
  EXPECT_EQ(contract_.state(), before);
  EXPECT_EQ(Do(writes + R"(["abort","enough"])"), "aborted");
  EXPECT_EQ(LastError(), "enough");
  EXPECT_EQ(contract_.state(), before);
  EXPECT_EQ(Do(writes + R"(["error","no"])"), "contract_error");
  EXPECT_EQ(LastError(), "no");
  EXPECT_EQ(contract_.state(), before);
  EXPECT_EQ(Do(writes + R"(["read_pointer","0"])"), "region_zero_offset");
  EXPECT_EQ(contract_.state(), before);
  EXPECT_EQ(Do(writes + R"(["return_text","1"])"), "invalid_result");
  EXPECT_EQ(contract_.state(), before);
}

TEST_F(HostFunctionsTest, SaysWhereItTrapped) {
  EXPECT_EQ(Do(R"(["trap"])"), "unreachable");
  EXPECT_NE(last_.function, kNowhere);
  EXPECT_NE(last_.offset, kNowhere);
  EXPECT_FALSE(last_.backtrace.empty());
  EXPECT_EQ(LastError(), "unreachable executed");
  const json::Value report = ToJson(last_);
  EXPECT_EQ(*report.FindString("outcome"), "trapped");
  EXPECT_EQ(*report.FindString("trap"), "unreachable");
  EXPECT_EQ(*report.FindString("phase"), "call");
  EXPECT_TRUE(report.Find("backtrace")->IsArray());
}

TEST_F(HostFunctionsTest, QueriesReadOnly) {
  ASSERT_EQ(Do(R"(["write","k","v"])"), "done ");
  EXPECT_EQ(contract_.Query(R"({"do":[["read","k"]]})"), R"({"read":"v"})");
  EXPECT_EQ(Do(R"(["write","k","w"])", "query"), "write_in_query");
  EXPECT_EQ(Do(R"(["remove","k"])", "query"), "write_in_query");
}

TEST_F(HostFunctionsTest, KeepsDebugMessages) {
  EXPECT_EQ(Do(R"(["debug","one"],["debug","two"])"), "done done ");
  const std::vector<std::string> expected = {"one", "two"};
  EXPECT_EQ(last_.debug, expected);
  const std::string long_text(40000, 'x');
  EXPECT_EQ(Do(R"(["debug",")" + long_text + R"("],["debug",")" + long_text +
               R"("],["debug","short"])"),
            "done done done ");
  EXPECT_EQ(last_.debug.size(), 2u);
}

TEST_F(HostFunctionsTest, ChargesByCallAndByByte) {
  EXPECT_EQ(Do(""), "");
  const uint64_t nothing = last_.gas_used_host;
  // {"do":[]} and the empty response are what the host passes.
  EXPECT_EQ(Do(R"(["debug","12345"])"), "done ");
  const uint64_t five = last_.gas_used_host;
  EXPECT_EQ(Do(R"(["debug","123456789"])"), "done ");
  EXPECT_EQ(last_.gas_used_host - five, 4 * (10 + 10));  // debug, argument
  EXPECT_GT(five, nothing + 1000);
}

TEST_F(HostFunctionsTest, ChargesAFailedCallLikeASuccess) {
  ASSERT_EQ(Do(R"(["write","k","v"])"), "done ");
  const uint64_t written = last_.gas_used_host;
  EXPECT_EQ(Do(R"(["write","","v"])"), "empty_key");
  // One byte less of key and of message, and no result.
  const std::string result =
      R"({"ok":{"messages":[],"attributes":[{"key":"write",)"
      R"("value":"done"}],"events":[],"data":null}})";
  EXPECT_EQ(written - last_.gas_used_host,
            100 + 10 + kResult.Of(result.size()));
}

TEST_F(HostFunctionsTest, CallsOtherEntryPoints) {
  EXPECT_EQ(Do(R"(["write","m","1"])", "migrate"), "done ");
  const CallReport open = contract_.Call("ibc_channel_open", "{}");
  EXPECT_EQ(open.outcome, OutcomeKind::kReturned);
  EXPECT_EQ(json::Write(open.data), R"({"version":"probe-1"})");
  const CallReport absent = contract_.Call("reply", "{}");
  EXPECT_EQ(absent.error_code, HostError::kMissingExport);
  EXPECT_EQ(absent.error.value_or(""),
            "the contract does not export entry point reply");
  EXPECT_EQ(contract_.Call("sudo", "{}").error_code,
            HostError::kMissingExport);
}

}  // namespace
}  // namespace ingot::cosmwasm
