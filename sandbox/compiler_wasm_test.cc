// What docs/compiler-abi.md promises of compiler.wasm itself. In: the embedded
// module. Holds: no imports, no start function, the documented exports and no
// others; after every counted call each global has its initial value, and no
// instruction writes a table.

#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "compiler/wasm32/abi.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/program.h"
#include "runtime/store.h"
#include "sandbox/compiler_instance.h"
#include "sandbox/compiler_loader.h"
#include "sandbox/embedded_compiler.h"
#include "sandbox/test_modules.h"

namespace ingot::sandbox {
namespace {

// Of compiler.wasm as a whole; a larger one wants a reason.
constexpr size_t kLargestCompiler = 512 * 1024;

class CompilerWasmTest : public testing::Test {
 protected:
  void SetUp() override {
    auto compiler = LoadInterpretedCompiler(EmbeddedCompilerWasm(), Profile());
    ASSERT_TRUE(compiler.ok()) << compiler.status();
    compiler_ = *std::move(compiler);
  }

  const wasm::Module& module() const { return compiler_.program->module(); }

  SandboxedCompiler compiler_;
};

TEST_F(CompilerWasmTest, HasNoImportsAndNoStart) {
  EXPECT_EQ(module().imports.size, 0u);
  EXPECT_EQ(module().start, 0xFFFFFFFF);
}

TEST_F(CompilerWasmTest, IsSmall) {
  const size_t bytes = EmbeddedCompilerWasm().size();
  std::cout << "compiler.wasm: " << bytes << " bytes, SHA-256 "
            << compiler_.digest.Hex() << "\n";
  EXPECT_LT(bytes, kLargestCompiler);
}

TEST_F(CompilerWasmTest, ExportsWhatIsDocumented) {
  std::set<std::string> names;
  for (const wasm::Export& e :
       compiler_.program->View(module().exports)) {
    names.emplace(compiler_.program->Name(e.name));
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre(
                  wasm32::kExportMemory, wasm32::kExportAbiVersion,
                  wasm32::kExportInput, wasm32::kExportPlan,
                  wasm32::kExportQuote, wasm32::kExportCompileFunctions,
                  wasm32::kExportLinkInput, wasm32::kExportLink,
                  wasm32::kExportResult, wasm32::kExportRestore));
}

std::vector<uint64_t> GlobalsOf(CompilerInstance& instance,
                                const wasm::Module& module) {
  std::vector<uint64_t> values;
  for (uint32_t i = 0; i < module.globals.size; ++i) {
    values.push_back(instance.store().InstanceGlobal(instance.id(), i).bits);
  }
  return values;
}

TEST_F(CompilerWasmTest, GlobalsAreRestoredByEveryEntryPoint) {
  const std::vector<uint8_t> contract = SyntheticModule(3, 20);
  std::vector<uint8_t> profile(kProfileBytes);
  Encode(Profile(), profile);
  constexpr uint64_t kGas = uint64_t{1} << 40;
  const uint32_t pages = Profile().compiler_memory_pages;

  StepResult step;
  auto created = CompilerInstance::Create(compiler_, pages, kGas, &step);
  ASSERT_TRUE(created.ok()) << created.status();
  CompilerInstance& instance = **created;
  ASSERT_EQ(step.kind, StepResult::Kind::kDone);
  const std::vector<uint64_t> initial = GlobalsOf(instance, module());
  ASSERT_FALSE(initial.empty());  // the stack pointer

  const std::vector<uint8_t> digests(wasm32::kInputDigestBytes);
  auto placed = instance.Place(
      wasm32::kExportInput,
      {pages, static_cast<uint32_t>(contract.size()), kProfileBytes},
      {digests, profile, contract}, kGas);
  ASSERT_TRUE(placed.ok() && placed->kind == StepResult::Kind::kDone);
  EXPECT_EQ(GlobalsOf(instance, module()), initial);

  auto plan = instance.Run(wasm32::kExportPlan, {}, kGas);
  ASSERT_TRUE(plan.ok() && plan->kind == StepResult::Kind::kDone);
  EXPECT_EQ(GlobalsOf(instance, module()), initial);

  const CompilerInstance::Image image = instance.TakeImage();
  ASSERT_EQ(image.batches, 1u);
  auto other = CompilerInstance::Restore(compiler_, pages, image);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(GlobalsOf(**other, module()), initial);
  auto batch = (*other)->Run(wasm32::kExportCompileFunctions, {0}, kGas);
  ASSERT_TRUE(batch.ok() && batch->kind == StepResult::Kind::kDone);
  EXPECT_EQ(GlobalsOf(**other, module()), initial);
  const std::vector<uint8_t> piece = (*other)->TakeOutput(&*batch);

  std::vector<uint8_t> size(4);
  for (int i = 0; i < 4; ++i) {
    size[i] = static_cast<uint8_t>(piece.size() >> (8 * i));
  }
  placed = instance.Place(wasm32::kExportLinkInput,
                          {1, static_cast<uint32_t>(piece.size())},
                          {size, piece}, kGas);
  ASSERT_TRUE(placed.ok() && placed->kind == StepResult::Kind::kDone);
  EXPECT_EQ(GlobalsOf(instance, module()), initial);

  auto link = instance.Run(wasm32::kExportLink, {}, kGas);
  ASSERT_TRUE(link.ok() && link->kind == StepResult::Kind::kDone);
  EXPECT_EQ(GlobalsOf(instance, module()), initial);
}

// Tables cannot change at all: nothing in the module writes one, and nothing
// outside can reach one.
TEST_F(CompilerWasmTest, TablesAreNeitherExportedNorWritten) {
  for (const wasm::Export& e :
       compiler_.program->View(module().exports)) {
    EXPECT_NE(e.kind, wasm::ExternKind::kTable);
  }
  for (const wasm::ElementSegment& segment :
       compiler_.program->View(module().elements)) {
    EXPECT_EQ(segment.mode, wasm::SegmentMode::kActive);
  }
  const std::string text = RunCommand(
      "wasm-objdump -d compiler/wasm32/compiler_wasm.wasm | "
      "grep -cE 'table\\.(set|init|copy|fill|grow)|elem\\.drop'");
  EXPECT_EQ(text, "0\n");
}

TEST_F(CompilerWasmTest, StepsOutOfOrderTrap) {
  StepResult step;
  auto created = CompilerInstance::Create(compiler_, 1000, 1 << 30, &step);
  ASSERT_TRUE(created.ok()) << created.status();
  for (const char* name : {wasm32::kExportPlan, wasm32::kExportLink}) {
    const auto run = (*created)->Run(name, {}, 1 << 30);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_EQ(run->kind, StepResult::Kind::kDefect) << name;
    EXPECT_EQ(run->defect.trap, TrapCode::kUnreachable);
  }
  const auto batch =
      (*created)->Run(wasm32::kExportCompileFunctions, {0}, 1 << 30);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->kind, StepResult::Kind::kDefect);
}

}  // namespace
}  // namespace ingot::sandbox
