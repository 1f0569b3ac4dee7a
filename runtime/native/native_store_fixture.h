#ifndef RUNTIME_NATIVE_NATIVE_STORE_FIXTURE_H_
#define RUNTIME_NATIVE_NATIVE_STORE_FIXTURE_H_

#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/native/test_artifact.h"

// What tests of the store begin with: a store, the test artifact as a program,
// and host functions for its two imports.

namespace ingot::runtime {

using wasm::ValType;

inline Value I32(uint32_t bits) { return {ValType::kI32, bits}; }
inline Value I64(uint64_t bits) { return {ValType::kI64, bits}; }
inline Value F64(double value) {
  return {ValType::kF64, std::bit_cast<uint64_t>(value)};
}

inline constexpr uint64_t kPlenty = 1'000'000'000;

class NativeStoreTest : public testing::Test {
 protected:
  NativeStoreTest() { Load({}); }

  void Load(const TestArtifactOptions& options) {
    auto loaded = UnverifiedProgram::Load(MakeTestArtifact(options), {});
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    program_ = *loaded;
  }

  // The two host functions of the module: what they do is set by each test.
  std::vector<Extern> Imports() {
    const Extern host = store_->AddHostFunction(
        {{ValType::kI32, ValType::kI64, ValType::kF64}, {ValType::kI32}},
        [this](Caller& caller, std::span<const Value> args,
               std::span<Value> results) {
          return host_(caller, args, results);
        });
    const std::vector<ValType> many(8, ValType::kI64);
    const Extern host_many = store_->AddHostFunction(
        {many, many},
        [](Caller&, std::span<const Value> args, std::span<Value> results) {
          for (size_t i = 0; i < 8; ++i) results[i].bits = 10 * args[i].bits;
          return HostResult::Ok();
        });
    return {host, host_many};
  }

  void Instantiate() {
    auto made =
        store_->Instantiate(program_, Imports(), transaction_, kPlenty);
    ASSERT_TRUE(made.ok()) << made.status();
    ASSERT_EQ(made->outcome.kind, OutcomeKind::kReturned);
    instance_ = made->instance;
  }

  Extern Function(std::string_view name) {
    const auto found = store_->FindExport(instance_, name);
    EXPECT_TRUE(found.has_value()) << name;
    return found.value_or(Extern{});
  }

  Outcome Call(std::string_view name, std::vector<Value> args,
               uint64_t gas = kPlenty) {
    auto outcome = store_->Call(Function(name), args, transaction_, gas);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : Outcome{};
  }

  Transaction transaction_{Transaction::Budget{}};
  std::shared_ptr<const NativeProgram> program_;
  std::function<HostResult(Caller&, std::span<const Value>, std::span<Value>)>
      host_ = [](Caller&, std::span<const Value>, std::span<Value>) {
        return HostResult::Ok();
      };
  std::unique_ptr<NativeStore> store_ = std::make_unique<NativeStore>();
  InstanceId instance_ = kNoInstance;
};

}  // namespace ingot::runtime

#endif  // RUNTIME_NATIVE_NATIVE_STORE_FIXTURE_H_
