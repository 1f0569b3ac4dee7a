#include <sys/resource.h>

#include "absl/status/status.h"
#include "runtime/interpreter/fixture.h"

// Making instances: order of effects, imports, and what instances share.

namespace ingot::runtime::interpreter {
namespace {

using wasm::ExternKind;
using wasm::ValType;
using InstantiateTest = InterpreterTest;

// Row 16 of RELIABILITY.md 10.
TEST_F(InstantiateTest, EarlierSegmentsPersistWhenALaterOneTraps) {
  const Extern memory = *store_->AddMemory({1, 1, true});
  const Extern table =
      *store_->AddTable({ValType::kFuncRef, {2, 2, true}});
  program_ = Load(R"((module
    (import "e" "m" (memory 1)) (import "e" "t" (table 2 funcref))
    (func $f)
    (elem (i32.const 1) $f)
    (data (i32.const 0) "ab")
    (data (i32.const 65535) "cd")
    (data (i32.const 2) "ef")
    (func $start (unreachable)) (start $start)))");
  const Outcome outcome = InstantiateProgram(program_, {memory, table});
  EXPECT_EQ(outcome.kind, OutcomeKind::kTrapped);
  EXPECT_EQ(outcome.trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(outcome.phase, Phase::kInstantiate);
  EXPECT_EQ(outcome.function, kNowhere);
  EXPECT_EQ(outcome.offset,
            program_->View(program_->module().data)[1].module_offset);
  const std::span<uint8_t> bytes = store_->MemoryBytes(memory);
  EXPECT_EQ(bytes[0], 'a');
  EXPECT_EQ(bytes[65535], 0);
  EXPECT_EQ(bytes[2], 0);
  // The instance lives on in the table.
  const auto element = store_->GetTableElement(table, 1);
  const auto function = store_->FunctionOfReference(*element);
  ASSERT_TRUE(function.has_value());
  Transaction transaction(budget_);
  EXPECT_EQ(store_->Call(*function, {}, transaction, kPlenty)->kind,
            OutcomeKind::kReturned);
}

TEST_F(InstantiateTest, ElementSegmentThatDoesNotFitComesBeforeData) {
  program_ = Load(R"((module (table 1 funcref) (memory 1) (func $f)
    (data (i32.const -1) "x")
    (elem (i32.const -1) $f $f)))");
  const Outcome outcome = InstantiateProgram(program_);
  EXPECT_EQ(outcome.trap, TrapCode::kOutOfBoundsTable);
  EXPECT_EQ(outcome.offset,
            program_->View(program_->module().elements)[0].module_offset);
}

TEST_F(InstantiateTest, TrapOfTheStartFunctionIsLocatedThere) {
  program_ = Load("(module (func $s nop unreachable) (start $s))");
  const Outcome outcome = InstantiateProgram(program_);
  EXPECT_EQ(outcome.trap, TrapCode::kUnreachable);
  EXPECT_EQ(outcome.phase, Phase::kInstantiate);
  EXPECT_EQ(outcome.function, 0u);
  EXPECT_EQ(outcome.offset, CodeOffset(0) + 1);
}

TEST_F(InstantiateTest, MemoryBeyondTheTransactionTraps) {
  const auto program = Load("(module (memory 4))");
  budget_.memory_pages = 3;
  const Outcome outcome = InstantiateProgram(program);
  EXPECT_EQ(outcome.trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(outcome.offset, kNowhere);
  EXPECT_EQ(instance_, kNoInstance);
  EXPECT_EQ(pages_used_, 0u);
}

TEST_F(InstantiateTest, HostWithoutMemoryIsAFault) {
  const auto program = Load("(module (memory 1))");
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1 << 26;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &small), 0);
  Transaction transaction(budget_);
  const auto made = store_->Instantiate(program, {}, transaction, kPlenty);
  setrlimit(RLIMIT_AS, &before);
  EXPECT_TRUE(absl::IsResourceExhausted(made.status())) << made.status();
  EXPECT_EQ(transaction.depth, 0u);
}

TEST_F(InstantiateTest, NestingBeyondTheTransactionTraps) {
  const auto program = Load("(module)");
  Transaction transaction({.nesting = 0});
  transaction.depth = 1;
  const auto made = store_->Instantiate(program, {}, transaction, kPlenty);
  EXPECT_EQ(made->outcome.trap, TrapCode::kStackOverflow);
  EXPECT_EQ(made->instance, kNoInstance);
}

TEST_F(InstantiateTest, ImportsMustMatch) {
  const auto nothing = [](Caller&, std::span<const Value>, std::span<Value>) {
    return HostResult::Ok();
  };
  const Extern function =
      store_->AddHostFunction({{ValType::kI32}, {}}, nothing);
  const Extern memory = *store_->AddMemory({1, 3, true});
  const Extern table = *store_->AddTable({ValType::kExternRef, {5, 0, false}});
  const Extern global =
      store_->AddGlobal({ValType::kI64, true}, I64(1));
  const auto check = [&](const char* import, Extern given) {
    const auto program =
        Load(std::string("(module (import \"a\" \"b\" ") + import + "))");
    return store_->CheckImports(*program, std::vector<Extern>{given});
  };
  EXPECT_TRUE(check("(func (param i32))", function).ok());
  EXPECT_TRUE(check("(memory 1)", memory).ok());
  EXPECT_TRUE(check("(memory 0 3)", memory).ok());
  EXPECT_TRUE(check("(table 5 externref)", table).ok());
  EXPECT_TRUE(check("(global (mut i64))", global).ok());
  const std::pair<const char*, Extern> wrong[] = {
      {"(func (param i64))", function},
      {"(func (param i32) (result i32))", function},
      {"(func (param i32))", memory},
      {"(func)", Extern{ExternKind::kFunc, 99}},
      {"(memory 2)", memory},
      {"(memory 1 2)", memory},
      {"(memory 0)", Extern{ExternKind::kMemory, 99}},
      {"(table 6 externref)", table},
      {"(table 5 funcref)", table},
      {"(table 5 9 externref)", table},
      {"(table 0 externref)", Extern{ExternKind::kTable, 99}},
      {"(global i64)", global},
      {"(global (mut i32))", global},
      {"(global i64)", Extern{ExternKind::kGlobal, 99}},
  };
  for (const auto& [import, given] : wrong) {
    const absl::Status status = check(import, given);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << import;
    EXPECT_NE(status.message().find("a.b"), std::string::npos) << status;
  }
  const auto program = Load("(module (import \"a\" \"b\" (func)))");
  EXPECT_TRUE(absl::IsInvalidArgument(store_->CheckImports(*program, {})));
  Transaction transaction(budget_);
  EXPECT_TRUE(absl::IsInvalidArgument(
      store_->Instantiate(program, {}, transaction, kPlenty).status()));
}

TEST_F(InstantiateTest, InstancesShareWhatTheyImport) {
  Start(R"((module
    (memory (export "memory") 1) (global (export "g") (mut i32) (i32.const 5))
    (table (export "t") 2 funcref)
    (func (export "peek") (result i32) (i32.load8_u (i32.const 7)))
    (func (export "grown") (result i32) (memory.size))))");
  const std::vector<Extern> imports = {Export("memory"), Export("g"),
                                       Export("t"), Export("peek")};
  const InstanceId first = instance_;
  Start(R"((module
    (import "a" "memory" (memory 1)) (import "a" "g" (global $g (mut i32)))
    (import "a" "t" (table 2 funcref))
    (import "a" "peek" (func $peek (result i32)))
    (elem (i32.const 0) $here)
    (func $here (result i32) (i32.const 99))
    (func (export "f") (result i32)
      (global.set $g (i32.add (global.get $g) (i32.const 1)))
      (i32.store8 (i32.const 7) (i32.const 40))
      (drop (memory.grow (i32.const 1)))
      (i32.add (call $peek) (call_indirect (result i32) (i32.const 0))))))",
        imports);
  EXPECT_EQ(Result("f"), 139u);
  EXPECT_EQ(store_->InstanceGlobal(first, 0), I32(6));
  EXPECT_EQ(store_->GetGlobal(imports[1]), I32(6));
  EXPECT_EQ(store_->InstanceMemory(first).size(), 2 * 65536u);
  EXPECT_EQ(store_->TableSize(imports[2]), 2u);
  instance_ = first;
  EXPECT_EQ(Result("grown"), 2u);
  EXPECT_EQ(Result("peek"), 40u);
}

TEST_F(InstantiateTest, SegmentsAreDroppedAfterUse) {
  Start(R"((module (memory 1) (data (i32.const 0) "abc") (data $p "xyz")
    (func (export "active") (memory.init 0
      (i32.const 0) (i32.const 0) (i32.const 1)))
    (func (export "nothing") (memory.init 0
      (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (export "init") (memory.init $p
      (i32.const 0) (i32.const 0) (i32.const 3)))
    (func (export "drop") (data.drop $p))))");
  EXPECT_EQ(Call("active").trap, TrapCode::kOutOfBoundsMemory);
  EXPECT_EQ(Call("nothing").kind, OutcomeKind::kReturned);
  EXPECT_EQ(Call("init").kind, OutcomeKind::kReturned);
  EXPECT_EQ(store_->InstanceMemory(instance_)[2], 'z');
  EXPECT_EQ(Call("drop").kind, OutcomeKind::kReturned);
  EXPECT_EQ(Call("drop").kind, OutcomeKind::kReturned);
  EXPECT_EQ(Call("init").trap, TrapCode::kOutOfBoundsMemory);
}

TEST_F(InstantiateTest, HostKeepsItsExternsAndMissingNamesAreNull) {
  Start("(module (memory 1))");
  EXPECT_FALSE(store_->FindExport(instance_, "nothing").has_value());
  EXPECT_FALSE(store_->GetTableElement(
      *store_->AddTable({ValType::kFuncRef, {1, 1, true}}), 1));
  EXPECT_FALSE(
      store_->FunctionOfReference({ValType::kFuncRef, 0}).has_value());
  EXPECT_FALSE(store_->AddMemory({2, 1, true}).ok());
  EXPECT_FALSE(store_->AddMemory({65537, 0, false}).ok());
  EXPECT_FALSE(store_->AddTable({ValType::kFuncRef, {2, 1, true}}).ok());
}

}  // namespace
}  // namespace ingot::runtime::interpreter
