//! How a Rust program embeds Ingot: see c/sample.c. No crates: `ingot.rs` has
//! the declarations. In: the path of sample.wasm. Out: the lines of the C
//! sample.

mod ingot;
use ingot::*;
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::ptr::null_mut;

extern "C" fn half(_: *mut c_void, caller: *mut Caller, args: *const Value,
                   _: usize, results: *mut Value, _: usize) -> i32 {
    unsafe {
        if ingot_caller_charge(caller, 100) == 0 {
            return HOST_OUT_OF_GAS;
        }
        if (*args).bits % 2 != 0 {
            ingot_caller_set_error(caller, 1000, std::ptr::null(), 0);
            return HOST_USER_ERROR;
        }
        (*results).bits = (*args).bits / 2;
    }
    HOST_OK
}

extern "C" fn log_line(_: *mut c_void, caller: *mut Caller,
                       args: *const Value, count: usize, _: *mut Value,
                       _: usize) -> i32 {
    let args = unsafe { std::slice::from_raw_parts(args, count) };
    let size = args[1].bits as usize;
    if unsafe { ingot_caller_charge(caller, 10 + size as u64) } == 0 {
        return HOST_OUT_OF_GAS;
    }
    let mut line = [0u8; 256];
    if size > line.len() || unsafe {
        ingot_caller_read(caller, args[0].bits, line.as_mut_ptr(), size)
    } != OK {
        return HOST_TRAP;
    }
    println!("log: {}", String::from_utf8_lossy(&line[..size]));
    HOST_OK
}

fn show(what: &str, outcome: &Outcome, result: &Value) {
    let how = match outcome.kind {
        RETURNED => format!("returned {}", result.bits),
        1 => {
            let name = unsafe { CStr::from_ptr(ingot_trap_name(outcome.trap)) };
            format!("trapped, {} at byte {}", name.to_string_lossy(),
                    outcome.offset)
        }
        OUT_OF_GAS => "out of gas".to_string(),
        _ => format!("reverted, code {}", outcome.revert_code),
    };
    println!("{what}: {how}, gas {}", outcome.gas_used);
}

/// What calls need: a handle may be used by any one thread at a time.
struct Handle(*mut Transaction);
unsafe impl Send for Handle {}

fn main() {
    let path = std::env::args().nth(1).unwrap_or("sample.wasm".to_string());
    let module = std::fs::read(path).expect("the module");
    let mut engine = null_mut();
    let mut compilation = null_mut();
    let mut program = null_mut();
    let mut store = null_mut();
    let mut transaction = null_mut();
    let mut instance = 0;
    let mut verdict = Verdict::sized();
    let mut outcome = Outcome::sized();
    unsafe {
        check(|e| ingot_engine_new(std::ptr::null(), &mut engine, e));
        check(|e| ingot_compile(engine, module.as_ptr(), module.len(),
                                1_000_000_000, &mut compilation, e));
        ingot_compilation_verdict(compilation, &mut verdict);
        if verdict.kind != 0 {
            println!("verdict: {:?}", CStr::from_ptr(verdict.code_name));
            std::process::exit(1);
        }
        println!("verdict: accepted");
        let mut size = 0;
        let artifact = ingot_compilation_artifact(compilation, &mut size);
        check(|e| ingot_program_load(engine, artifact, size, module.as_ptr(),
                                     module.len(), &mut program, e));

        check(|e| ingot_store_new(engine, &mut store, e));
        let (one, two) = ([I64], [I32, I32]);
        check(|e| ingot_store_define(store, name!("host"),
            name!("half"), one.as_ptr(), 1, one.as_ptr(), 1, half,
            null_mut(), None, e));
        check(|e| ingot_store_define(store, name!("host"), name!("log"),
            two.as_ptr(), 2, std::ptr::null(), 0, log_line, null_mut(), None,
            e));
        check(|e| ingot_transaction_new(std::ptr::null(), &mut transaction,
                                        e));
        check(|e| ingot_instantiate(store, program, transaction, 1_000_000,
                                    &mut instance, &mut outcome, e));
    }
    let find = |name: *const c_char| {
        let mut function = 0;
        check(|e| unsafe {
            ingot_find_function(store, instance, name, &mut function, e)
        });
        function
    };
    let mut call = |what: &str, function: u32, args: &[Value], gas: u64| {
        let mut result = Value::default();
        check(|e| unsafe {
            ingot_call(store, function, args.as_ptr(), args.len(),
                       &mut result, 1, transaction, gas, &mut outcome, e)
        });
        show(what, &outcome, &result);
    };
    let value = |type_, bits| Value { type_, bits, ..Default::default() };
    let (run, divide) = (find(name!("run")), find(name!("divide")));
    call("run(82)", run, &[value(I64, 82)], 10_000);
    call("run(7)", run, &[value(I64, 7)], 10_000);
    call("run(7) with 50 gas", run, &[value(I64, 7)], 50);
    call("divide(1, 0)", divide, &[value(I32, 1), value(I32, 0)], 10_000);

    // A call that nobody waits for: another thread ends it.
    let spin = find(name!("spin"));
    let to_cancel = Handle(transaction);
    let other = std::thread::spawn(move || {
        let handle = to_cancel;
        unsafe { ingot_transaction_cancel(handle.0) }
    });
    let status = unsafe {
        ingot_call(store, spin, std::ptr::null(), 0, null_mut(), 0,
                   transaction, GAS_MAX, &mut outcome, null_mut())
    };
    other.join().unwrap();
    println!("spin: {}", if status == CANCELLED { "cancelled" } else { "?" });

    unsafe {
        ingot_transaction_free(transaction);
        ingot_store_free(store);
        ingot_program_free(program);
        ingot_compilation_free(compilation);
        ingot_engine_free(engine);
    }
}
