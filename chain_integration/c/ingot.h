/* Ingot's C interface, version 1: compile contracts under gas, load them
 * verified, call them with exact gas, in the caller's own process.
 *
 * In: module bytes, a profile, host functions as callbacks. Out: verdicts and
 * outcomes, the same on every node; or a fault.
 *
 * VERDICT, OUTCOME, FAULT. What a function returns is an ingot_status. Other
 * than INGOT_OK it is a fault: no memory, a disk, a misuse, a cancelled call.
 * Nothing of a fault may enter consensus. What a module or a contract did
 * (rejected, trapped, out of gas, …) is no fault: it is in an ingot_verdict or
 * an ingot_outcome, and the status is INGOT_OK. On a fault nothing is written
 * to out parameters but `*error`.
 *
 * ERRORS. Where a function takes `ingot_error** error`, the pointer may be
 * NULL; otherwise a fault stores a message there, to be freed by
 * ingot_error_free. No exception crosses this interface, in either direction:
 * a callback must not throw through it (C++ exceptions that try end the call
 * as a fault).
 *
 * HANDLES. Each ..._new, ..._load and ingot_compile has a ..._free, which
 * takes NULL, too. A program keeps what it needs of its engine, a store of its
 * programs: handles may be freed in any order, but never while a call uses
 * them. Bytes that are passed in are copied or used during the call only.
 *
 * THREADS. An engine and a program: any number of threads at a time. A store
 * and what belongs to it, a transaction, a compilation: one thread at a time;
 * a second one in a store is told so (INGOT_FAILED_PRECONDITION). A call stays
 * on its thread, and callbacks run on it. From any thread at any time:
 * ingot_transaction_cancel.
 *
 * SIGNALS. The first call in a process takes SIGSEGV, SIGBUS, SIGILL, SIGFPE
 * and SIGURG with SA_ONSTACK. What is not Ingot's goes on to the handler that
 * was there before; so handlers of the host are to be installed first, or to
 * call ours. Handlers of other signals need SA_ONSTACK, because contracts run
 * on a small stack of their own. docs/embedding.md tells more.
 *
 * GROWING. Structures that begin with `size` may get fields at their end:
 * set `size` to sizeof of the structure and the rest to 0 before use (0 means
 * the default everywhere). A newer library understands older sizes, an older
 * one refuses fields that it does not know and that are not 0. Numbers of
 * enumerations never change; new ones may come. */
#ifndef CHAIN_INTEGRATION_C_INGOT_H_
#define CHAIN_INTEGRATION_C_INGOT_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define INGOT_API __attribute__((visibility("default")))

#define INGOT_ABI_VERSION 1u
/* The version of the library that is loaded; its interface is the same for
 * equal numbers, and grows. */
INGOT_API uint32_t ingot_abi_version(void);

/* --- Faults -------------------------------------------------------------- */

typedef int32_t ingot_status;
enum {
  INGOT_OK = 0,
  INGOT_CANCELLED = 1,           /* by ingot_transaction_cancel */
  INGOT_INVALID_ARGUMENT = 3,    /* misuse of this interface */
  INGOT_NOT_FOUND = 5,           /* an export or import of that name */
  INGOT_RESOURCE_EXHAUSTED = 8,  /* memory, address space, disk */
  INGOT_FAILED_PRECONDITION = 9, /* a refused artifact; a store in use */
  INGOT_OUT_OF_RANGE = 11,       /* not in the contract's memory */
  INGOT_INTERNAL = 13,           /* a defect, or a callback's fault */
  INGOT_UNAVAILABLE = 14         /* try again */
};

typedef struct ingot_error ingot_error;
INGOT_API const char* ingot_error_message(const ingot_error* error);
/* A word for programs: that of a refused artifact ("artifact_truncated",
 * "verifier", …), otherwise that of the status ("not_found"). */
INGOT_API const char* ingot_error_name(const ingot_error* error);
INGOT_API void ingot_error_free(ingot_error* error);

/* --- Engine -------------------------------------------------------------- */

enum {
  INGOT_NATIVE = 0,
  /* The reference interpreter: the same verdicts and outcomes, slowly. */
  INGOT_INTERPRETER = 1
};

typedef struct ingot_engine_options {
  uint32_t size;
  uint32_t executor;         /* what runs contracts */
  uint32_t compile_executor; /* what runs the compiler */
  uint32_t compile_threads;  /* per compilation; changes no verdict */
  /* The profile by its canonical bytes, or as TOML (`ingot profile show`),
   * whole or only the keys that differ from the default; not both. */
  const uint8_t* profile;
  uint64_t profile_size;
  const char* profile_toml;
  uint64_t profile_toml_size;
  /* A folder that keeps modules, artifacts and verdicts; NULL: none. */
  const char* store_folder;
} ingot_engine_options;

typedef struct ingot_engine ingot_engine;
/* `options` may be NULL: the default of everything. */
INGOT_API ingot_status ingot_engine_new(const ingot_engine_options* options,
                                        ingot_engine** out,
                                        ingot_error** error);
INGOT_API void ingot_engine_free(ingot_engine* engine);
/* The profile's canonical bytes, valid while the engine is. */
INGOT_API const uint8_t* ingot_engine_profile(const ingot_engine* engine,
                                              size_t* size);
INGOT_API void ingot_engine_profile_sha256(const ingot_engine* engine,
                                           uint8_t digest[32]);
INGOT_API void ingot_engine_compiler_sha256(const ingot_engine* engine,
                                            uint8_t digest[32]);

/* --- Compiling ----------------------------------------------------------- */

enum {
  INGOT_ACCEPTED = 0,
  INGOT_REJECTED = 1,
  INGOT_COMPILE_OUT_OF_GAS = 2,
  INGOT_COMPILE_OUT_OF_MEMORY = 3
};
/* `function` and `offset` where they mean nothing. */
#define INGOT_NOWHERE 0xFFFFFFFFu
/* The greatest gas limit; a larger number means this. */
#define INGOT_GAS_MAX (UINT64_C(1) << 62)

typedef struct ingot_verdict {
  uint32_t size;
  uint32_t kind;
  uint32_t code; /* rejected: why, otherwise 0; `ingot explain` has them all */
  uint32_t function;
  uint32_t offset;
  uint32_t cached; /* 1: from the store; not for consensus */
  uint64_t compile_gas;
  uint64_t artifact_bytes;
  uint8_t module_sha256[32];
  uint8_t compiler_sha256[32];
  uint8_t profile_sha256[32];
  uint8_t artifact_sha256[32]; /* accepted only, otherwise 0 */
  /* The code for people; valid always. */
  const char* code_name;
  const char* message;
} ingot_verdict;

typedef struct ingot_compilation ingot_compilation;
INGOT_API ingot_status ingot_compile(ingot_engine* engine,
                                     const uint8_t* module, size_t module_size,
                                     uint64_t gas_limit,
                                     ingot_compilation** out,
                                     ingot_error** error);
/* INGOT_INVALID_ARGUMENT when `verdict->size` is none that there was. */
INGOT_API ingot_status ingot_compilation_verdict(
    const ingot_compilation* compilation, ingot_verdict* verdict);
/* Valid while the compilation is; NULL unless accepted. */
INGOT_API const uint8_t* ingot_compilation_artifact(
    const ingot_compilation* compilation, size_t* size);
INGOT_API void ingot_compilation_free(ingot_compilation* compilation);

/* --- Programs ------------------------------------------------------------ */

typedef struct ingot_program ingot_program;
/* Checks an artifact and makes it ready to run. Its file, its identity (this
 * engine's profile and compiler) and its code are always verified. With the
 * module (else NULL) so are its metering and that it is this module's; an
 * artifact that does not come from ingot_compile of this process or from its
 * store should never be loaded without. The interpreter needs the module and
 * takes no artifact (NULL). A refusal is INGOT_FAILED_PRECONDITION. */
INGOT_API ingot_status ingot_program_load(ingot_engine* engine,
                                          const uint8_t* artifact,
                                          size_t artifact_size,
                                          const uint8_t* module,
                                          size_t module_size,
                                          ingot_program** out,
                                          ingot_error** error);
INGOT_API void ingot_program_free(ingot_program* program);

/* --- Transactions -------------------------------------------------------- */

/* What all calls of a transaction share, however they are nested. */
typedef struct ingot_budget {
  uint32_t size;
  uint32_t nesting;      /* levels of runs below the outermost; 0: 16 */
  uint64_t stack_units;  /* bytes of frames; 0: 1 MiB */
  uint64_t memory_pages; /* added while it lasts; 0: 65,536 */
} ingot_budget;

typedef struct ingot_transaction ingot_transaction;
/* `budget` may be NULL. */
INGOT_API ingot_status ingot_transaction_new(const ingot_budget* budget,
                                             ingot_transaction** out,
                                             ingot_error** error);
/* As new, with the same budgets; for a host that keeps one per thread. No call
 * may be in progress. */
INGOT_API void ingot_transaction_reset(ingot_transaction* transaction);
/* Ends the call in progress, with all that it is nested in, and those that
 * begin later, with INGOT_CANCELLED: at once while the contract's code runs,
 * otherwise as soon as the callback returns. From any thread, also in a
 * callback; never from a signal handler. What the instances of an ended call
 * hold means nothing any more. */
INGOT_API void ingot_transaction_cancel(ingot_transaction* transaction);
INGOT_API void ingot_transaction_free(ingot_transaction* transaction);

/* --- Values -------------------------------------------------------------- */

/* The binary format's numbers. */
enum {
  INGOT_I32 = 0x7F,
  INGOT_I64 = 0x7E,
  INGOT_F32 = 0x7D,
  INGOT_F64 = 0x7C,
  INGOT_FUNCREF = 0x70,
  INGOT_EXTERNREF = 0x6F
};

/* An i32 and an f32 have their bits in the low half of `bits`, the rest is 0.
 * A reference is 0 when null; externref n is n + 1; a funcref means something
 * to the store alone that gave it. */
typedef struct ingot_value {
  uint8_t type;
  uint8_t reserved[7];
  uint64_t bits;
} ingot_value;

/* --- Outcomes ------------------------------------------------------------ */

enum {
  INGOT_RETURNED = 0,
  INGOT_TRAPPED = 1,
  INGOT_REVERTED = 2, /* a callback ended the run: INGOT_HOST_REVERT */
  INGOT_OUT_OF_GAS = 3
};
enum { INGOT_PHASE_INSTANTIATE = 0, INGOT_PHASE_CALL = 1 };
enum {
  INGOT_TRAP_UNREACHABLE = 1,
  INGOT_TRAP_OUT_OF_BOUNDS_MEMORY = 2,
  INGOT_TRAP_OUT_OF_BOUNDS_TABLE = 3,
  INGOT_TRAP_UNDEFINED_ELEMENT = 4,
  INGOT_TRAP_UNINITIALIZED_ELEMENT = 5,
  INGOT_TRAP_INDIRECT_CALL_MISMATCH = 6,
  INGOT_TRAP_INTEGER_DIVIDE_BY_ZERO = 7,
  INGOT_TRAP_INTEGER_OVERFLOW = 8,
  INGOT_TRAP_INVALID_CONVERSION = 9,
  INGOT_TRAP_STACK_OVERFLOW = 10
};

typedef struct ingot_frame {
  uint32_t function;
  uint32_t offset;
} ingot_frame;

typedef struct ingot_outcome {
  uint32_t size;
  uint32_t kind;
  uint32_t phase;
  uint32_t trap;     /* trapped: which, otherwise 0 */
  uint32_t function; /* where it trapped */
  uint32_t offset;   /* of the instruction in the module */
  uint64_t gas_limit;
  uint64_t gas_used; /* the limit, when out of gas */
  uint64_t revert_code;
  uint64_t result_count;
  /* Valid until the store runs again. Frames are innermost first, at most 64,
   * and for people only. */
  const char* revert_message;
  uint64_t revert_message_size;
  const ingot_frame* frames;
  uint64_t frame_count;
} ingot_outcome;

/* "unreachable" …; "none" for other numbers. */
INGOT_API const char* ingot_trap_name(uint32_t trap);

/* --- Callbacks ----------------------------------------------------------- */

typedef struct ingot_store ingot_store;
typedef uint32_t ingot_instance;
typedef uint32_t ingot_function;
#define INGOT_NO_INSTANCE 0xFFFFFFFFu

/* What a callback sees of the call that it serves. Valid until it returns. */
typedef struct ingot_caller ingot_caller;

/* How a callback ends. What it charged stays charged in every case. */
enum {
  INGOT_HOST_OK = 0,
  /* The contract sees the error: the import's first result, if that is an i32
   * or i64, becomes the code of ingot_caller_set_error (1 without), its other
   * results 0, and the contract goes on. An import without such a result
   * cannot show it: as INGOT_HOST_REVERT. */
  INGOT_HOST_USER_ERROR = 1,
  /* The call ends as trapped, at the import's call; by default unreachable,
   * otherwise the trap that is the code of ingot_caller_set_error. */
  INGOT_HOST_TRAP = 2,
  INGOT_HOST_OUT_OF_GAS = 3,
  /* The call ends as a fault; never for what a contract did. */
  INGOT_HOST_FAULT = 4,
  /* The call ends as reverted, with the code and message of
   * ingot_caller_set_error: whoever called the contract sees them. */
  INGOT_HOST_REVERT = 5
};

/* `results` has the import's types and bits 0. Other numbers than those above
 * are a fault. */
typedef int32_t (*ingot_callback)(void* data, ingot_caller* caller,
                                  const ingot_value* args, size_t arg_count,
                                  ingot_value* results, size_t result_count);

/* The exact gas that is left. */
INGOT_API uint64_t ingot_caller_gas_left(const ingot_caller* caller);
/* Pays, before the work that it is for. 0 when the price exceeds what is left:
 * then return INGOT_HOST_OUT_OF_GAS; the call ends so whatever you return. */
INGOT_API int32_t ingot_caller_charge(ingot_caller* caller, uint64_t price);

/* Memory 0 of the calling contract, by copying: there is no pointer into it
 * that could outlive the call. INGOT_OUT_OF_RANGE, and nothing is done, unless
 * the whole range lies in it. */
INGOT_API uint64_t ingot_caller_memory_size(ingot_caller* caller);
INGOT_API ingot_status ingot_caller_read(ingot_caller* caller,
                                         uint64_t address, void* to,
                                         size_t size);
INGOT_API ingot_status ingot_caller_write(ingot_caller* caller,
                                          uint64_t address, const void* from,
                                          size_t size);
/* Within the memory; the ranges may overlap. */
INGOT_API ingot_status ingot_caller_copy(ingot_caller* caller, uint64_t to,
                                         uint64_t from, uint64_t size);

/* What the callback's end means: see there. The message is copied. */
INGOT_API void ingot_caller_set_error(ingot_caller* caller, uint64_t code,
                                      const char* message,
                                      size_t message_size);
/* 1 when the transaction was cancelled: hurry, return INGOT_HOST_FAULT. */
INGOT_API int32_t ingot_caller_cancelled(const ingot_caller* caller);
INGOT_API ingot_store* ingot_caller_store(ingot_caller* caller);
INGOT_API ingot_instance ingot_caller_instance(ingot_caller* caller);

/* --- Stores -------------------------------------------------------------- */

/* Instances that may be linked to each other, and the functions of the host. */
INGOT_API ingot_status ingot_store_new(ingot_engine* engine, ingot_store** out,
                                       ingot_error** error);
INGOT_API void ingot_store_free(ingot_store* store);

/* Makes a callback importable as `module`.`name`, replacing an earlier one for
 * instances to come. Types are INGOT_I32 and so on, one byte each. `drop`, if
 * not NULL, is called with `data` when the store is freed, and when this
 * function fails. */
INGOT_API ingot_status ingot_store_define(
    ingot_store* store, const char* module, const char* name,
    const uint8_t* params, size_t param_count, const uint8_t* results,
    size_t result_count, ingot_callback callback, void* data,
    void (*drop)(void* data), ingot_error** error);
/* Makes all exports of an instance importable from `module`. */
INGOT_API ingot_status ingot_store_define_instance(ingot_store* store,
                                                   const char* module,
                                                   ingot_instance instance,
                                                   ingot_error** error);

/* Links a program's imports by their names and instantiates it.
 * INGOT_NOT_FOUND names an import that nobody defined, INGOT_INVALID_ARGUMENT
 * one of another type. The instance exists as long as its store, also when its
 * start function trapped; `*instance` is INGOT_NO_INSTANCE when its fees or
 * its pages were refused. */
INGOT_API ingot_status ingot_instantiate(ingot_store* store,
                                         const ingot_program* program,
                                         ingot_transaction* transaction,
                                         uint64_t gas_limit,
                                         ingot_instance* instance,
                                         ingot_outcome* outcome,
                                         ingot_error** error);
INGOT_API ingot_status ingot_find_function(ingot_store* store,
                                           ingot_instance instance,
                                           const char* name,
                                           ingot_function* function,
                                           ingot_error** error);
/* Arguments have the function's types. `results` has room for `capacity`
 * values; a function with more is INGOT_INVALID_ARGUMENT before it runs.
 * `outcome->result_count` says how many were written. */
INGOT_API ingot_status ingot_call(ingot_store* store, ingot_function function,
                                  const ingot_value* args, size_t arg_count,
                                  ingot_value* results, size_t capacity,
                                  ingot_transaction* transaction,
                                  uint64_t gas_limit, ingot_outcome* outcome,
                                  ingot_error** error);

/* The same from a callback, on behalf of its contract: in the contract's
 * transaction, one level deeper, in its own store or another one. The limit is
 * at most what the contract has left, and what was used is taken from that
 * exactly once, whatever the outcome. On a fault return INGOT_HOST_FAULT, which
 * passes it on. */
INGOT_API ingot_status ingot_caller_call(
    ingot_caller* caller, ingot_store* store, ingot_function function,
    const ingot_value* args, size_t arg_count, ingot_value* results,
    size_t capacity, uint64_t gas_limit, ingot_outcome* outcome,
    ingot_error** error);
INGOT_API ingot_status ingot_caller_instantiate(
    ingot_caller* caller, ingot_store* store, const ingot_program* program,
    uint64_t gas_limit, ingot_instance* instance, ingot_outcome* outcome,
    ingot_error** error);

/* Memory 0 of an instance between two calls, as in a callback. */
INGOT_API uint64_t ingot_memory_size(ingot_store* store,
                                     ingot_instance instance);
INGOT_API ingot_status ingot_memory_read(ingot_store* store,
                                         ingot_instance instance,
                                         uint64_t address, void* to,
                                         size_t size);
INGOT_API ingot_status ingot_memory_write(ingot_store* store,
                                          ingot_instance instance,
                                          uint64_t address, const void* from,
                                          size_t size);

#ifdef __cplusplus
}
#endif

#endif /* CHAIN_INTEGRATION_C_INGOT_H_ */
