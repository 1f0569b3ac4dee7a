// Every library of //third_party compiles, links and answers in one program:
// in: nothing; out: a failure that names the library which does not fit. It is
// also the first target to build on an unfamiliar machine.

#include <cstdint>

#include "CLI/CLI.hpp"
#include "Zydis/Zydis.h"
#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "asmjit/x86.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "openssl/sha.h"
#include "secp256k1.h"
#include "spdlog/spdlog.h"
#include "toml++/toml.h"

namespace ingot {
namespace {

TEST(LibrariesTest, AbslBtreeMapKeepsKeysInOrder) {
  absl::btree_map<int, int> map = {{3, 1}, {1, 2}, {2, 3}};
  EXPECT_THAT(map, testing::ElementsAre(testing::Pair(1, 2),
                                        testing::Pair(2, 3),
                                        testing::Pair(3, 1)));
  absl::StatusOr<int> fault = absl::DataLossError(absl::StrCat("at ", 7));
  EXPECT_EQ(fault.status().message(), "at 7");
}

TEST(LibrariesTest, AsmjitEncodesForAnExplicitEnvironment) {
  asmjit::CodeHolder code;
  asmjit::Environment environment(asmjit::Arch::kX64,
                                  asmjit::SubArch::kUnknown,
                                  asmjit::Vendor::kUnknown,
                                  asmjit::Platform::kLinux);
  ASSERT_EQ(code.init(environment), asmjit::kErrorOk);
  asmjit::x86::Assembler assembler(&code);
  ASSERT_EQ(assembler.lea(asmjit::x86::rax, asmjit::x86::ptr(
                                                asmjit::x86::rdi,
                                                asmjit::x86::rsi, 2, 8)),
            asmjit::kErrorOk);
  const asmjit::CodeBuffer& buffer = code.textSection()->buffer();
  ASSERT_EQ(buffer.size(), 5u);

  ZydisDecoder decoder;
  ASSERT_TRUE(ZYAN_SUCCESS(ZydisDecoderInit(
      &decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)));
  ZydisDecodedInstruction instruction;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
  ASSERT_TRUE(ZYAN_SUCCESS(ZydisDecoderDecodeFull(
      &decoder, buffer.data(), buffer.size(), &instruction, operands)));
  EXPECT_EQ(instruction.mnemonic, ZYDIS_MNEMONIC_LEA);
}

TEST(LibrariesTest, Sha256ComesFromBoringssl) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(nullptr, 0, digest);
  EXPECT_EQ(digest[0], 0xe3);
#ifndef OPENSSL_IS_BORINGSSL
  ADD_FAILURE() << "the headers are OpenSSL's";
#endif
}

TEST(LibrariesTest, TheRestLinks) {
  secp256k1_context* context =
      secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
  ASSERT_NE(context, nullptr);
  secp256k1_context_destroy(context);
  EXPECT_EQ(fmt::format("{:02x}", 10), "0a");
  EXPECT_EQ(toml::parse("level = 1")["level"].value<int64_t>(), 1);
  CLI::App app("ingot");
  EXPECT_EQ(app.get_description(), "ingot");
  spdlog::set_level(spdlog::level::off);
  spdlog::info("unseen");
}

}  // namespace
}  // namespace ingot
