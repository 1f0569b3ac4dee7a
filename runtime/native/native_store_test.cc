#include "runtime/native/native_store.h"

#include <sys/resource.h>
#include <xmmintrin.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/native/host_functions.h"
#include "runtime/native/native_store_fixture.h"

namespace ingot::runtime {
namespace {

TEST_F(NativeStoreTest, ReturnsResultAndGas) {
  Instantiate();
  const Outcome outcome = Call("add", {I32(0xFFFFFFFF), I32(3)}, 100);
  EXPECT_EQ(outcome.kind, OutcomeKind::kReturned);
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(2)});
  EXPECT_EQ(outcome.gas_used, 10u);
  EXPECT_EQ(outcome.gas_limit, 100u);
}

TEST_F(NativeStoreTest, PassesValuesInRegistersAndOnTheStack) {
  Instantiate();
  std::vector<Value> values;
  for (int i = 0; i < 8; ++i) values.push_back(I64(~uint64_t{0} - i));
  for (int i = 0; i < 10; ++i) values.push_back(F64(0.5 + i));
  EXPECT_EQ(Call("echo", values).results, values);
}

TEST_F(NativeStoreTest, GasLimitIsExact) {
  Instantiate();
  EXPECT_EQ(Call("add", {I32(1), I32(1)}, 10).kind, OutcomeKind::kReturned);
  const Outcome outcome = Call("add", {I32(1), I32(1)}, 9);
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(outcome.gas_used, 9u);
  EXPECT_TRUE(outcome.backtrace.empty());
}

TEST_F(NativeStoreTest, EndlessLoopRunsOutOfGas) {
  Instantiate();
  const Outcome outcome = Call("loop", {}, 12345);
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(outcome.gas_used, 12345u);
}

TEST_F(NativeStoreTest, HostFunctionSeesArgumentsMemoryAndGas) {
  Instantiate();
  host_ = [&](Caller& caller, std::span<const Value> args,
              std::span<Value> results) {
    EXPECT_EQ(args[0], I32(7));
    EXPECT_EQ(args[1], I64(8));
    EXPECT_EQ(args[2], F64(2.5));
    EXPECT_EQ(caller.instance(), instance_);
    EXPECT_EQ(caller.GasLeft(), 990u);
    EXPECT_EQ(caller.transaction().stack_used, 64u);
    EXPECT_TRUE(caller.ChargeGas(90));
    EXPECT_EQ(std::string(caller.Memory().begin() + 16,
                          caller.Memory().begin() + 21),
              "ingot");
    results[0].bits = 41;
    return HostResult::Ok();
  };
  const Outcome outcome =
      Call("call_host", {I32(7), I64(8), F64(2.5)}, 1000);
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(42)});
  EXPECT_EQ(outcome.gas_used, 100u);
  EXPECT_EQ(transaction_.stack_used, 0u);
}

TEST_F(NativeStoreTest, HostFunctionTakesAndReturnsStackSlots) {
  Instantiate();
  // 10 × (1² + 2² + … + 8²)
  EXPECT_EQ(Call("call_host_many", {}).results,
            std::vector<Value>{I64(2040)});
}

TEST_F(NativeStoreTest, HostFunctionEndsTheRun) {
  Instantiate();
  const std::vector<Value> args = {I32(1), I64(1), F64(1)};
  const std::vector<Frame> here = {
      {kTestCallHost, TestSiteOffset(kTestCallHost)}};

  host_ = [](Caller& caller, std::span<const Value>, std::span<Value>) {
    EXPECT_TRUE(caller.ChargeGas(5));
    return HostResult::Revert(77, "no");
  };
  Outcome outcome = Call("call_host", args);
  EXPECT_EQ(outcome.kind, OutcomeKind::kReverted);
  EXPECT_EQ(outcome.revert_code, 77u);
  EXPECT_EQ(outcome.revert_message, "no");
  EXPECT_EQ(outcome.gas_used, 15u);
  EXPECT_EQ(outcome.backtrace, here);

  host_ = [](Caller&, std::span<const Value>, std::span<Value>) {
    return HostResult::Trap(TrapCode::kUnreachable);
  };
  outcome = Call("call_host", args);
  EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
  EXPECT_EQ(outcome.trap, TrapCode::kUnreachable);
  EXPECT_EQ(outcome.function, kTestCallHost);
  EXPECT_EQ(outcome.offset, TestSiteOffset(kTestCallHost));

  host_ = [](Caller& caller, std::span<const Value>, std::span<Value>) {
    EXPECT_FALSE(caller.ChargeGas(caller.GasLeft() + 1));
    return HostResult::Ok();
  };
  outcome = Call("call_host", args, 500);
  EXPECT_EQ(outcome.kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(outcome.gas_used, 500u);

  host_ = [](Caller&, std::span<const Value>, std::span<Value>) {
    return HostResult::Fault(absl::UnavailableError("disk"));
  };
  EXPECT_EQ(store_->Call(Function("call_host"), args, transaction_, kPlenty)
                .status()
                .code(),
            absl::StatusCode::kUnavailable);

  host_ = [](Caller&, std::span<const Value>, std::span<Value>) -> HostResult {
    throw 1;
  };
  EXPECT_EQ(store_->Call(Function("call_host"), args, transaction_, kPlenty)
                .status()
                .code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(Call("add", {I32(1), I32(2)}).results,
            std::vector<Value>{I32(3)});
}

TEST_F(NativeStoreTest, UnreachableIsLocatedWithItsCallers) {
  Instantiate();
  const Outcome outcome = Call("call_trap", {}, 100);
  EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
  EXPECT_EQ(outcome.trap, TrapCode::kUnreachable);
  EXPECT_EQ(outcome.gas_used, 20u);
  const std::vector<Frame> backtrace = {
      {kTestTrap, TestSiteOffset(kTestTrap)},
      {kTestCallTrap, TestSiteOffset(kTestCallTrap)}};
  EXPECT_EQ(outcome.backtrace, backtrace);
}

TEST_F(NativeStoreTest, AccessBehindTheMemoryTraps) {
  Instantiate();
  EXPECT_EQ(Call("load", {I32(16)}).results, std::vector<Value>{
      I32('i' | 'n' << 8 | 'g' << 16 | 'o' << 24)});
  EXPECT_EQ(Call("load", {I32(65532)}).kind, OutcomeKind::kReturned);
  for (uint32_t address : {65533u, 65536u, 0x80000000u, 0xFFFFFFFFu}) {
    const Outcome outcome = Call("load", {I32(address)}, 100);
    EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
    EXPECT_EQ(outcome.trap, TrapCode::kOutOfBoundsMemory);
    EXPECT_EQ(outcome.function, kTestLoad);
    EXPECT_EQ(outcome.gas_used, 16u);
  }
  // The access's price is owed at the trap: out of gas wins.
  EXPECT_EQ(Call("load", {I32(65536)}, 16).kind, OutcomeKind::kTrapped);
  EXPECT_EQ(Call("load", {I32(65536)}, 15).kind, OutcomeKind::kOutOfGas);
}

TEST_F(NativeStoreTest, MemoryGrowsAsFarAsAllowed) {
  Instantiate();
  const auto& fee = program_->profile().execution.memory_grow;
  Outcome outcome = Call("grow", {I32(2)});
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(1)});
  EXPECT_EQ(outcome.gas_used, 10u + fee.base + 2 * fee.per_unit);
  EXPECT_EQ(store_->InstanceMemory(instance_).size(), 3 * 65536u);
  EXPECT_EQ(transaction_.pages_used, 3u);
  EXPECT_EQ(Call("load", {I32(3 * 65536 - 4)}).results,
            std::vector<Value>{I32(0)});
  outcome = Call("grow", {I32(2)});
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(0xFFFFFFFF)});
  EXPECT_EQ(outcome.gas_used, 10u + fee.base);
  EXPECT_EQ(Call("grow", {I32(0)}).results, std::vector<Value>{I32(3)});
  EXPECT_EQ(Call("grow", {I32(1)}, 10 + fee.base).kind,
            OutcomeKind::kOutOfGas);
}

TEST_F(NativeStoreTest, FillPaysChecksAndWrites) {
  Instantiate();
  EXPECT_EQ(Call("fill", {I32(65530), I32(0x101), I32(6)}).kind,
            OutcomeKind::kReturned);
  EXPECT_EQ(store_->InstanceMemory(instance_)[65535], 1);
  const Outcome outcome = Call("fill", {I32(65530), I32(2), I32(7)});
  EXPECT_EQ(outcome.trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(outcome.function, kTestFill);
  EXPECT_EQ(outcome.offset, TestSiteOffset(kTestFill));
  EXPECT_EQ(store_->InstanceMemory(instance_)[65535], 1);
  EXPECT_EQ(
      outcome.gas_used,
      10 + FeeFor(program_->profile().execution.memory_fill, 7).value());
}

TEST_F(NativeStoreTest, RecursionOverflowsAtTheBudget) {
  Instantiate();
  Transaction small({.stack_units = 640});
  auto outcome = store_->Call(Function("recurse"), {}, small, kPlenty);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->kind, OutcomeKind::kTrapped);
  EXPECT_EQ(outcome->trap, TrapCode::kStackOverflow);
  // Ten frames of 64 bytes fit; the eleventh's entry is not paid.
  EXPECT_EQ(outcome->gas_used, 10 * 30u);
  EXPECT_EQ(outcome->backtrace.size(), 10u);
  EXPECT_EQ(outcome->function, kTestRecurse);
  EXPECT_EQ(outcome->offset, TestSiteOffset(kTestRecurse));

  outcome = store_->Call(Function("recurse"), {}, transaction_, kPlenty);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->gas_used, transaction_.budget().stack_units / 64 * 30);
  EXPECT_EQ(outcome->backtrace.size(), 64u);
}

TEST_F(NativeStoreTest, OverflowOfTheFirstFrameIsLocatedInTheCallee) {
  Instantiate();
  for (uint64_t units : {0, 48, 63}) {
    Transaction small({.stack_units = units});
    const Value args[] = {I32(1), I32(1)};
    auto outcome = store_->Call(Function("add"), args, small, kPlenty);
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome->trap, TrapCode::kStackOverflow);
    EXPECT_EQ(outcome->function, kTestAdd);
    EXPECT_EQ(outcome->offset, TestBodyOffset(kTestAdd));
    EXPECT_EQ(outcome->gas_used, 0u);
  }
  // Four slots of arguments and four of results come first.
  Transaction small({.stack_units = 64 + 63});
  std::vector<Value> values(8, I64(0));
  values.resize(18, F64(0));
  EXPECT_EQ(store_->Call(Function("echo"), values, small, kPlenty)->trap,
            TrapCode::kStackOverflow);
  Transaction enough({.stack_units = 64 + 64});
  EXPECT_EQ(store_->Call(Function("echo"), values, enough, kPlenty)->kind,
            OutcomeKind::kReturned);
}

TEST_F(NativeStoreTest, IndirectCallsCheckIndexNullAndType) {
  Instantiate();
  EXPECT_EQ(Call("indirect", {I32(0)}).results, std::vector<Value>{I32(42)});
  EXPECT_EQ(Call("indirect", {I32(1)}).trap, TrapCode::kIndirectCallMismatch);
  EXPECT_EQ(Call("indirect", {I32(5)}).trap, TrapCode::kUninitializedElement);
  EXPECT_EQ(Call("indirect", {I32(6)}).trap, TrapCode::kUndefinedElement);
}

TEST_F(NativeStoreTest, MadeUpReferencesAndOperandsAreFaults) {
  Instantiate();
  const Extern forge = Function("forge");
  const Extern builtin = Function("builtin");
  const Value null[] = {I32(1), I32(0)};
  EXPECT_EQ(store_->Call(forge, null, transaction_, kPlenty)->kind,
            OutcomeKind::kReturned);
  EXPECT_EQ(Call("indirect", {I32(1)}).trap, TrapCode::kUninitializedElement);
  for (uint32_t bits : {1u, 64u, 0xFFFFFFF8u}) {
    const Value forged[] = {I32(1), I32(bits)};
    EXPECT_EQ(store_->Call(forge, forged, transaction_, kPlenty)
                  .status()
                  .code(),
              absl::StatusCode::kInternal);
  }
  // data.drop 4, table.get and so on of tables that are not there, no builtin.
  for (uint32_t number : {4u, 5u, 6u, 7u, 8u, 9u, 10u, 11u, 12u, 13u, ~0u}) {
    const Value args[] = {I32(number)};
    EXPECT_EQ(store_->Call(builtin, args, transaction_, kPlenty)
                  .status()
                  .code(),
              absl::StatusCode::kInternal)
        << number;
  }
}

// The first instance has its data copied, later ones mapped.
TEST_F(NativeStoreTest, NoInstanceSeesWhatAnotherOfItsProgramWrote) {
  for (int i = 0; i < 6; ++i) {
    transaction_.pages_used = 0;
    // Every other one in a store that stays, beside one that is there.
    if (i % 2 == 0) store_ = std::make_unique<NativeStore>();
    Instantiate();
    const std::span<uint8_t> memory = store_->InstanceMemory(instance_);
    ASSERT_EQ(memory.size(), 65536u);
    EXPECT_EQ(std::string(memory.begin() + 16, memory.begin() + 21), "ingot");
    EXPECT_EQ(std::count(memory.begin(), memory.end(), 0), 65536 - 5);
    EXPECT_EQ(Call("count", {}).results, std::vector<Value>{I32(42)});
    EXPECT_EQ(Call("indirect", {I32(1)}).trap,
              TrapCode::kIndirectCallMismatch);
    (void)Call("forge", {I32(1), I32(0)});
    (void)Call("grow", {I32(2)});
    const std::span<uint8_t> grown = store_->InstanceMemory(instance_);
    std::fill(grown.begin(), grown.end(), uint8_t{0xA5});
  }
}

TEST_F(NativeStoreTest, ResetLeavesNothingOfWhatAnInstanceDid) {
  Instantiate();
  const std::span<uint8_t> fresh = store_->InstanceMemory(instance_);
  const std::vector<uint8_t> initial(fresh.begin(), fresh.end());
  for (const uint32_t pages : {3u, 1u}) {
    EXPECT_EQ(Call("grow", {I32(pages)}).results,
              std::vector<Value>{I32(1)});
    const std::span<uint8_t> memory = store_->InstanceMemory(instance_);
    ASSERT_EQ(memory.size(), (1 + pages) * 65536);
    std::fill(memory.begin(), memory.end(), uint8_t{0xA5});
    EXPECT_EQ(Call("count", {}).results, std::vector<Value>{I32(42)});
    (void)Call("forge", {I32(1), I32(0)});
    EXPECT_EQ(Call("indirect", {I32(1)}).trap,
              TrapCode::kUninitializedElement);

    const auto reset = store_->Reset(instance_, initial);
    ASSERT_TRUE(reset.ok()) << reset.status();
    ASSERT_TRUE(*reset);
    const std::span<uint8_t> after = store_->InstanceMemory(instance_);
    EXPECT_TRUE(std::equal(after.begin(), after.end(), initial.begin(),
                           initial.end()));
    EXPECT_EQ(Call("load", {I32(65536)}).trap, TrapCode::kOutOfBoundsMemory);
    EXPECT_EQ(store_->InstanceGlobal(instance_, 0), I32(41));
    EXPECT_EQ(Call("indirect", {I32(1)}).trap,
              TrapCode::kIndirectCallMismatch);
    // Pages that it grows by are zero again.
    transaction_.pages_used = 0;
    EXPECT_EQ(Call("grow", {I32(3)}).results, std::vector<Value>{I32(1)});
    const std::span<uint8_t> grown = store_->InstanceMemory(instance_);
    EXPECT_TRUE(std::all_of(grown.begin() + 65536, grown.end(),
                            [](uint8_t byte) { return byte == 0; }));
    ASSERT_TRUE(*store_->Reset(instance_, initial));
    transaction_.pages_used = 0;
  }
}

TEST_F(NativeStoreTest, ResetTakesTheMemoryItIsGiven) {
  Instantiate();
  std::vector<uint8_t> image(2 * 65536, 7);
  ASSERT_TRUE(*store_->Reset(instance_, image));
  const std::span<uint8_t> after = store_->InstanceMemory(instance_);
  EXPECT_TRUE(
      std::equal(after.begin(), after.end(), image.begin(), image.end()));
  // Five pages are more than the memory may have; a part of a page is none.
  image.resize(5 * 65536);
  EXPECT_FALSE(store_->Reset(instance_, image).ok());
  image.resize(100);
  EXPECT_FALSE(store_->Reset(instance_, image).ok());
}

TEST_F(NativeStoreTest, FloatingPointEnvironmentIsFixedAndRestored) {
  Instantiate();
  const uint32_t before = _mm_getcsr();
  const uint32_t host = 0x9FC0;  // flush to zero, denormals are zero
  _mm_setcsr(host);
  uint32_t seen = 0;
  host_ = [&](Caller&, std::span<const Value>, std::span<Value>) {
    seen = _mm_getcsr();
    return HostResult::Ok();
  };
  const Outcome outcome = Call("floats", {});
  const uint32_t after = _mm_getcsr();
  (void)Call("call_host", {I32(1), I64(2), F64(3)});
  (void)Call("call_trap", {});
  const uint32_t after_trap = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(outcome.results, std::vector<Value>{I32(0x1F80)});
  EXPECT_EQ(after, host);
  EXPECT_EQ(after_trap, host);
  EXPECT_EQ(seen, host);
}

TEST_F(NativeStoreTest, GlobalsAndTablesAreSeenByTheHost) {
  Instantiate();
  EXPECT_EQ(Call("count", {}).results, std::vector<Value>{I32(42)});
  EXPECT_EQ(store_->InstanceGlobal(instance_, 0), I32(42));
  const Extern global = *store_->FindExport(instance_, "global");
  store_->SetGlobal(global, I32(99));
  EXPECT_EQ(Call("count", {}).results, std::vector<Value>{I32(100)});
  EXPECT_EQ(store_->GetGlobal(global), I32(100));
  const Extern table = *store_->FindExport(instance_, "table");
  EXPECT_EQ(store_->TableSize(table), 6u);
  const auto element = store_->GetTableElement(table, 0);
  ASSERT_TRUE(element.has_value());
  EXPECT_EQ(store_->FunctionOfReference(*element), Function("add"));
  EXPECT_EQ(store_->GetTableElement(table, 5)->bits, 0u);
  EXPECT_EQ(store_->GetTableElement(table, 6), std::nullopt);
}

TEST_F(NativeStoreTest, FunctionsOfOneInstanceServeAnother) {
  Instantiate();
  // Another instance whose first import is the first's own call_host, which
  // calls the host: gas, stack and memory follow.
  std::vector<Extern> imports = Imports();
  imports[0] = Function("call_host");
  auto second = store_->Instantiate(program_, imports, transaction_, kPlenty);
  ASSERT_TRUE(second.ok()) << second.status();
  host_ = [&](Caller& caller, std::span<const Value>, std::span<Value>) {
    EXPECT_EQ(caller.instance(), instance_);
    EXPECT_EQ(caller.transaction().stack_used, 128u);
    return HostResult::Trap(TrapCode::kUnreachable);
  };
  const Extern call = *store_->FindExport(second->instance, "call_host");
  const Value args[] = {I32(1), I64(2), F64(3)};
  auto outcome = store_->Call(call, args, transaction_, kPlenty);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->trap, TrapCode::kUnreachable);
  EXPECT_EQ(outcome->backtrace.size(), 2u);
  EXPECT_EQ(outcome->gas_used, 20u);
}

TEST_F(NativeStoreTest, HostFunctionIsCalledThroughTheStore) {
  Instantiate();
  host_ = [&](Caller& caller, std::span<const Value>,
              std::span<Value> results) {
    EXPECT_EQ(caller.instance(), kNoInstance);
    EXPECT_TRUE(caller.Memory().empty());
    results[0].bits = 3;
    return HostResult::Ok();
  };
  EXPECT_EQ(Call("host", {I32(1), I64(2), F64(3)}).results,
            std::vector<Value>{I32(3)});
}

// A plain host function, made once for two stores: it is called by each of their
// instances, and by the host through the store.
TEST_F(NativeStoreTest, PlainHostFunctionsServeManyStores) {
  auto loaded = UnverifiedProgram::Load(MakeTestArtifact(), {});
  ASSERT_TRUE(loaded.ok());
  int calls = 0;
  auto host = std::make_shared<NativeHostFunctions>();
  host->AddPlain({{ValType::kI32, ValType::kI64}, {ValType::kI32}},
                 [](void* state, Caller& caller, uint64_t* values) {
                   ++*static_cast<int*>(state);
                   if (values[0] == 7) {
                     caller.Fail(HostResult::Revert(values[1], "seven"));
                     return false;
                   }
                   if (!caller.ChargeGas(100)) {
                     caller.Fail(HostResult::OutOfGas());
                     return false;
                   }
                   values[0] = values[0] + values[1] + (uint64_t{1} << 40);
                   return true;
                 },
                 &calls);
  for (int i = 0; i < 2; ++i) {
    NativeStore store;
    const Extern function = store.AddHostFunctions(host);
    const auto call = [&](uint32_t a, uint64_t b, uint64_t gas) {
      auto outcome =
          store.Call(function, std::vector<Value>{I32(a), I64(b)},
                     transaction_, gas);
      EXPECT_TRUE(outcome.ok()) << outcome.status();
      return outcome.ok() ? *outcome : Outcome{};
    };
    EXPECT_EQ(call(2, 3, 1000).results, std::vector<Value>{I32(5)});
    EXPECT_EQ(call(2, 3, 1000).gas_used, 100u);
    EXPECT_EQ(call(2, 3, 99).kind, OutcomeKind::kOutOfGas);
    const Outcome seven = call(7, 3, 1000);
    EXPECT_EQ(seven.kind, OutcomeKind::kReverted);
    EXPECT_EQ(seven.revert_code, 3u);
    EXPECT_EQ(seven.revert_message, "seven");
  }
  EXPECT_EQ(calls, 8);
}

TEST_F(NativeStoreTest, RefusesWrongArgumentsAndImports) {
  Instantiate();
  const Value narrow[] = {I32(1)};
  const Value wrong[] = {I32(1), I64(1)};
  for (std::span<const Value> args :
       {std::span<const Value>(narrow), std::span<const Value>(wrong)}) {
    EXPECT_EQ(store_->Call(Function("add"), args, transaction_, kPlenty)
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument);
  }
  std::vector<Extern> imports = Imports();
  std::swap(imports[0], imports[1]);
  const absl::Status status = store_->CheckImports(*program_, imports);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("env.host"),
            std::string::npos);
  imports.pop_back();
  EXPECT_FALSE(store_->CheckImports(*program_, imports).ok());
}

TEST_F(NativeStoreTest, InstantiationPaysFeesFirst) {
  const uint64_t fee = [&] {
    auto made =
        store_->Instantiate(program_, Imports(), transaction_, kPlenty);
    return made->outcome.gas_used;
  }();
  EXPECT_EQ(store_->Instantiate(program_, Imports(), transaction_, fee)
                ->outcome.kind,
            OutcomeKind::kReturned);
  auto made =
      store_->Instantiate(program_, Imports(), transaction_, fee - 1);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->outcome.kind, OutcomeKind::kOutOfGas);
  EXPECT_EQ(made->outcome.phase, Phase::kInstantiate);
  EXPECT_EQ(made->instance, kNoInstance);
}

TEST_F(NativeStoreTest, SegmentOutOfBoundsTrapsWhereItBegins) {
  Load({.data_offset = 65532});
  auto made = store_->Instantiate(program_, Imports(), transaction_, kPlenty);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->outcome.kind, OutcomeKind::kTrapped);
  EXPECT_EQ(made->outcome.trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(made->outcome.function, kNowhere);
  const uint32_t kept_offset = made->outcome.offset;

  Load({.data_offset = 65532, .with_offsets = true});
  made = store_->Instantiate(program_, Imports(), transaction_, kPlenty);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->outcome.offset, kept_offset + 1000);
}

TEST_F(NativeStoreTest, StartFunctionRunsAsACall) {
  Load({.start = kTestTrap});
  auto made = store_->Instantiate(program_, Imports(), transaction_, kPlenty);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->outcome.trap, TrapCode::kUnreachable);
  EXPECT_EQ(made->outcome.phase, Phase::kInstantiate);
  EXPECT_EQ(made->outcome.function, kTestTrap);
  EXPECT_NE(made->instance, kNoInstance);
}

TEST_F(NativeStoreTest, InstancesAreIndependentAndTheirMemoryIsZero) {
  for (int round = 0; round < 3; ++round) {
    store_ = std::make_unique<NativeStore>();
    Instantiate();
    const std::span<uint8_t> memory = store_->InstanceMemory(instance_);
    EXPECT_EQ(memory[100], 0);
    EXPECT_EQ(memory[65535], 0);
    EXPECT_EQ(Call("count", {}).results, std::vector<Value>{I32(42)});
    memory[100] = 1;
    (void)Call("grow", {I32(1)});
    (void)Call("store", {I32(2 * 65536 - 4), I32(5)});
  }
}

TEST_F(NativeStoreTest, MemoryBudgetOfTheTransactionHolds) {
  Transaction tight({.memory_pages = 2});
  auto made = store_->Instantiate(program_, Imports(), tight, kPlenty);
  ASSERT_TRUE(made.ok());
  const Extern grow = *store_->FindExport(made->instance, "grow");
  const Value two[] = {I32(2)};
  const Value one[] = {I32(1)};
  EXPECT_EQ(store_->Call(grow, two, tight, kPlenty)->results[0],
            I32(0xFFFFFFFF));
  EXPECT_EQ(store_->Call(grow, one, tight, kPlenty)->results[0], I32(1));
  EXPECT_EQ(tight.pages_used, 2u);
  made = store_->Instantiate(program_, Imports(), tight, kPlenty);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->outcome.trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(made->instance, kNoInstance);
}

TEST_F(NativeStoreTest, ThreadsRunAndTrapIndependently) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        NativeStore store;
        const Extern host = store.AddHostFunction(
            {{ValType::kI32, ValType::kI64, ValType::kF64}, {ValType::kI32}},
            [](Caller&, std::span<const Value>, std::span<Value>) {
              return HostResult::Ok();
            });
        const std::vector<ValType> many(8, ValType::kI64);
        const Extern host_many = store.AddHostFunction(
            {many, many}, [](Caller&, std::span<const Value>,
                             std::span<Value>) { return HostResult::Ok(); });
        const Extern imports[] = {host, host_many};
        Transaction transaction({});
        auto made = store.Instantiate(program_, imports, transaction, kPlenty);
        ASSERT_TRUE(made.ok());
        const Value far[] = {I32(1 << 20)};
        auto outcome = store.Call(*store.FindExport(made->instance, "load"),
                                  far, transaction, kPlenty);
        ASSERT_TRUE(outcome.ok());
        EXPECT_EQ(outcome->trap, TrapCode::kOutOfBoundsMemory);
        outcome = store.Call(*store.FindExport(made->instance, "call_trap"),
                             {}, transaction, kPlenty);
        ASSERT_TRUE(outcome.ok());
        EXPECT_EQ(outcome->trap, TrapCode::kUnreachable);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Runs `f` while the process may have no more writable memory.
template <typename F>
void WithoutMemory(F f) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_DATA, &before), 0);
  const rlimit none = {1, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &none), 0);
  f();
  setrlimit(RLIMIT_DATA, &before);
}

TEST_F(NativeStoreTest, ExhaustedHostIsAFaultNotATrap) {
  Instantiate();
  const Extern grow = Function("grow");
  const Value two[] = {I32(2)};
  const Value none[] = {I32(0)};
  ASSERT_TRUE(store_->Call(grow, none, transaction_, kPlenty).ok());
  absl::Status status;
  WithoutMemory([&] {
    status = store_->Call(grow, two, transaction_, kPlenty).status();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(transaction_.pages_used, 1u);
  EXPECT_EQ(store_->Call(grow, two, transaction_, kPlenty)->results[0],
            I32(1));

  Transaction fresh({.stack_units = 123456});
  const Value args[] = {I32(1), I32(2)};
  const Extern add = Function("add");
  WithoutMemory([&] {
    status = store_->Call(add, args, fresh, kPlenty).status();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(fresh.depth, 0u);
}

using NativeStoreDeathTest = NativeStoreTest;

TEST_F(NativeStoreDeathTest, ForeignFaultInNativeCodeIsNoTrap) {
  Instantiate();
  EXPECT_EXIT((void)Call("foreign", {}), testing::KilledBySignal(SIGSEGV),
              "");
}

TEST_F(NativeStoreDeathTest, FaultOfAHostFunctionIsNoTrap) {
  Instantiate();
  host_ = [](Caller&, std::span<const Value>, std::span<Value>) {
    *reinterpret_cast<volatile int*>(64) = 1;
    return HostResult::Ok();
  };
  EXPECT_EXIT((void)Call("call_host", {I32(1), I64(2), F64(3)}),
              testing::KilledBySignal(SIGSEGV), "");
}

}  // namespace
}  // namespace ingot::runtime
