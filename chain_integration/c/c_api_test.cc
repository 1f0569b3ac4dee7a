// The C interface from C++: what it refuses, what it reports, who may do what,
// and what never happens (an exception across it, gas taken twice, a cancel
// that is lost). On both executors where it makes a difference.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "chain_integration/c/ingot.h"

namespace {

constexpr char kFolder[] = "chain_integration/c/";

std::vector<uint8_t> ReadFile(const std::string& name) {
  std::ifstream file(kFolder + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A structure with its size set.
template <typename T>
T Sized() {
  T empty = {};
  empty.size = sizeof empty;
  return empty;
}

// What a fault left: its status, word and message.
struct Fault {
  ingot_status status = INGOT_OK;
  std::string name;
  std::string message;
};

template <typename Call>
Fault FaultOf(Call call) {
  ingot_error* error = nullptr;
  Fault fault;
  fault.status = call(&error);
  fault.name = ingot_error_name(error);
  fault.message = ingot_error_message(error);
  EXPECT_EQ(error == nullptr, fault.status == INGOT_OK);
  ingot_error_free(error);
  return fault;
}

using Host = std::function<int32_t(ingot_caller*, const ingot_value*,
                                   ingot_value*)>;

int32_t CallHost(void* data, ingot_caller* caller, const ingot_value* args,
                 size_t, ingot_value* results, size_t) {
  return (*static_cast<Host*>(data))(caller, args, results);
}

// sample.wasm on one executor; what its import host.half does is set by each
// test.
class CApiTest : public testing::TestWithParam<uint32_t> {
 protected:
  CApiTest() : module_(ReadFile("sample.wasm")) {
    auto options = Sized<ingot_engine_options>();
    options.executor = GetParam();
    EXPECT_EQ(ingot_engine_new(&options, &engine_, nullptr), INGOT_OK);
    EXPECT_EQ(ingot_compile(engine_, module_.data(), module_.size(),
                            INGOT_GAS_MAX, &compilation_, nullptr),
              INGOT_OK);
    artifact_ = ingot_compilation_artifact(compilation_, &artifact_size_);
    EXPECT_EQ(Load(artifact_, artifact_size_).status, INGOT_OK);
    EXPECT_EQ(ingot_transaction_new(nullptr, &transaction_, nullptr),
              INGOT_OK);
    store_ = MakeStore();
    instance_ = Instantiate(store_);
  }
  ~CApiTest() override {
    ingot_store_free(store_);
    ingot_transaction_free(transaction_);
    ingot_program_free(program_);
    ingot_compilation_free(compilation_);
    ingot_engine_free(engine_);
  }

  Fault Load(const uint8_t* artifact, size_t size) {
    ingot_program_free(program_);
    program_ = nullptr;
    return FaultOf([&](ingot_error** error) {
      return ingot_program_load(engine_, artifact, size, module_.data(),
                                module_.size(), &program_, error);
    });
  }

  ingot_store* MakeStore() {
    ingot_store* store = nullptr;
    EXPECT_EQ(ingot_store_new(engine_, &store, nullptr), INGOT_OK);
    const uint8_t i64 = INGOT_I64;
    const uint8_t two[] = {INGOT_I32, INGOT_I32};
    EXPECT_EQ(ingot_store_define(store, "host", "half", &i64, 1, &i64, 1,
                                 CallHost, &half_, nullptr, nullptr),
              INGOT_OK);
    EXPECT_EQ(ingot_store_define(store, "host", "log", two, 2, nullptr, 0,
                                 CallHost, &log_, nullptr, nullptr),
              INGOT_OK);
    return store;
  }

  ingot_instance Instantiate(ingot_store* store) {
    ingot_instance instance = INGOT_NO_INSTANCE;
    EXPECT_EQ(ingot_instantiate(store, program_, transaction_, INGOT_GAS_MAX,
                                &instance, &outcome_, nullptr),
              INGOT_OK);
    return instance;
  }

  ingot_function Function(const char* name) {
    ingot_function function = 0;
    EXPECT_EQ(ingot_find_function(store_, instance_, name, &function, nullptr),
              INGOT_OK);
    return function;
  }

  Fault Run(uint64_t gas_limit = INGOT_GAS_MAX) {
    const ingot_value arg = {INGOT_I64, {}, 10};
    return FaultOf([&](ingot_error** error) {
      return ingot_call(store_, Function("run"), &arg, 1, &result_, 1,
                        transaction_, gas_limit, &outcome_, error);
    });
  }

  Host half_ = [](ingot_caller*, const ingot_value* args,
                  ingot_value* results) {
    results[0].bits = args[0].bits / 2;
    return INGOT_HOST_OK;
  };
  Host log_ = [](ingot_caller*, const ingot_value*, ingot_value*) {
    return INGOT_HOST_OK;
  };
  const std::vector<uint8_t> module_;
  ingot_engine* engine_ = nullptr;
  ingot_compilation* compilation_ = nullptr;
  const uint8_t* artifact_ = nullptr;
  size_t artifact_size_ = 0;
  ingot_program* program_ = nullptr;
  ingot_transaction* transaction_ = nullptr;
  ingot_store* store_ = nullptr;
  ingot_instance instance_ = INGOT_NO_INSTANCE;
  ingot_value result_ = {};
  ingot_outcome outcome_ = Sized<ingot_outcome>();
};

INSTANTIATE_TEST_SUITE_P(Executors, CApiTest,
                         testing::Values(INGOT_NATIVE, INGOT_INTERPRETER),
                         [](const auto& info) {
                           return info.param == INGOT_NATIVE ? "Native"
                                                             : "Interpreter";
                         });

TEST_P(CApiTest, CallsAndReportsExactGas) {
  ASSERT_EQ(Run().status, INGOT_OK);
  EXPECT_EQ(outcome_.kind, uint32_t{INGOT_RETURNED});
  EXPECT_EQ(result_.type, INGOT_I64);
  EXPECT_EQ(result_.bits, 6u);
  const uint64_t gas = outcome_.gas_used;
  ASSERT_EQ(Run(gas).status, INGOT_OK);
  EXPECT_EQ(outcome_.kind, uint32_t{INGOT_RETURNED});
  ASSERT_EQ(Run(gas - 1).status, INGOT_OK);
  EXPECT_EQ(outcome_.kind, uint32_t{INGOT_OUT_OF_GAS});
  EXPECT_EQ(outcome_.gas_used, gas - 1);
}

TEST_P(CApiTest, LocatesATrap) {
  const ingot_value args[] = {{INGOT_I32, {}, 1}, {INGOT_I32, {}, 0}};
  ASSERT_EQ(ingot_call(store_, Function("divide"), args, 2, &result_, 1,
                       transaction_, 1000, &outcome_, nullptr),
            INGOT_OK);
  EXPECT_EQ(outcome_.kind, uint32_t{INGOT_TRAPPED});
  EXPECT_STREQ(ingot_trap_name(outcome_.trap), "integer_divide_by_zero");
  ASSERT_EQ(outcome_.frame_count, 1u);
  EXPECT_EQ(outcome_.frames[0].offset, outcome_.offset);
  EXPECT_EQ(outcome_.function, 3u);
}

TEST_P(CApiTest, UserErrorIsSeenByTheContract) {
  half_ = [](ingot_caller* caller, const ingot_value*, ingot_value*) {
    ingot_caller_set_error(caller, 99, nullptr, 0);
    return INGOT_HOST_USER_ERROR;
  };
  ASSERT_EQ(Run().status, INGOT_OK);
  EXPECT_EQ(outcome_.kind, uint32_t{INGOT_RETURNED});
  EXPECT_EQ(result_.bits, 100u);
  // host.log has no result that could show it.
  log_ = [](ingot_caller* caller, const ingot_value*, ingot_value*) {
    ingot_caller_set_error(caller, 5, "no log", 6);
    return INGOT_HOST_USER_ERROR;
  };
  ASSERT_EQ(Run().status, INGOT_OK);
  EXPECT_EQ(outcome_.kind, uint32_t{INGOT_REVERTED});
  EXPECT_EQ(outcome_.revert_code, 5u);
  EXPECT_EQ(std::string(outcome_.revert_message, outcome_.revert_message_size),
            "no log");
}

TEST_P(CApiTest, MemoryIsReachedWithinBoundsOnly) {
  half_ = [](ingot_caller* caller, const ingot_value*, ingot_value* results) {
    const uint64_t size = ingot_caller_memory_size(caller);
    EXPECT_EQ(size, 65536u);
    char text[6] = {};
    EXPECT_EQ(ingot_caller_read(caller, 16, text, 5), INGOT_OK);
    EXPECT_STREQ(text, "hello");
    EXPECT_EQ(ingot_caller_write(caller, size - 5, text, 5), INGOT_OK);
    EXPECT_EQ(ingot_caller_write(caller, size - 4, text, 5),
              INGOT_OUT_OF_RANGE);
    EXPECT_EQ(ingot_caller_read(caller, ~uint64_t{0} - 1, text, 5),
              INGOT_OUT_OF_RANGE);
    EXPECT_EQ(ingot_caller_read(caller, size, nullptr, 0), INGOT_OK);
    EXPECT_EQ(ingot_caller_read(caller, size + 1, nullptr, 0),
              INGOT_OUT_OF_RANGE);
    EXPECT_EQ(ingot_caller_copy(caller, 18, 16, 5), INGOT_OK);
    EXPECT_EQ(ingot_caller_copy(caller, 0, size - 2, 3), INGOT_OUT_OF_RANGE);
    EXPECT_EQ(ingot_caller_copy(caller, size - 2, 0, 3), INGOT_OUT_OF_RANGE);
    results[0].bits = 0;
    return INGOT_HOST_OK;
  };
  ASSERT_EQ(Run().status, INGOT_OK);
  char text[8] = {};
  EXPECT_EQ(ingot_memory_read(store_, instance_, 16, text, 7), INGOT_OK);
  EXPECT_STREQ(text, "hehello");
  EXPECT_EQ(ingot_memory_read(store_, instance_, 65530, text, 7),
            INGOT_OUT_OF_RANGE);
  EXPECT_EQ(ingot_memory_read(store_, instance_ + 1, 0, text, 1),
            INGOT_INVALID_ARGUMENT);
}

TEST_P(CApiTest, ExceptionsEndTheCallAsAFault) {
  half_ = [](ingot_caller*, const ingot_value*, ingot_value*) -> int32_t {
    throw std::runtime_error("oops");
  };
  EXPECT_EQ(Run().status, INGOT_INTERNAL);
  half_ = [](ingot_caller*, const ingot_value*, ingot_value*) { return 77; };
  const Fault unknown = Run();
  EXPECT_EQ(unknown.status, INGOT_INTERNAL);
  EXPECT_EQ(unknown.message, "a callback answered 77, which is nothing");
  half_ = [](ingot_caller* caller, const ingot_value*, ingot_value*) {
    ingot_caller_set_error(caller, 0, "the disk", 8);
    return INGOT_HOST_FAULT;
  };
  EXPECT_EQ(Run().message, "the disk");
}

TEST_P(CApiTest, NestedCallTakesItsGasOnceAndKeepsToTheLimit) {
  int level = 0;
  uint64_t inner = 0;
  uint64_t before = 0;
  uint64_t after = 0;
  half_ = [&](ingot_caller* caller, const ingot_value*, ingot_value* results) {
    results[0].bits = 1;
    if (++level == 2) return INGOT_HOST_OK;
    const ingot_value arg = {INGOT_I64, {}, 1};
    ingot_value result = {};
    auto outcome = Sized<ingot_outcome>();
    before = ingot_caller_gas_left(caller);
    EXPECT_EQ(ingot_caller_call(caller, ingot_caller_store(caller),
                                Function("run"), &arg, 1, &result, 1,
                                INGOT_GAS_MAX, &outcome, nullptr),
              INGOT_OK);
    EXPECT_EQ(outcome.gas_limit, before);
    EXPECT_EQ(result.bits, 2u);
    inner = outcome.gas_used;
    after = ingot_caller_gas_left(caller);
    return INGOT_HOST_OK;
  };
  ASSERT_EQ(Run(100'000).status, INGOT_OK);
  EXPECT_EQ(before - after, inner);
  EXPECT_EQ(outcome_.gas_used, 2 * inner);

  // Another store's instance, out of its gas: the parent goes on.
  ingot_store* other = MakeStore();
  const ingot_instance instance = Instantiate(other);
  ingot_function spin = 0;
  EXPECT_EQ(ingot_find_function(other, instance, "spin", &spin, nullptr),
            INGOT_OK);
  half_ = [&](ingot_caller* caller, const ingot_value*, ingot_value* results) {
    auto outcome = Sized<ingot_outcome>();
    before = ingot_caller_gas_left(caller);
    EXPECT_EQ(ingot_caller_call(caller, other, spin, nullptr, 0, nullptr, 0,
                                500, &outcome, nullptr),
              INGOT_OK);
    EXPECT_EQ(outcome.kind, uint32_t{INGOT_OUT_OF_GAS});
    EXPECT_EQ(before - ingot_caller_gas_left(caller), 500u);
    results[0].bits = 0;
    return INGOT_HOST_OK;
  };
  ASSERT_EQ(Run(100'000).status, INGOT_OK);
  EXPECT_EQ(outcome_.kind, uint32_t{INGOT_RETURNED});
  ingot_store_free(other);
}

TEST_P(CApiTest, CancelEndsALoopAPendingCallbackAndANestedCall) {
  std::atomic<bool> inside{false};
  const auto cancelled = [&](const std::function<ingot_status()>& call) {
    inside = false;
    std::thread other([&] {
      while (!inside) std::this_thread::yield();
      ingot_transaction_cancel(transaction_);
    });
    const ingot_status status = call();
    other.join();
    ingot_transaction_reset(transaction_);
    return status;
  };
  const auto spin = [&] {
    inside = true;
    return ingot_call(store_, Function("spin"), nullptr, 0, nullptr, 0,
                      transaction_, INGOT_GAS_MAX, &outcome_, nullptr);
  };
  EXPECT_EQ(cancelled(spin), INGOT_CANCELLED);
  half_ = [&](ingot_caller* caller, const ingot_value*, ingot_value*) {
    inside = true;
    while (ingot_caller_cancelled(caller) == 0) std::this_thread::yield();
    return INGOT_HOST_FAULT;
  };
  EXPECT_EQ(cancelled([&] { return Run().status; }), INGOT_INTERNAL);
  half_ = [&](ingot_caller* caller, const ingot_value*, ingot_value*) {
    inside = true;
    auto outcome = Sized<ingot_outcome>();
    EXPECT_EQ(ingot_caller_call(caller, store_, Function("spin"), nullptr, 0,
                                nullptr, 0, INGOT_GAS_MAX, &outcome, nullptr),
              INGOT_CANCELLED);
    return INGOT_HOST_FAULT;  // which passes it on
  };
  EXPECT_EQ(cancelled([&] { return Run().status; }), INGOT_CANCELLED);
  half_ = [](ingot_caller*, const ingot_value*, ingot_value* results) {
    results[0].bits = 1;
    return INGOT_HOST_OK;
  };
  EXPECT_EQ(Run().status, INGOT_OK);
}

TEST_P(CApiTest, AStoreIsOneThreadsAtATime) {
  ingot_status status = INGOT_OK;
  half_ = [&](ingot_caller*, const ingot_value*, ingot_value*) {
    std::thread([&] {
      ingot_function function = 0;
      status =
          ingot_find_function(store_, instance_, "run", &function, nullptr);
    }).join();
    return INGOT_HOST_OK;
  };
  EXPECT_EQ(Run().status, INGOT_OK);
  EXPECT_EQ(status, INGOT_FAILED_PRECONDITION);
  std::thread([&] { EXPECT_EQ(Run().status, INGOT_OK); }).join();
}

TEST_P(CApiTest, MisuseIsNamed) {
  EXPECT_EQ(FaultOf([&](ingot_error** error) {
              ingot_function function = 0;
              return ingot_find_function(store_, instance_, "nothing",
                                         &function, error);
            }).message,
            "no function is exported as \"nothing\"");
  EXPECT_EQ(FaultOf([&](ingot_error** error) {
              return ingot_call(store_, Function("run"), nullptr, 0, &result_,
                                1, transaction_, 1, &outcome_, error);
            }).message,
            "the function takes 1 arguments, 0 were given");
  EXPECT_EQ(FaultOf([&](ingot_error** error) {
              const ingot_value arg = {INGOT_I64, {}, 10};
              return ingot_call(store_, Function("run"), &arg, 1, nullptr, 0,
                                transaction_, 1, &outcome_, error);
            }).message,
            "the function has 1 results, there is room for 0");
  outcome_.size = 0;
  EXPECT_EQ(Run().status, INGOT_INVALID_ARGUMENT);
  outcome_.size = sizeof outcome_;
  ingot_store* empty = nullptr;
  EXPECT_EQ(ingot_store_new(engine_, &empty, nullptr), INGOT_OK);
  ingot_instance instance = 0;
  const Fault missing = FaultOf([&](ingot_error** error) {
    return ingot_instantiate(empty, program_, transaction_, 1000, &instance,
                             &outcome_, error);
  });
  EXPECT_EQ(missing.status, INGOT_NOT_FOUND);
  EXPECT_EQ(missing.message, "nobody defined the import \"host\" \"half\"");
  ingot_store_free(empty);
}

TEST_P(CApiTest, DropIsCalledOnceWhateverHappens) {
  static int dropped;
  dropped = 0;
  const auto drop = [](void*) { ++dropped; };
  ingot_store* store = nullptr;
  EXPECT_EQ(ingot_store_new(engine_, &store, nullptr), INGOT_OK);
  const uint8_t bad = 1;
  EXPECT_EQ(ingot_store_define(store, "m", "f", &bad, 1, nullptr, 0, CallHost,
                               nullptr, drop, nullptr),
            INGOT_INVALID_ARGUMENT);
  EXPECT_EQ(dropped, 1);
  EXPECT_EQ(ingot_store_define(store, "m", "f", nullptr, 0, nullptr, 0,
                               CallHost, nullptr, drop, nullptr),
            INGOT_OK);
  EXPECT_EQ(dropped, 1);
  ingot_store_free(store);
  EXPECT_EQ(dropped, 2);
}

TEST_P(CApiTest, HandlesMayBeFreedInAnyOrder) {
  ingot_engine_free(engine_);
  engine_ = nullptr;
  ingot_program_free(program_);
  program_ = nullptr;
  ingot_compilation_free(compilation_);
  compilation_ = nullptr;
  EXPECT_EQ(Run().status, INGOT_OK);
}

// Structures of other versions: longer with zeros is fine, unknown fields not.
TEST(CApiStructTest, SizesOfOtherVersions) {
  struct {
    ingot_engine_options options = {};
    uint64_t later = 0;
  } newer;
  newer.options.size = sizeof newer;
  ingot_engine* engine = nullptr;
  EXPECT_EQ(ingot_engine_new(&newer.options, &engine, nullptr), INGOT_OK);
  ingot_engine_free(engine);
  newer.later = 1;
  const Fault fault = FaultOf([&](ingot_error** error) {
    return ingot_engine_new(&newer.options, &engine, error);
  });
  EXPECT_EQ(fault.status, INGOT_INVALID_ARGUMENT);
  EXPECT_EQ(fault.message,
            "a structure has a field that this version does not know");
  newer.options.size = 4;  // smaller than the first version's
  EXPECT_EQ(ingot_engine_new(&newer.options, &engine, nullptr),
            INGOT_INVALID_ARGUMENT);
}

ingot_status NewEngine(const char* toml, const std::string& folder,
                       ingot_engine** engine, ingot_error** error) {
  auto options = Sized<ingot_engine_options>();
  options.profile_toml = toml;
  options.profile_toml_size = std::string_view(toml).size();
  if (!folder.empty()) options.store_folder = folder.c_str();
  return ingot_engine_new(&options, engine, error);
}

TEST(CApiEngineTest, ProfileByTomlAndByItsBytes) {
  ingot_engine* engine = nullptr;
  ASSERT_EQ(NewEngine("isa = \"x86-64-v2\"", "", &engine, nullptr), INGOT_OK);
  size_t size = 0;
  const uint8_t* bytes = ingot_engine_profile(engine, &size);
  auto options = Sized<ingot_engine_options>();
  options.profile = bytes;
  options.profile_size = size;
  ingot_engine* same = nullptr;
  ASSERT_EQ(ingot_engine_new(&options, &same, nullptr), INGOT_OK);
  uint8_t digests[2][32];
  ingot_engine_profile_sha256(engine, digests[0]);
  ingot_engine_profile_sha256(same, digests[1]);
  EXPECT_TRUE(std::equal(digests[0], digests[0] + 32, digests[1]));
  ingot_engine_free(same);
  options.profile_size = size - 1;
  EXPECT_EQ(ingot_engine_new(&options, &same, nullptr),
            INGOT_INVALID_ARGUMENT);
  ingot_engine_free(engine);
  const Fault fault = FaultOf([&](ingot_error** error) {
    return NewEngine("levle = 1", "", &engine, error);
  });
  EXPECT_NE(fault.message.find("did you mean level?"), std::string::npos)
      << fault.message;
}

// Every byte of an artifact matters, and so do profile and module.
TEST(CApiEngineTest, RefusesArtifactsThatAreNotWhatWasAskedFor) {
  const std::vector<uint8_t> module = ReadFile("sample.wasm");
  ingot_engine* engine = nullptr;
  ingot_engine* other = nullptr;
  ASSERT_EQ(NewEngine("", "", &engine, nullptr), INGOT_OK);
  ASSERT_EQ(NewEngine("level = 0", "", &other, nullptr), INGOT_OK);
  ingot_compilation* compilation = nullptr;
  ASSERT_EQ(ingot_compile(engine, module.data(), module.size(), INGOT_GAS_MAX,
                          &compilation, nullptr),
            INGOT_OK);
  size_t size = 0;
  const uint8_t* bytes = ingot_compilation_artifact(compilation, &size);
  std::vector<uint8_t> artifact(bytes, bytes + size);
  ingot_compilation_free(compilation);
  const auto refusal = [&](ingot_engine* by, std::vector<uint8_t> of) {
    return FaultOf([&](ingot_error** error) {
      ingot_program* program = nullptr;
      return ingot_program_load(by, artifact.data(), artifact.size(),
                                of.data(), of.size(), &program, error);
    });
  };
  EXPECT_EQ(refusal(other, module).name, "artifact_profile_differs");
  EXPECT_EQ(refusal(engine, ReadFile("matrix.wasm")).name,
            "artifact_module_differs");
  artifact.pop_back();
  EXPECT_EQ(refusal(engine, module).status, INGOT_FAILED_PRECONDITION);
  EXPECT_EQ(refusal(engine, module).name, "artifact_truncated");
  ingot_engine_free(other);
  ingot_engine_free(engine);
}

TEST(CApiEngineTest, VerdictsAreTheSameAfreshAndFromTheStore) {
  const std::string folder =
      testing::TempDir() + "/store" + std::to_string(getpid());
  const std::vector<uint8_t> module = ReadFile("sample.wasm");
  ingot_engine* engine = nullptr;
  ASSERT_EQ(NewEngine("", folder, &engine, nullptr), INGOT_OK);
  const auto compile = [&](const std::vector<uint8_t>& bytes, uint64_t gas) {
    ingot_compilation* compilation = nullptr;
    EXPECT_EQ(ingot_compile(engine, bytes.data(), bytes.size(), gas,
                            &compilation, nullptr),
              INGOT_OK);
    auto verdict = Sized<ingot_verdict>();
    EXPECT_EQ(ingot_compilation_verdict(compilation, &verdict), INGOT_OK);
    ingot_compilation_free(compilation);
    return verdict;
  };
  const ingot_verdict first = compile(module, INGOT_GAS_MAX);
  EXPECT_EQ(first.kind, uint32_t{INGOT_ACCEPTED});
  EXPECT_EQ(first.cached, 0u);
  const ingot_verdict second = compile(module, first.compile_gas);
  EXPECT_EQ(second.kind, uint32_t{INGOT_ACCEPTED});
  EXPECT_EQ(second.cached, 1u);
  EXPECT_EQ(second.compile_gas, first.compile_gas);
  EXPECT_EQ(second.artifact_bytes, first.artifact_bytes);
  EXPECT_TRUE(std::equal(first.artifact_sha256, first.artifact_sha256 + 32,
                         second.artifact_sha256));
  const ingot_verdict less = compile(module, first.compile_gas - 1);
  EXPECT_EQ(less.kind, uint32_t{INGOT_COMPILE_OUT_OF_GAS});
  EXPECT_EQ(less.compile_gas, first.compile_gas - 1);
  const ingot_verdict bad = compile({'\0', 'a', 's', 'x'}, INGOT_GAS_MAX);
  EXPECT_EQ(bad.kind, uint32_t{INGOT_REJECTED});
  EXPECT_STREQ(bad.code_name, "bad_magic");
  ingot_engine_free(engine);
  std::filesystem::remove_all(folder);
}

}  // namespace
