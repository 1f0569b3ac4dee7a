#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/digest.h"
#include "runtime/interpreter/interpreter.h"

// Kernels of the corpus that import nothing: result and final memory are those
// of another engine, V8 (node 20), from which this table was taken. Gas is the
// same each time.

namespace ingot::runtime {
namespace {

constexpr uint64_t kNothing = ~uint64_t{0};

struct Kernel {
  const char* file;
  const char* function;
  std::vector<uint64_t> args;
  uint64_t result;
  const char* memory;  // how the SHA-256 of memory 0 begins; "" without one
  TrapCode trap;
};

const Kernel kKernels[] = {
    {"wizard/100ms-bintree0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-br_if0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-br_if1.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-br_table0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-call_add0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-call_if0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-calls0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-calls1.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-calls2.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-calls3.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-fib.wasm",
     "main", {}, kNothing, "de2f256064a0af79", TrapCode::kNone},
    {"wizard/100ms-fib_tail.wasm",
     "main", {}, kNothing, "de2f256064a0af79", TrapCode::kNone},
    {"wizard/100ms-global0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-if_cascade4.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-if_cascade6.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-if_cascade8.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-loop0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-loop1.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-loop2.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-loop3.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-loop4.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-loop_global0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-loop_nop10.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-loop_nop100.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-loop_param0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-mem_find0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-memcpy_b32.wasm",
     "main", {}, kNothing, "de2f256064a0af79", TrapCode::kNone},
    {"wizard/100ms-memcpy_prim.wasm",
     "main", {}, kNothing, "fd12aa40fc1d5736", TrapCode::kNone},
    {"wizard/100ms-meminit0.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wizard/100ms-meminit1.wasm",
     "main", {}, kNothing, "", TrapCode::kNone},
    {"wasm3/fib32.wasm",
     "fib", {25}, 0x12511, "", TrapCode::kNone},
    {"wasm3/fib32_tail.wasm",
     "fib", {25}, 0x12511, "", TrapCode::kNone},
    {"wasm3/fib64.wasm",
     "fib", {25}, 0x12511, "", TrapCode::kNone},
    {"fizzy/blake2b.wasm",
     "blake2b_bench", {0, 1024, 4096}, 0xe5751c0,
     "7e2e2b6abb690201", TrapCode::kNone},
    {"fizzy/ecpairing.wasm",
     "ecpairing_empty", {}, kNothing, "fc3031acf794bf7c", TrapCode::kNone},
    {"fizzy/ecpairing.wasm",
     "ecpairing_onepoint", {}, kNothing, "d53e01e38da6939f", TrapCode::kNone},
    {"fizzy/factorial.wasm",
     "factorial", {20}, 0x21c3677c82b40000, "", TrapCode::kNone},
    {"fizzy/fibonacci.wasm",
     "fibonacci", {20}, 0x1a6d, "", TrapCode::kNone},
    {"fizzy/guido-fuzzer-find-1.wasm",
     "main", {0, 0, 0}, kNothing, "", TrapCode::kOutOfBoundsMemory},
    {"fizzy/icall_hash.wasm",
     "icall", {1000}, 0xc1423365, "51d7663c456396d2", TrapCode::kNone},
    {"fizzy/keccak256.wasm",
     "keccak256_bench", {0, 1024, 4096}, 0xc5d24601,
     "cb6bd471a276bc6e", TrapCode::kNone},
    {"fizzy/memset.wasm",
     "memset_bench", {1024, 60000}, 0x0, "fa43239bcee7b97c", TrapCode::kNone},
    {"fizzy/mul256_opt0.wasm",
     "mul256", {0, 64, 128}, kNothing, "03b2c062b834da27", TrapCode::kNone},
    {"fizzy/ramanujan_pi.wasm",
     "ramanujan_pi", {33}, 0x6f9c9e6576434c,
     "79b6be62a4b48e19", TrapCode::kNone},
    {"fizzy/sha1.wasm",
     "sha1_bench", {0, 1024, 4096}, 0xda39a3ee,
     "4774ac25aba227bd", TrapCode::kNone},
    {"fizzy/sha256.wasm",
     "sha256_bench", {0, 1024, 4096}, 0xe3b0c442,
     "ac173447c8d56922", TrapCode::kNone},
    {"fizzy/spinner.wasm",
     "spinner", {10000}, kNothing, "e3b0c44298fc1c14", TrapCode::kNone},
    {"fizzy/taylor_pi.wasm",
     "taylor_pi", {10000}, 0x6f9bc380000000,
     "fa43239bcee7b97c", TrapCode::kNone},
};

class KernelsTest : public testing::TestWithParam<Kernel> {};

struct Ending {
  Outcome outcome;
  std::string memory;
};

Ending RunKernel(const std::shared_ptr<const Program>& program,
                 const Kernel& kernel) {
  const auto store = NewInterpreter();
  Transaction transaction({});
  const uint64_t gas = uint64_t{1} << 62;
  const auto made = store->Instantiate(program, {}, transaction, gas);
  EXPECT_EQ(made->outcome.kind, OutcomeKind::kReturned);
  const Extern function =
      store->FindExport(made->instance, kernel.function).value();
  std::vector<Value> args;
  for (wasm::ValType type : store->FunctionSignature(function).params) {
    args.push_back({type, kernel.args[args.size()]});
  }
  Ending ending;
  ending.outcome = *store->Call(function, args, transaction, gas);
  const std::span<uint8_t> memory = store->InstanceMemory(made->instance);
  ending.memory = Sha256(memory).Hex().substr(0, 16);
  return ending;
}

TEST_P(KernelsTest, EndsLikeV8) {
  const Kernel& kernel = GetParam();
  const char* corpus = std::getenv("INGOT_CORPUS");
  const std::string path =
      std::string(corpus == nullptr ? "../shared/corpus" : corpus) +
      "/bench/" + kernel.file;
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "the corpus is absent: no " << path
                 << " (set INGOT_CORPUS)";
  }
  std::ifstream in(path, std::ios::binary);
  std::vector<uint8_t> bytes(std::istreambuf_iterator<char>(in), {});
  const Profile profile;
  Status rejection;
  const auto program =
      Program::FromModule(std::move(bytes), profile, &rejection);
  ASSERT_TRUE(program.ok() && rejection.ok());
  const Ending ending = RunKernel(*program, kernel);
  EXPECT_EQ(ending.outcome.trap, kernel.trap);
  if (kernel.result != kNothing) {
    ASSERT_EQ(ending.outcome.results.size(), 1u);
    EXPECT_EQ(ending.outcome.results[0].bits, kernel.result);
  }
  if (kernel.memory[0] != 0) EXPECT_EQ(ending.memory, kernel.memory);
  if (ending.outcome.gas_used < 10'000'000) {
    EXPECT_EQ(RunKernel(*program, kernel).outcome.gas_used,
              ending.outcome.gas_used);
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, KernelsTest, testing::ValuesIn(kKernels));

}  // namespace
}  // namespace ingot::runtime
