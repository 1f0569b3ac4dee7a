// What wasm32_module promises, on a small sample: the module has no imports,
// holds no path of the building machine, and computes under a foreign engine
// (node) what the same sources compute natively.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "asmjit/x86.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ingot {
namespace {

constexpr char kSample[] = "build_rules/wasm32/sample.wasm";

std::string ReadSample() {
  std::ifstream file(kSample, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string RunNode(const std::string& script) {
  const std::string command = "node -e '" + script + "' " + kSample;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "no node";
  std::string output;
  char piece[256];
  while (size_t count = fread(piece, 1, sizeof(piece), pipe)) {
    output.append(piece, count);
  }
  pclose(pipe);
  return output;
}

TEST(Wasm32ModuleTest, HasNoImports) {
  EXPECT_EQ(
      RunNode("const m = new WebAssembly.Module(require(\"fs\")"
              ".readFileSync(process.argv[1]));"
              "console.log(WebAssembly.Module.imports(m).length,"
              "WebAssembly.Module.exports(m).map(e => e.name).join());"),
      "0 memory,_initialize,sort_digits,encode_lea\n");
}

TEST(Wasm32ModuleTest, HoldsNoPath) {
  const std::string module = ReadSample();
  ASSERT_EQ(module.substr(0, 4), std::string_view("\0asm", 4));
  for (const char* part : {"/execroot", "bazel-out", "/usr/", ".cc", ".cpp"}) {
    EXPECT_EQ(module.find(part), std::string::npos) << part;
  }
}

TEST(Wasm32ModuleTest, ComputesWhatTheNativeBuildComputes) {
  using namespace asmjit;  // NOLINT: registers read better bare.
  CodeHolder code;
  ASSERT_EQ(code.init(Environment(Arch::kX64, SubArch::kUnknown,
                                  Vendor::kUnknown, Platform::kLinux)),
            kErrorOk);
  x86::Assembler assembler(&code);
  ASSERT_EQ(
      assembler.lea(x86::rax, x86::ptr(x86::rdi, x86::rsi, 2, 0x12345678)),
      kErrorOk);
  uint32_t sum = 0;
  const CodeBuffer& buffer = code.textSection()->buffer();
  for (size_t i = 0; i < buffer.size(); ++i) sum = sum * 31 + buffer[i];

  EXPECT_EQ(
      RunNode("const m = new WebAssembly.Module(require(\"fs\")"
              ".readFileSync(process.argv[1]));"
              "const e = new WebAssembly.Instance(m).exports;"
              "e._initialize();"
              "console.log(e.sort_digits(30914), "
              "e.encode_lea(0x12345678) >>> 0);"),
      "94310 " + std::to_string(sum) + "\n");
}

}  // namespace
}  // namespace ingot
