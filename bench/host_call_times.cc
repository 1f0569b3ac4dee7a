// What a host callback costs through the C interface and without it. In: the
// path of host_call.wasm (//bench:host_call_wasm). Out: nanoseconds of thread
// time per call of the host, the least of several rounds, taken in turns in one
// run, and their ratio.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "bench/stopwatch.h"
#include "chain_integration/c/ingot.h"
#include "runtime/native/native_program.h"
#include "runtime/native/native_store.h"
#include "runtime/transaction.h"

namespace ingot::bench {
namespace {

using runtime::Value;
using wasm::ValType;

constexpr uint32_t kCalls = 200'000;
constexpr int kRounds = 15;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "host_call_times: %s\n", what);
  std::exit(1);
}

int32_t Next(void*, ingot_caller*, const ingot_value* args, size_t,
             ingot_value* results, size_t) {
  results[0].bits = args[0].bits + 1;
  return INGOT_HOST_OK;
}

// By the C interface.
class ByC {
 public:
  ByC(ingot_engine* engine, ingot_program* program) {
    const uint8_t i32 = INGOT_I32;
    ingot_instance instance = 0;
    outcome_.size = sizeof outcome_;
    if (ingot_store_new(engine, &store_, nullptr) != INGOT_OK ||
        ingot_store_define(store_, "host", "next", &i32, 1, &i32, 1, Next,
                           nullptr, nullptr, nullptr) != INGOT_OK ||
        ingot_transaction_new(nullptr, &transaction_, nullptr) != INGOT_OK ||
        ingot_instantiate(store_, program, transaction_, INGOT_GAS_MAX,
                          &instance, &outcome_, nullptr) != INGOT_OK ||
        ingot_find_function(store_, instance, "run", &run_, nullptr) !=
            INGOT_OK) {
      Fail("no instance by the C interface");
    }
  }
  ~ByC() {
    ingot_transaction_free(transaction_);
    ingot_store_free(store_);
  }

  void Run() {
    const ingot_value calls = {INGOT_I32, {}, kCalls};
    ingot_value result = {};
    if (ingot_call(store_, run_, &calls, 1, &result, 1, transaction_,
                   INGOT_GAS_MAX, &outcome_, nullptr) != INGOT_OK ||
        result.bits != kCalls) {
      Fail("a call by the C interface");
    }
  }

 private:
  ingot_store* store_ = nullptr;
  ingot_transaction* transaction_ = nullptr;
  ingot_function run_ = 0;
  ingot_outcome outcome_ = {};
};

// By the C++ interface.
class ByCpp {
 public:
  explicit ByCpp(std::shared_ptr<const runtime::NativeProgram> program) {
    const runtime::Extern next = store_.AddPlainHostFunction(
        {{ValType::kI32}, {ValType::kI32}},
        [](void*, runtime::Caller&, uint64_t* values) {
          ++values[0];
          return true;
        },
        nullptr);
    auto made = store_.Instantiate(program, {&next, 1}, transaction_,
                                   INGOT_GAS_MAX);
    if (!made.ok()) Fail("no instance by the C++ interface");
    run_ = store_.FindExport(made->instance, "run").value();
  }

  void Run() {
    const Value calls = {ValType::kI32, kCalls};
    const auto outcome =
        store_.Call(run_, {&calls, 1}, transaction_, INGOT_GAS_MAX);
    if (!outcome.ok() || outcome->results[0].bits != kCalls) {
      Fail("a call by the C++ interface");
    }
  }

 private:
  runtime::NativeStore store_;
  runtime::Transaction transaction_{runtime::Transaction::Budget{}};
  runtime::Extern run_;
};

template <typename By>
void Measure(By& by, Least* least) {
  const Stopwatch watch(Clock::kThread);
  by.Run();
  least->Add(watch.Microseconds() * 1000 / kCalls);
}

void Main(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string module(std::istreambuf_iterator<char>(file), {});
  const auto* bytes = reinterpret_cast<const uint8_t*>(module.data());
  ingot_engine* engine = nullptr;
  ingot_compilation* compilation = nullptr;
  ingot_program* program = nullptr;
  if (ingot_engine_new(nullptr, &engine, nullptr) != INGOT_OK ||
      ingot_compile(engine, bytes, module.size(), INGOT_GAS_MAX, &compilation,
                    nullptr) != INGOT_OK) {
    Fail("no verdict");
  }
  size_t size = 0;
  const uint8_t* artifact = ingot_compilation_artifact(compilation, &size);
  auto loaded = runtime::NativeProgram::Load({artifact, size}, {});
  if (!loaded.ok() ||
      ingot_program_load(engine, artifact, size, bytes, module.size(),
                         &program, nullptr) != INGOT_OK) {
    Fail("no program");
  }
  {
    ByC by_c(engine, program);
    ByCpp by_cpp(*loaded);
    Least c;
    Least cpp;
    for (int i = 0; i < kRounds; ++i) {
      Measure(by_c, &c);
      Measure(by_cpp, &cpp);
    }
    std::printf("a host callback: C++ %.1f ns, C %.1f ns, ratio %.2f\n",
                cpp.value(), c.value(), c.value() / cpp.value());
  }
  ingot_program_free(program);
  ingot_compilation_free(compilation);
  ingot_engine_free(engine);
}

}  // namespace
}  // namespace ingot::bench

int main(int argc, char** argv) {
  if (argc != 2) ingot::bench::Fail("usage: host_call_times host_call.wasm");
  ingot::bench::Main(argv[1]);
  return 0;
}
