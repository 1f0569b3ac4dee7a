// Promise P3 over the corpus. For each module: every export is called with a
// few arguments under both engines, host functions answering by a fixed rule,
// and all that can be seen is compared. Then the same calls again, in fresh
// instances, with gas limits at the interpreter's observation points, one below
// them and at points between, and with stack budgets from nothing upwards: the
// engines must end at the same place.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fuzz/engines/pair_store.h"
#include "gtest/gtest.h"

namespace ingot::fuzz {
namespace {

using runtime::Caller;
using runtime::Extern;
using runtime::HostResult;
using runtime::Outcome;
using runtime::Signature;
using runtime::Store;
using runtime::Transaction;
using runtime::Value;
using wasm::ExternKind;

constexpr uint64_t kInstantiationGas = 2'000'000'000;
constexpr uint64_t kCallGas = 400'000;
constexpr size_t kExports = 24;  // of a module
constexpr size_t kReplays = 9;   // limits of a call
constexpr size_t kReplayed = 6;  // calls of a module
constexpr uint64_t kLargestModule = 3 << 20;

// A larger limit, for runs to the end by hand: INGOT_CALL_GAS.
uint64_t CallGas() {
  const char* given = std::getenv("INGOT_CALL_GAS");
  return given == nullptr ? kCallGas : std::strtoull(given, nullptr, 10);
}

// A fixed sequence; not random, only varied.
class Sequence {
 public:
  explicit Sequence(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 20;
  }

 private:
  uint64_t state_;
};

// Arguments that often mean something: small numbers, addresses, all bits.
Value Argument(wasm::ValType type, uint64_t choice) {
  constexpr uint64_t kBits[] = {0, 1, 2, 7, 64, 1024, 65536, ~uint64_t{0}};
  if (wasm::IsRef(type)) return {type, 0};
  uint64_t bits = kBits[choice % std::size(kBits)];
  if (type == wasm::ValType::kI32 || type == wasm::ValType::kF32) {
    bits = static_cast<uint32_t>(bits);
  }
  return {type, bits};
}

class ModuleRun {
 public:
  ModuleRun(std::shared_ptr<const PairProgram> program, std::string name,
            uint32_t* differences)
      : program_(std::move(program)), name_(name), differences_(differences) {}

  // A fresh store with one instance; false when it did not come to be.
  bool Start(uint64_t gas_limit) {
    sums_.clear();
    store_ = NewPairStore(
        [this](const std::string& difference) {
          if (++*differences_ <= 8) {
            ADD_FAILURE() << name_ << ": " << where_ << ": " << difference;
          }
        },
        [this](uint64_t used) { sums_.push_back(used); });
    transaction_ = std::make_unique<Transaction>(
        Transaction::Budget{.stack_units = stack_units_});
    where_ = "instantiation";
    const auto made = store_->Instantiate(program_, Imports(), *transaction_,
                                          gas_limit);
    if (!made.ok()) {
      why_ = made.status().ToString();
      return false;
    }
    instance_ = made->instance;
    return instance_ != runtime::kNoInstance;
  }

  void SetStackUnits(uint64_t units) { stack_units_ = units; }
  const std::string& why() const { return why_; }
  const std::vector<uint64_t>& sums() const { return sums_; }

  // Calls an export with arguments of number `choice`.
  std::optional<Outcome> Call(std::string_view name, uint64_t choice,
                              uint64_t gas_limit) {
    const auto function = store_->FindExport(instance_, name);
    if (!function.has_value()) return std::nullopt;
    where_ = absl::StrCat(std::string(name), "(", choice, ") at ", gas_limit);
    sums_.clear();
    std::vector<Value> args;
    Sequence sequence(choice);
    for (wasm::ValType type : store_->FunctionSignature(*function).params) {
      args.push_back(Argument(type, choice == 0 ? 0 : sequence.Next()));
    }
    const auto outcome =
        store_->Call(*function, args, *transaction_, gas_limit);
    if (!outcome.ok()) return std::nullopt;
    return *outcome;
  }

 private:
  std::vector<Extern> Imports() {
    std::vector<Extern> imports;
    const wasm::Module& module = program_->module();
    const Arena& arena = program_->arena();
    for (const wasm::Import& import : program_->View(module.imports)) {
      switch (import.kind) {
        case ExternKind::kFunc:
          imports.push_back(HostFunction(import));
          break;
        case ExternKind::kTable:
          imports.push_back(
              *store_->AddTable(arena.Get(module.tables, import.index)));
          break;
        case ExternKind::kMemory:
          imports.push_back(
              *store_->AddMemory(arena.Get(module.memories, import.index)));
          break;
        case ExternKind::kGlobal: {
          const wasm::GlobalType type =
              arena.Get(module.globals, import.index).type;
          imports.push_back(store_->AddGlobal(type, Argument(type.type, 6)));
          break;
        }
      }
    }
    return imports;
  }

  // Charges, writes a byte, answers from its arguments: alike in both engines,
  // since it remembers nothing.
  Extern HostFunction(const wasm::Import& import) {
    const wasm::Module& module = program_->module();
    const wasm::FuncType& type = program_->arena().Get(
        module.types, program_->arena().Get(module.functions, import.index));
    const auto pool = program_->View(module.type_pool);
    const auto params = pool.subspan(type.pool_offset, type.params);
    const auto results =
        pool.subspan(type.pool_offset + type.params, type.results);
    return store_->AddHostFunction(
        {{params.begin(), params.end()}, {results.begin(), results.end()}},
        [](Caller& caller, std::span<const Value> args,
           std::span<Value> values) {
          if (!caller.ChargeGas(100)) return HostResult::OutOfGas();
          uint64_t sum = caller.GasLeft() & 1;
          for (const Value& arg : args) sum += arg.bits;
          if (sum % 11 == 7) return HostResult::Revert(sum, "host");
          if (sum % 13 == 7) return HostResult::Trap(TrapCode::kUnreachable);
          if (const auto range = caller.MemoryRange(sum % 4096, 1)) {
            (*range)[0] ^= static_cast<uint8_t>(sum);
          }
          for (Value& value : values) {
            if (!wasm::IsRef(value.type)) {
              value.bits = Argument(value.type, sum).bits;
            }
          }
          return HostResult::Ok();
        });
  }

  std::shared_ptr<const PairProgram> program_;
  std::string name_;
  uint32_t* differences_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Transaction> transaction_;
  uint64_t stack_units_ = 1 << 20;
  runtime::InstanceId instance_ = runtime::kNoInstance;
  std::string where_;
  std::string why_;
  std::vector<uint64_t> sums_;
};

std::vector<std::string> ExportedFunctions(const PairProgram& program) {
  std::vector<std::string> names;
  for (const wasm::Export& entry : program.View(program.module().exports)) {
    if (entry.kind == ExternKind::kFunc && names.size() < kExports) {
      names.emplace_back(program.Name(entry.name));
    }
  }
  return names;
}

// Limits at which a replay is worth it: observation points and one below, and
// points between.
std::vector<uint64_t> ReplayLimits(const std::vector<uint64_t>& sums,
                                   uint64_t used, uint64_t seed) {
  std::vector<uint64_t> limits;
  Sequence sequence(seed);
  for (size_t i = 0; i < kReplays; ++i) {
    const uint64_t pick = sequence.Next();
    if (i % 3 == 2 || sums.empty()) {
      limits.push_back(used == 0 ? 0 : pick % used);
    } else {
      const uint64_t sum = sums[pick % sums.size()];
      limits.push_back(i % 3 == 0 || sum == 0 ? sum : sum - 1);
    }
  }
  return limits;
}

struct Totals {
  uint32_t modules = 0;
  uint32_t refused = 0;
  uint32_t calls = 0;
  uint32_t replays = 0;
  uint32_t differences = 0;
  uint32_t ends[4] = {};  // by OutcomeKind
};

void RunModule(const std::shared_ptr<const PairProgram>& program,
               const std::string& name, Totals& totals) {
  ModuleRun run(program, name, &totals.differences);
  if (!run.Start(kInstantiationGas)) {
    std::printf("  %s: not instantiated %s\n", name.c_str(),
                run.why().c_str());
    return;
  }
  struct Done {
    std::string function;
    uint64_t choice;
    uint64_t gas_used;
    std::vector<uint64_t> sums;
  };
  std::vector<Done> done;
  for (const std::string& function : ExportedFunctions(*program)) {
    for (const uint64_t choice : {0, 1, 2}) {
      // Each in an instance of its own, so that a replay meets the same state.
      if (!run.Start(kInstantiationGas)) break;
      const auto outcome = run.Call(function, choice, CallGas());
      if (!outcome.has_value()) continue;
      ++totals.calls;
      ++totals.ends[static_cast<uint8_t>(outcome->kind)];
      if (done.size() < kReplayed) {
        done.push_back({function, choice, outcome->gas_used, run.sums()});
      }
    }
  }
  for (const Done& call : done) {
    for (const uint64_t limit :
         ReplayLimits(call.sums, call.gas_used, call.gas_used + 1)) {
      if (!run.Start(kInstantiationGas)) break;
      (void)run.Call(call.function, call.choice, limit);
      ++totals.replays;
    }
    for (const uint64_t units : {0, 96, 144, 304, 1024}) {
      run.SetStackUnits(units);
      if (run.Start(kInstantiationGas)) {
        (void)run.Call(call.function, call.choice, kCallGas);
        ++totals.replays;
      }
    }
    run.SetStackUnits(1 << 20);
  }
}

TEST(CorpusPairTest, EnginesAgreeOnEveryModule) {
  const char* corpus = std::getenv("INGOT_CORPUS");
  const std::string root = corpus == nullptr ? "../shared/corpus" : corpus;
  if (!std::filesystem::is_directory(root)) {
    GTEST_SKIP() << "the corpus is absent: no " << root
                 << " (set INGOT_CORPUS)";
  }
  std::vector<std::string> files;
  for (const char* folder : {"/bench", "/contracts", "/real"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(root + folder)) {
      if (entry.path().extension() == ".wasm" &&
          entry.file_size() <= kLargestModule) {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  const char* only = std::getenv("INGOT_MODULE");
  Totals totals;
  for (const std::string& file : files) {
    const std::string name = file.substr(root.size() + 1);
    if (only != nullptr && name.find(only) == std::string::npos) continue;
    std::ifstream in(file, std::ios::binary);
    std::vector<uint8_t> bytes(std::istreambuf_iterator<char>(in), {});
    Status rejection;
    const auto program =
        PairProgram::Load(std::move(bytes), Profile{}, &rejection);
    if (!program.ok()) {
      ADD_FAILURE() << name << ": " << program.status();
      continue;
    }
    if (*program == nullptr) {
      ++totals.refused;
      continue;
    }
    ++totals.modules;
    const uint32_t calls = totals.calls;
    const uint32_t replays = totals.replays;
    const uint32_t differences = totals.differences;
    RunModule(*program, name, totals);
    std::printf("%-52s %4u calls %4u replays %4u differences\n", name.c_str(),
                totals.calls - calls, totals.replays - replays,
                totals.differences - differences);
    std::fflush(stdout);
  }
  std::printf(
      "%u modules (%u refused), %u calls (%u returned, %u trapped, %u "
      "reverted, %u out of gas), %u replays, %u differences\n",
      totals.modules, totals.refused, totals.calls, totals.ends[0],
      totals.ends[1], totals.ends[2], totals.ends[3], totals.replays,
      totals.differences);
  EXPECT_EQ(totals.differences, 0u);
  if (only == nullptr) {
    EXPECT_GT(totals.modules, 150u);
  }
}

}  // namespace
}  // namespace ingot::fuzz
