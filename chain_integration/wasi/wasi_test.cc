// The deterministic WASI, called as an engine calls it. In: calls with
// arguments, a memory of one page, some gas. Out: errnos, memory, captured
// output and what was charged.

#include "chain_integration/wasi/wasi.h"

#include <cstring>

#include "gtest/gtest.h"

namespace ingot::wasi {
namespace {

using runtime::HostResult;
using runtime::Value;
using wasm::ValType;

class FakeCaller : public runtime::Caller {
 public:
  runtime::Store& store() override { __builtin_trap(); }
  runtime::Transaction& transaction() override { __builtin_trap(); }
  runtime::InstanceId instance() const override { return 0; }
  uint64_t GasLeft() const override { return gas; }
  bool ChargeGas(uint64_t price) override {
    if (price > gas) return false;
    gas -= price;
    return true;
  }
  std::span<uint8_t> Memory() override { return memory; }

  uint64_t gas = 1'000'000;
  std::vector<uint8_t> memory = std::vector<uint8_t>(65536, 0xEE);
};

class WasiTest : public testing::Test {
 protected:
  // Calls a function and expects it to answer; the errno.
  uint32_t Call(Host& host, const char* name,
                const std::vector<uint64_t>& args) {
    const HostResult result = CallRaw(host, name, args);
    EXPECT_EQ(result.kind, HostResult::Kind::kOk) << name;
    return static_cast<uint32_t>(results_[0].bits);
  }

  HostResult CallRaw(Host& host, const char* name,
                     const std::vector<uint64_t>& args) {
    auto import = host.Find("wasi_snapshot_preview1", name);
    EXPECT_TRUE(import.has_value()) << name;
    EXPECT_EQ(import->signature.params.size(), args.size()) << name;
    std::vector<Value> values;
    for (size_t i = 0; i < args.size(); ++i) {
      values.push_back({import->signature.params[i], args[i]});
    }
    results_.assign(import->signature.results.size(), {});
    return import->function(caller_, values, results_);
  }

  uint32_t Load(uint32_t address) {
    uint32_t value;
    std::memcpy(&value, &caller_.memory[address], 4);
    return value;
  }
  void Store(uint32_t address, uint32_t value) {
    std::memcpy(&caller_.memory[address], &value, 4);
  }
  void Store(uint32_t address, std::string_view text) {
    std::memcpy(&caller_.memory[address], text.data(), text.size());
  }
  std::string Text(uint32_t address) {
    return reinterpret_cast<const char*>(&caller_.memory[address]);
  }

  FakeCaller caller_;
  std::vector<Value> results_;
};

TEST_F(WasiTest, GivesArgumentsAsArgv) {
  Host host({"prog", "-x", ""});
  EXPECT_EQ(Call(host, "args_sizes_get", {0, 4}), 0u);
  EXPECT_EQ(Load(0), 3u);
  EXPECT_EQ(Load(4), 9u);
  EXPECT_EQ(Call(host, "args_get", {16, 100}), 0u);
  EXPECT_EQ(Text(Load(16)), "prog");
  EXPECT_EQ(Text(Load(20)), "-x");
  EXPECT_EQ(Text(Load(24)), "");
  EXPECT_EQ(Load(16), 100u);
}

TEST_F(WasiTest, HasNoArgumentsAndNoEnvironmentByDefault) {
  Host host;
  EXPECT_EQ(Call(host, "args_sizes_get", {0, 4}), 0u);
  EXPECT_EQ(Load(0), 0u);
  EXPECT_EQ(Load(4), 0u);
  EXPECT_EQ(Call(host, "args_get", {0, 0}), 0u);
  EXPECT_EQ(Call(host, "environ_sizes_get", {8, 12}), 0u);
  EXPECT_EQ(Load(8), 0u);
  EXPECT_EQ(Load(12), 0u);
  EXPECT_EQ(Call(host, "environ_get", {0, 0}), 0u);
}

TEST_F(WasiTest, CapturesWhatIsWritten) {
  Host host;
  Store(100, "Hello, ");
  Store(200, "world");
  Store(0, 100), Store(4, 7), Store(8, 200), Store(12, 5);
  const uint64_t before = caller_.gas;
  EXPECT_EQ(Call(host, "fd_write", {1, 0, 2, 64}), 0u);
  EXPECT_EQ(Load(64), 12u);
  EXPECT_EQ(host.captured_stdout(), "Hello, world");
  EXPECT_EQ(before - caller_.gas, kCallGas + 2 * kItemGas + 12 * kByteGas);
  EXPECT_EQ(Call(host, "fd_write", {2, 0, 1, 64}), 0u);
  EXPECT_EQ(host.captured_stderr(), "Hello, ");
}

TEST_F(WasiTest, WritesAllOrNothing) {
  Host host;
  Store(100, "Hello");
  // The second range lies outside the memory.
  Store(0, 100), Store(4, 5), Store(8, 65535), Store(12, 2);
  EXPECT_EQ(Call(host, "fd_write", {1, 0, 2, 64}), 21u);
  // The place for the result lies outside.
  EXPECT_EQ(Call(host, "fd_write", {1, 0, 1, 65533}), 21u);
  // The iovecs lie outside.
  EXPECT_EQ(Call(host, "fd_write", {1, 65532, 1, 64}), 21u);
  // Not open for writing, or not open.
  EXPECT_EQ(Call(host, "fd_write", {0, 0, 1, 64}), 8u);
  EXPECT_EQ(Call(host, "fd_write", {3, 0, 1, 64}), 8u);
  EXPECT_EQ(host.captured_stdout(), "");
  EXPECT_EQ(host.captured_stderr(), "");
}

TEST_F(WasiTest, CapturesAtMostItsLimit) {
  Host host;
  caller_.gas = uint64_t{1} << 40;
  for (uint32_t i = 0; i < 256; ++i) Store(8 * i, 0), Store(8 * i + 4, 65536);
  EXPECT_EQ(Call(host, "fd_write", {1, 0, 256, 4096}), 0u);
  EXPECT_EQ(host.captured_stdout().size(), kMaxCapturedBytes);
  Store(8, 0), Store(12, 1);
  EXPECT_EQ(Call(host, "fd_write", {2, 8, 1, 4096}), 51u);
  EXPECT_EQ(host.captured_stderr(), "");
}

TEST_F(WasiTest, ReadsNothingAndKnowsNoTime) {
  Host host;
  Store(0, 100), Store(4, 7);
  EXPECT_EQ(Call(host, "fd_read", {0, 0, 1, 64}), 0u);
  EXPECT_EQ(Load(64), 0u);
  EXPECT_EQ(Call(host, "fd_read", {3, 0, 1, 64}), 8u);
  EXPECT_EQ(Call(host, "fd_read", {0, 0, 1, 65534}), 21u);
  EXPECT_EQ(Call(host, "clock_time_get", {1, 1000, 80}), 0u);
  EXPECT_EQ(Load(80), 0u);
  EXPECT_EQ(Load(84), 0u);
  EXPECT_EQ(Call(host, "clock_res_get", {0, 80}), 0u);
  EXPECT_EQ(Load(80), 1u);
  EXPECT_EQ(Call(host, "clock_time_get", {4, 0, 80}), 28u);
}

TEST_F(WasiTest, RandomBytesAreZero) {
  Host host;
  EXPECT_EQ(Call(host, "random_get", {100, 3}), 0u);
  EXPECT_EQ(caller_.memory[99], 0xEE);
  EXPECT_EQ(caller_.memory[100], 0);
  EXPECT_EQ(caller_.memory[102], 0);
  EXPECT_EQ(caller_.memory[103], 0xEE);
  EXPECT_EQ(Call(host, "random_get", {65535, 2}), 21u);
}

TEST_F(WasiTest, StandardDescriptorsAreCharacterDevices) {
  Host host;
  EXPECT_EQ(Call(host, "fd_fdstat_get", {1, 200}), 0u);
  EXPECT_EQ(caller_.memory[200], 2);
  EXPECT_EQ(Load(208), 64u);  // may write
  EXPECT_EQ(caller_.memory[224], 0xEE);
  EXPECT_EQ(Call(host, "fd_fdstat_get", {3, 200}), 8u);
  EXPECT_EQ(Call(host, "fd_seek", {1, 0, 1, 200}), 70u);
  EXPECT_EQ(Call(host, "fd_close", {1}), 0u);
  EXPECT_EQ(Call(host, "fd_close", {7}), 8u);
  EXPECT_EQ(Call(host, "fd_prestat_get", {3, 200}), 8u);
}

TEST_F(WasiTest, ExitEndsTheRunWithItsCode) {
  Host host;
  EXPECT_FALSE(host.exit_code().has_value());
  const HostResult result = CallRaw(host, "proc_exit", {3});
  EXPECT_EQ(result.kind, HostResult::Kind::kRevert);
  EXPECT_EQ(result.code, 3u);
  EXPECT_EQ(host.exit_code(), 3u);
}

TEST_F(WasiTest, ChargesBeforeItWorks) {
  Host host;
  Store(100, "Hello");
  Store(0, 100), Store(4, 5);
  caller_.gas = kCallGas + kItemGas + 5 * kByteGas - 1;
  EXPECT_EQ(CallRaw(host, "fd_write", {1, 0, 1, 64}).kind,
            HostResult::Kind::kOutOfGas);
  EXPECT_EQ(host.captured_stdout(), "");
  caller_.gas = kCallGas - 1;
  EXPECT_EQ(CallRaw(host, "proc_exit", {0}).kind, HostResult::Kind::kOutOfGas);
  EXPECT_FALSE(host.exit_code().has_value());
}

TEST_F(WasiTest, EveryFunctionAnswersOutlandishArguments) {
#define INGOT_WASI(name, parameters, answer)                          \
  {                                                                   \
    Host host({"a"});                                                 \
    caller_.gas = uint64_t{1} << 60;                                  \
    const std::vector<uint64_t> args(std::strlen(parameters), ~0u);   \
    const HostResult result = CallRaw(host, #name, args);             \
    if (std::string_view(#name) == "proc_exit") {                     \
      EXPECT_EQ(result.kind, HostResult::Kind::kRevert);              \
    } else {                                                          \
      EXPECT_EQ(result.kind, HostResult::Kind::kOk) << #name;         \
      const bool harmless = std::string_view(#name) == "environ_get" || \
                            std::string_view(#name) == "sched_yield"; \
      EXPECT_EQ(results_[0].bits == 0, harmless) << #name;            \
    }                                                                 \
  }
#include "chain_integration/wasi/functions.def"
#undef INGOT_WASI
}

TEST_F(WasiTest, ProvidesBothVersionsAndNothingElse) {
  Host host;
  EXPECT_TRUE(host.Find("wasi_unstable", "fd_write"));
  EXPECT_FALSE(host.Find("wasi_unstable", "sock_accept"));
  EXPECT_TRUE(host.Find("wasi_snapshot_preview1", "sock_accept"));
  EXPECT_FALSE(host.Find("wasi_snapshot_preview1", "fd_writes"));
  EXPECT_FALSE(host.Find("env", "fd_write"));
  EXPECT_FALSE(host.Find("bench", "middle"));
}

TEST_F(WasiTest, BenchMarksReachTheCallback) {
  Host host;
  std::vector<bool> marks;
  host.OnBenchMark([&](bool starts) { marks.push_back(starts); });
  for (const char* name : {"start", "end"}) {
    auto import = host.Find("bench", name);
    ASSERT_TRUE(import.has_value());
    EXPECT_TRUE(import->signature.params.empty());
    EXPECT_TRUE(import->signature.results.empty());
    EXPECT_EQ(import->function(caller_, {}, {}).kind, HostResult::Kind::kOk);
  }
  EXPECT_EQ(marks, (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace ingot::wasi
