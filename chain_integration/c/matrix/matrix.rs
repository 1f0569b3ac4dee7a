//! matrix.c in Rust: every answer of a callback, for every import, under 50 gas
//! limits, equal on both engines. In: the path of matrix.wasm. Out: the number
//! of cases; exit code 1 and a line per difference.

#[path = "../samples/rust/ingot.rs"]
mod ingot;
use ingot::*;
use std::os::raw::{c_char, c_void};
use std::ptr::{null, null_mut};

const LIMITS: u64 = 50;
const ANSWERS: [i32; 7] = [HOST_OK, HOST_USER_ERROR, HOST_TRAP,
                           HOST_OUT_OF_GAS, HOST_FAULT, HOST_REVERT, 99];

extern "C" fn answer(data: *mut c_void, caller: *mut Caller,
                     args: *const Value, arg_count: usize,
                     results: *mut Value, result_count: usize) -> i32 {
    unsafe {
        let told = *(data as *const i32);
        if ingot_caller_charge(caller, 7 + arg_count as u64) == 0 {
            return HOST_OUT_OF_GAS;
        }
        let left = ingot_caller_gas_left(caller);
        ingot_caller_copy(caller, 8, 9, 4);
        let bytes = left.to_le_bytes();
        ingot_caller_write(caller, 16, bytes.as_ptr(), 8);
        if ingot_caller_write(caller, 65536 - 7, bytes.as_ptr(), 8)
            != OUT_OF_RANGE {
            return HOST_FAULT;
        }
        for i in 0..result_count {
            let mut sum = left.wrapping_add(i as u64);
            for j in 0..arg_count {
                sum = sum.wrapping_add((*args.add(j)).bits);
            }
            (*results.add(i)).bits = sum;
        }
        match told {
            HOST_USER_ERROR => ingot_caller_set_error(caller, 77, null(), 0),
            HOST_TRAP => ingot_caller_set_error(caller, 8, null(), 0),
            HOST_REVERT =>
                ingot_caller_set_error(caller, 1234, name!("no"), 2),
            _ => {}
        }
        told
    }
}

/// What of a call must be equal in both engines.
#[derive(PartialEq)]
struct Observed {
    status: i32,
    kind: u32,
    trap: u32,
    place: (u32, u32),
    gas_used: u64,
    revert_code: u64,
    result: u64,
    memory: Vec<u8>,
}

unsafe fn observe(engine: *mut Engine, program: *mut Program, import: usize,
                  told: i32, limit: u64) -> Observed {
    let names: [(*const c_char, &[u8], &[u8]); 6] = [
        (name!("none"), &[], &[]),
        (name!("i32"), &[0x7F], &[0x7F]),
        (name!("i64"), &[0x7E, 0x7C], &[0x7E]),
        (name!("float"), &[0x7D], &[0x7C]),
        (name!("memory"), &[0x7F, 0x7F], &[]),
        (name!("many"), &[0x7E; 8], &[0x7E, 0x7E]),
    ];
    let exports = [name!("0"), name!("1"), name!("2"), name!("3"), name!("4"),
                   name!("5")];
    let mut told = told;
    let (mut store, mut transaction) = (null_mut(), null_mut());
    let (mut instance, mut function) = (0, 0);
    let mut outcome = Outcome::sized();
    let mut result = Value::default();
    check(|e| ingot_store_new(engine, &mut store, e));
    for (name, params, results) in names {
        let data = &mut told as *mut i32 as *mut c_void;
        check(|e| ingot_store_define(store, name!("host"), name,
            params.as_ptr(), params.len(), results.as_ptr(), results.len(),
            answer, data, None, e));
    }
    check(|e| ingot_transaction_new(null(), &mut transaction, e));
    check(|e| ingot_instantiate(store, program, transaction, GAS_MAX,
                                &mut instance, &mut outcome, e));
    check(|e| ingot_find_function(store, instance, exports[import],
                                  &mut function, e));
    let status = ingot_call(store, function, null(), 0, &mut result, 1,
                            transaction, limit, &mut outcome, null_mut());
    let mut seen = Observed {
        status, kind: 0, trap: 0, place: (0, 0), gas_used: 0, revert_code: 0,
        result: 0, memory: vec![0; 128],
    };
    if status == OK {
        seen.kind = outcome.kind;
        seen.trap = outcome.trap;
        seen.place = (outcome.function, outcome.offset);
        seen.gas_used = outcome.gas_used;
        seen.revert_code = outcome.revert_code;
        seen.result = result.bits;
        // After an out of gas the memory means nothing.
        if outcome.kind != OUT_OF_GAS {
            ingot_memory_read(store, instance, 0, seen.memory.as_mut_ptr(),
                              128);
        }
    }
    ingot_transaction_free(transaction);
    ingot_store_free(store);
    seen
}

unsafe fn new_engine(executor: u32) -> *mut Engine {
    let mut options = EngineOptions::sized();
    options.executor = executor;
    let mut engine = null_mut();
    check(|e| ingot_engine_new(&options, &mut engine, e));
    engine
}

fn main() {
    let path = std::env::args().nth(1).unwrap_or("matrix.wasm".to_string());
    let module = std::fs::read(path).expect("the module");
    let (mut cases, mut differences, mut returned) = (0, 0, 0);
    unsafe {
        let (native, oracle) = (new_engine(NATIVE), new_engine(INTERPRETER));
        let mut compilation = null_mut();
        check(|e| ingot_compile(native, module.as_ptr(), module.len(),
                                GAS_MAX, &mut compilation, e));
        let mut size = 0;
        let artifact = ingot_compilation_artifact(compilation, &mut size);
        let (mut code, mut bodies) = (null_mut(), null_mut());
        check(|e| ingot_program_load(native, artifact, size, module.as_ptr(),
                                     module.len(), &mut code, e));
        check(|e| ingot_program_load(oracle, null(), 0, module.as_ptr(),
                                     module.len(), &mut bodies, e));
        for import in 0..6 {
            let whole = observe(oracle, bodies, import, HOST_OK, GAS_MAX);
            for told in ANSWERS {
                for i in 0..LIMITS {
                    let limit = if i < LIMITS / 2 {
                        whole.gas_used * i / (LIMITS / 2)
                    } else {
                        whole.gas_used + i + 4 - LIMITS
                    };
                    let seen = observe(native, code, import, told, limit);
                    let wanted = observe(oracle, bodies, import, told, limit);
                    cases += 1;
                    if seen.status == OK && seen.kind == RETURNED {
                        returned += 1;
                    }
                    if seen != wanted {
                        differences += 1;
                        println!("import {import}, answer {told}, limit \
                                  {limit}: the engines differ");
                    }
                }
            }
        }
        ingot_program_free(bodies);
        ingot_program_free(code);
        ingot_compilation_free(compilation);
        ingot_engine_free(oracle);
        ingot_engine_free(native);
    }
    println!("{cases} cases, {returned} returned; {differences} differences");
    std::process::exit(if differences == 0 { 0 } else { 1 });
}
