// Every answer of a callback, for every import, under 50 gas limits: what the
// native engine makes of it is what the interpreter makes of it. In: the path
// of matrix.wasm. Out: the number of cases; exit code 1 and a line per
// difference.

#include <ingot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kImports = 6, kAnswers = 7, kLimits = 50, kNoAnswer = 99 };

// The answers, and one that there is not.
static const int32_t answers[kAnswers] = {
    INGOT_HOST_OK,    INGOT_HOST_USER_ERROR, INGOT_HOST_TRAP,
    INGOT_HOST_OUT_OF_GAS, INGOT_HOST_FAULT, INGOT_HOST_REVERT, kNoAnswer};

static void check(ingot_status status, ingot_error* error) {
  if (status == INGOT_OK) return;
  fprintf(stderr, "%s\n", ingot_error_message(error));
  exit(3);
}

// Pays, touches memory, answers what it is told to.
static int32_t answer(void* data, ingot_caller* caller,
                      const ingot_value* args, size_t arg_count,
                      ingot_value* results, size_t result_count) {
  const int32_t* told = data;
  if (!ingot_caller_charge(caller, 7 + arg_count)) {
    return INGOT_HOST_OUT_OF_GAS;
  }
  const uint64_t left = ingot_caller_gas_left(caller);
  ingot_caller_copy(caller, 8, 9, 4);
  ingot_caller_write(caller, 16, &left, sizeof left);
  if (ingot_caller_write(caller, 65536 - 7, &left, sizeof left) !=
      INGOT_OUT_OF_RANGE) {
    return INGOT_HOST_FAULT;
  }
  for (size_t i = 0; i < result_count; ++i) {
    results[i].bits = left + i;
    for (size_t j = 0; j < arg_count; ++j) results[i].bits += args[j].bits;
  }
  if (*told == INGOT_HOST_USER_ERROR) {
    ingot_caller_set_error(caller, 77, NULL, 0);
  } else if (*told == INGOT_HOST_TRAP) {
    ingot_caller_set_error(caller, INGOT_TRAP_INTEGER_OVERFLOW, NULL, 0);
  } else if (*told == INGOT_HOST_REVERT) {
    ingot_caller_set_error(caller, 1234, "no", 2);
  }
  return *told;
}

// What of a call must be equal in both engines.
struct observed {
  ingot_status status;
  uint32_t kind, trap, function, offset;
  uint64_t gas_used, revert_code, result;
  char message[8];
  uint8_t memory[128];
};

static void define_imports(ingot_store* store, int32_t* told) {
  static const struct {
    const char* name;
    const char* params;
    const char* results;
  } imports[kImports] = {
      {"none", "", ""},           {"i32", "\x7F", "\x7F"},
      {"i64", "\x7E\x7C", "\x7E"}, {"float", "\x7D", "\x7C"},
      {"memory", "\x7F\x7F", ""},
      {"many", "\x7E\x7E\x7E\x7E\x7E\x7E\x7E\x7E", "\x7E\x7E"}};
  ingot_error* error = NULL;
  for (int i = 0; i < kImports; ++i) {
    check(ingot_store_define(store, "host", imports[i].name,
                             (const uint8_t*)imports[i].params,
                             strlen(imports[i].params),
                             (const uint8_t*)imports[i].results,
                             strlen(imports[i].results), answer, told, NULL,
                             &error),
          error);
  }
}

static struct observed observe(ingot_engine* engine, ingot_program* program,
                               int import, int32_t told, uint64_t limit) {
  struct observed seen;
  memset(&seen, 0, sizeof seen);
  ingot_error* error = NULL;
  ingot_store* store = NULL;
  ingot_transaction* transaction = NULL;
  ingot_instance instance = INGOT_NO_INSTANCE;
  ingot_function function = 0;
  ingot_outcome outcome = {.size = sizeof outcome};
  const char name[2] = {(char)('0' + import), 0};
  ingot_value result = {0};
  check(ingot_store_new(engine, &store, &error), error);
  define_imports(store, &told);
  check(ingot_transaction_new(NULL, &transaction, &error), error);
  check(ingot_instantiate(store, program, transaction, INGOT_GAS_MAX,
                          &instance, &outcome, &error),
        error);
  check(ingot_find_function(store, instance, name, &function, &error), error);
  seen.status = ingot_call(store, function, NULL, 0, &result, 1, transaction,
                           limit, &outcome, NULL);
  if (seen.status == INGOT_OK) {
    seen.kind = outcome.kind;
    seen.trap = outcome.trap;
    seen.function = outcome.function;
    seen.offset = outcome.offset;
    seen.gas_used = outcome.gas_used;
    seen.revert_code = outcome.revert_code;
    if (outcome.revert_message_size < sizeof seen.message) {
      memcpy(seen.message, outcome.revert_message,
             outcome.revert_message_size);
    }
    seen.result = result.bits;
    // After an out of gas and a fault the memory means nothing.
    if (outcome.kind != INGOT_OUT_OF_GAS) {
      check(ingot_memory_read(store, instance, 0, seen.memory,
                              sizeof seen.memory),
            NULL);
    }
  }
  ingot_transaction_free(transaction);
  ingot_store_free(store);
  return seen;
}

static ingot_engine* new_engine(uint32_t executor) {
  ingot_engine_options options = {.size = sizeof options,
                                  .executor = executor};
  ingot_engine* engine = NULL;
  ingot_error* error = NULL;
  check(ingot_engine_new(&options, &engine, &error), error);
  return engine;
}

int main(int argc, char** argv) {
  static uint8_t module[65536];
  FILE* file = fopen(argc > 1 ? argv[1] : "matrix.wasm", "rb");
  if (file == NULL) return 2;
  const size_t module_size = fread(module, 1, sizeof module, file);
  fclose(file);

  ingot_error* error = NULL;
  ingot_engine* native = new_engine(INGOT_NATIVE);
  ingot_engine* oracle = new_engine(INGOT_INTERPRETER);
  ingot_compilation* compilation = NULL;
  check(ingot_compile(native, module, module_size, INGOT_GAS_MAX, &compilation,
                      &error),
        error);
  size_t size = 0;
  const uint8_t* artifact = ingot_compilation_artifact(compilation, &size);
  ingot_program *code = NULL, *bodies = NULL;
  check(ingot_program_load(native, artifact, size, module, module_size, &code,
                           &error),
        error);
  check(ingot_program_load(oracle, NULL, 0, module, module_size, &bodies,
                           &error),
        error);

  int cases = 0, differences = 0, kinds[4] = {0}, faults = 0;
  for (int import = 0; import < kImports; ++import) {
    for (int a = 0; a < kAnswers; ++a) {
      // The whole way's gas: half of the limits up to it, half around it.
      const struct observed whole =
          observe(oracle, bodies, import, INGOT_HOST_OK, INGOT_GAS_MAX);
      for (int i = 0; i < kLimits; ++i) {
        const uint64_t limit =
            i < kLimits / 2 ? whole.gas_used * i / (kLimits / 2)
                            : whole.gas_used + i - kLimits + 4;
        const struct observed seen =
            observe(native, code, import, answers[a], limit);
        const struct observed wanted =
            observe(oracle, bodies, import, answers[a], limit);
        ++cases;
        if (seen.status == INGOT_OK) {
          ++kinds[seen.kind];
        } else {
          ++faults;
        }
        if (memcmp(&seen, &wanted, sizeof seen) == 0) continue;
        ++differences;
        printf("import %d, answer %d, limit %llu: the engines differ\n",
               import, answers[a], (unsigned long long)limit);
      }
    }
  }
  printf("%d cases: %d returned, %d trapped, %d reverted, %d out of gas, "
         "%d faults; %d differences\n",
         cases, kinds[0], kinds[1], kinds[2], kinds[3], faults, differences);
  ingot_program_free(bodies);
  ingot_program_free(code);
  ingot_compilation_free(compilation);
  ingot_engine_free(oracle);
  ingot_engine_free(native);
  return differences == 0 ? 0 : 1;
}
