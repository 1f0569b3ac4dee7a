// How a C program embeds Ingot: compile a contract under gas, load it verified,
// call it with two functions of the host, and see each way a call can end.
// In: the path of sample.wasm. Out: lines on standard output.

#include <ingot.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Ends the program at a fault.
static void check(ingot_status status, ingot_error* error) {
  if (status == INGOT_OK) return;
  fprintf(stderr, "%s: %s\n", ingot_error_name(error),
          ingot_error_message(error));
  ingot_error_free(error);
  exit(3);
}

// host.half: 100 gas, and an error that the contract sees for odd numbers.
static int32_t half(void* data, ingot_caller* caller, const ingot_value* args,
                    size_t arg_count, ingot_value* results,
                    size_t result_count) {
  (void)data, (void)arg_count, (void)result_count;
  if (!ingot_caller_charge(caller, 100)) return INGOT_HOST_OUT_OF_GAS;
  if (args[0].bits % 2 != 0) {
    ingot_caller_set_error(caller, 1000, NULL, 0);
    return INGOT_HOST_USER_ERROR;
  }
  results[0].bits = args[0].bits / 2;
  return INGOT_HOST_OK;
}

// host.log: 10 gas and one per byte, charged before anything is read.
static int32_t log_line(void* data, ingot_caller* caller,
                        const ingot_value* args, size_t arg_count,
                        ingot_value* results, size_t result_count) {
  (void)data, (void)arg_count, (void)results, (void)result_count;
  const uint64_t size = args[1].bits;
  char line[256];
  if (!ingot_caller_charge(caller, 10 + size)) return INGOT_HOST_OUT_OF_GAS;
  if (size > sizeof line ||
      ingot_caller_read(caller, args[0].bits, line, size) != INGOT_OK) {
    return INGOT_HOST_TRAP;
  }
  printf("log: %.*s\n", (int)size, line);
  return INGOT_HOST_OK;
}

static void print(const char* what, const ingot_outcome* outcome,
                  const ingot_value* result) {
  printf("%s: ", what);
  switch (outcome->kind) {
    case INGOT_RETURNED:
      printf("returned %llu", (unsigned long long)result->bits);
      break;
    case INGOT_TRAPPED:
      printf("trapped, %s at byte %u", ingot_trap_name(outcome->trap),
             outcome->offset);
      break;
    case INGOT_REVERTED:
      printf("reverted, code %llu", (unsigned long long)outcome->revert_code);
      break;
    case INGOT_OUT_OF_GAS:
      printf("out of gas");
      break;
  }
  printf(", gas %llu\n", (unsigned long long)outcome->gas_used);
}

static void* cancel(void* transaction) {
  ingot_transaction_cancel(transaction);
  return NULL;
}

static uint8_t* read_file(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  uint8_t* bytes = malloc(1 << 20);
  if (file == NULL || bytes == NULL) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(2);
  }
  *size = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return bytes;
}

int main(int argc, char** argv) {
  ingot_error* error = NULL;
  size_t module_size = 0;
  uint8_t* module = read_file(argc > 1 ? argv[1] : "sample.wasm", &module_size);

  // Once per process: an engine with the default profile.
  ingot_engine* engine = NULL;
  check(ingot_engine_new(NULL, &engine, &error), error);

  // Once per contract: the verdict, and the artifact if it is accepted.
  ingot_compilation* compilation = NULL;
  check(ingot_compile(engine, module, module_size, 1000000000, &compilation,
                      &error),
        error);
  ingot_verdict verdict = {.size = sizeof verdict};
  ingot_compilation_verdict(compilation, &verdict);
  printf("verdict: %s\n", verdict.kind == INGOT_ACCEPTED ? "accepted"
                                                         : verdict.code_name);
  if (verdict.kind != INGOT_ACCEPTED) return 1;
  size_t artifact_size = 0;
  const uint8_t* artifact =
      ingot_compilation_artifact(compilation, &artifact_size);
  ingot_program* program = NULL;
  check(ingot_program_load(engine, artifact, artifact_size, module,
                           module_size, &program, &error),
        error);

  // Once per instance.
  const uint8_t i64 = INGOT_I64;
  const uint8_t two_i32[] = {INGOT_I32, INGOT_I32};
  ingot_store* store = NULL;
  check(ingot_store_new(engine, &store, &error), error);
  check(ingot_store_define(store, "host", "half", &i64, 1, &i64, 1, half, NULL,
                           NULL, &error),
        error);
  check(ingot_store_define(store, "host", "log", two_i32, 2, NULL, 0, log_line,
                           NULL, NULL, &error),
        error);
  ingot_transaction* transaction = NULL;
  check(ingot_transaction_new(NULL, &transaction, &error), error);
  ingot_instance instance = INGOT_NO_INSTANCE;
  ingot_outcome outcome = {.size = sizeof outcome};
  check(ingot_instantiate(store, program, transaction, 1000000, &instance,
                          &outcome, &error),
        error);
  ingot_function run, divide, spin;
  check(ingot_find_function(store, instance, "run", &run, &error), error);
  check(ingot_find_function(store, instance, "divide", &divide, &error),
        error);
  check(ingot_find_function(store, instance, "spin", &spin, &error), error);

  // As often as you like.
  ingot_value result = {0};
  ingot_value number = {.type = INGOT_I64, .bits = 82};
  check(ingot_call(store, run, &number, 1, &result, 1, transaction, 10000,
                   &outcome, &error),
        error);
  print("run(82)", &outcome, &result);
  number.bits = 7;
  check(ingot_call(store, run, &number, 1, &result, 1, transaction, 10000,
                   &outcome, &error),
        error);
  print("run(7)", &outcome, &result);
  check(ingot_call(store, run, &number, 1, &result, 1, transaction, 50,
                   &outcome, &error),
        error);
  print("run(7) with 50 gas", &outcome, &result);
  const ingot_value zero[] = {{.type = INGOT_I32, .bits = 1},
                              {.type = INGOT_I32, .bits = 0}};
  check(ingot_call(store, divide, zero, 2, &result, 1, transaction, 10000,
                   &outcome, &error),
        error);
  print("divide(1, 0)", &outcome, &result);

  // A call that nobody waits for: another thread ends it.
  pthread_t other;
  pthread_create(&other, NULL, cancel, transaction);
  const ingot_status status =
      ingot_call(store, spin, NULL, 0, NULL, 0, transaction, INGOT_GAS_MAX,
                 &outcome, NULL);
  pthread_join(other, NULL);
  printf("spin: %s\n", status == INGOT_CANCELLED ? "cancelled" : "?");

  ingot_transaction_free(transaction);
  ingot_store_free(store);
  ingot_program_free(program);
  ingot_compilation_free(compilation);
  ingot_engine_free(engine);
  free(module);
  return 0;
}
