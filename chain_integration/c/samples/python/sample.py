"""How a Python program embeds Ingot, by ctypes alone: see c/sample.c.

In: the path of sample.wasm; libingot.so.1 where the loader finds it, or its
path in INGOT_LIBRARY. Out: the lines of the C sample.

A callback must not raise: ctypes would print the exception and answer
INGOT_HOST_OK. So each one is wrapped by `host`, which answers a fault instead.
"""

import ctypes as c
import os
import sys
import threading

I32, I64 = 0x7F, 0x7E
OK, CANCELLED = 0, 1
HOST_OK, HOST_USER_ERROR, HOST_TRAP, HOST_OUT_OF_GAS, HOST_FAULT = range(5)
GAS_MAX = 1 << 62


class Value(c.Structure):
    _fields_ = [("type", c.c_uint8), ("reserved", c.c_uint8 * 7),
                ("bits", c.c_uint64)]


class Verdict(c.Structure):
    _fields_ = [("size", c.c_uint32), ("kind", c.c_uint32),
                ("code", c.c_uint32), ("function", c.c_uint32),
                ("offset", c.c_uint32), ("cached", c.c_uint32),
                ("compile_gas", c.c_uint64), ("artifact_bytes", c.c_uint64),
                ("module_sha256", c.c_uint8 * 32),
                ("compiler_sha256", c.c_uint8 * 32),
                ("profile_sha256", c.c_uint8 * 32),
                ("artifact_sha256", c.c_uint8 * 32),
                ("code_name", c.c_char_p), ("message", c.c_char_p)]


class Outcome(c.Structure):
    _fields_ = [("size", c.c_uint32), ("kind", c.c_uint32),
                ("phase", c.c_uint32), ("trap", c.c_uint32),
                ("function", c.c_uint32), ("offset", c.c_uint32),
                ("gas_limit", c.c_uint64), ("gas_used", c.c_uint64),
                ("revert_code", c.c_uint64), ("result_count", c.c_uint64),
                ("revert_message", c.c_void_p),
                ("revert_message_size", c.c_uint64),
                ("frames", c.c_void_p), ("frame_count", c.c_uint64)]


CALLBACK = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.c_void_p, c.POINTER(Value),
                       c.c_size_t, c.POINTER(Value), c.c_size_t)

lib = c.CDLL(os.environ.get("INGOT_LIBRARY", "libingot.so.1"))
lib.ingot_error_message.restype = c.c_char_p
lib.ingot_error_message.argtypes = [c.c_void_p]
lib.ingot_compilation_artifact.restype = c.c_void_p
lib.ingot_compilation_artifact.argtypes = [c.c_void_p, c.POINTER(c.c_size_t)]
lib.ingot_trap_name.restype = c.c_char_p
lib.ingot_caller_charge.argtypes = [c.c_void_p, c.c_uint64]
lib.ingot_caller_read.argtypes = [c.c_void_p, c.c_uint64, c.c_void_p,
                                  c.c_size_t]
lib.ingot_caller_set_error.argtypes = [c.c_void_p, c.c_uint64, c.c_char_p,
                                       c.c_size_t]
for name in ("engine", "compilation", "program", "transaction", "store"):
    getattr(lib, f"ingot_{name}_free").argtypes = [c.c_void_p]
    getattr(lib, f"ingot_{name}_free").restype = None


def check(function, *args):
    """Calls a function whose last parameter is the error."""
    error = c.c_void_p()
    if function(*args, c.byref(error)) != OK:
        sys.exit(lib.ingot_error_message(error).decode())


def handle(function, *args):
    """The same for one that makes a handle."""
    out = c.c_void_p()
    check(function, *args, c.byref(out))
    return out


def host(function):
    """A callback whose exceptions are faults."""
    def call(_data, caller, args, _arg_count, results, _result_count):
        try:
            return function(caller, args, results)
        except Exception as error:  # nothing may pass
            message = repr(error).encode()
            lib.ingot_caller_set_error(caller, 0, message, len(message))
            return HOST_FAULT
    return CALLBACK(call)


@host
def half(caller, args, results):
    if not lib.ingot_caller_charge(caller, 100):
        return HOST_OUT_OF_GAS
    if args[0].bits % 2:
        lib.ingot_caller_set_error(caller, 1000, None, 0)
        return HOST_USER_ERROR
    results[0].bits = args[0].bits // 2
    return HOST_OK


@host
def log(caller, args, _results):
    address, size = args[0].bits, args[1].bits
    if not lib.ingot_caller_charge(caller, 10 + size):
        return HOST_OUT_OF_GAS
    if size > 256:
        return HOST_TRAP
    line = c.create_string_buffer(size)
    if lib.ingot_caller_read(caller, address, line, size) != OK:
        return HOST_TRAP
    print("log:", line.raw.decode())
    return HOST_OK


def show(what, outcome, result):
    how = (f"returned {result.bits}",
           f"trapped, {lib.ingot_trap_name(outcome.trap).decode()} at byte "
           f"{outcome.offset}",
           f"reverted, code {outcome.revert_code}",
           "out of gas")[outcome.kind]
    print(f"{what}: {how}, gas {outcome.gas_used}")


def main():
    with open(sys.argv[1] if len(sys.argv) > 1 else "sample.wasm", "rb") as f:
        module = f.read()
    size = c.c_size_t(len(module))
    engine = handle(lib.ingot_engine_new, None)
    compilation = handle(lib.ingot_compile, engine, module, size,
                         c.c_uint64(10**9))
    verdict = Verdict(size=c.sizeof(Verdict))
    lib.ingot_compilation_verdict(compilation, c.byref(verdict))
    print("verdict:", "accepted" if verdict.kind == 0
          else verdict.code_name.decode())
    if verdict.kind != 0:
        return 1
    artifact_size = c.c_size_t()
    artifact = c.c_void_p(
        lib.ingot_compilation_artifact(compilation, c.byref(artifact_size)))
    program = handle(lib.ingot_program_load, engine, artifact, artifact_size,
                     module, size)

    store = handle(lib.ingot_store_new, engine)
    for name, params, results, callback in (
            (b"half", bytes([I64]), bytes([I64]), half),
            (b"log", bytes([I32, I32]), b"", log)):
        check(lib.ingot_store_define, store, b"host", name, params,
              c.c_size_t(len(params)), results, c.c_size_t(len(results)),
              callback, None, None)
    transaction = handle(lib.ingot_transaction_new, None)
    instance = c.c_uint32()
    outcome = Outcome(size=c.sizeof(Outcome))
    check(lib.ingot_instantiate, store, program, transaction,
          c.c_uint64(10**6), c.byref(instance), c.byref(outcome))

    def find(name):
        function = c.c_uint32()
        check(lib.ingot_find_function, store, instance, name,
              c.byref(function))
        return function

    def call(function, args, gas_limit, error=None):
        values = (Value * max(1, len(args)))(*args)
        result = Value()
        status = lib.ingot_call(
            store, function, values, c.c_size_t(len(args)), c.byref(result),
            c.c_size_t(1), transaction, c.c_uint64(gas_limit),
            c.byref(outcome), error)
        return status, result

    def run(what, function, args, gas_limit):
        error = c.c_void_p()
        status, result = call(function, args, gas_limit, c.byref(error))
        if status != OK:
            sys.exit(lib.ingot_error_message(error).decode())
        show(what, outcome, result)

    run("run(82)", find(b"run"), [Value(I64, bits=82)], 10000)
    run("run(7)", find(b"run"), [Value(I64, bits=7)], 10000)
    run("run(7) with 50 gas", find(b"run"), [Value(I64, bits=7)], 50)
    run("divide(1, 0)", find(b"divide"),
        [Value(I32, bits=1), Value(I32, bits=0)], 10000)

    spin = find(b"spin")
    other = threading.Thread(target=lib.ingot_transaction_cancel,
                             args=(transaction,))
    other.start()
    status, _ = call(spin, [], GAS_MAX)
    other.join()
    print("spin:", "cancelled" if status == CANCELLED else "?")

    lib.ingot_transaction_free(transaction)
    lib.ingot_store_free(store)
    lib.ingot_program_free(program)
    lib.ingot_compilation_free(compilation)
    lib.ingot_engine_free(engine)
    return 0


sys.exit(main())
