//! The C interface as Rust sees it: `ingot.h`, declaration by declaration, as
//! far as the sample and the conformance program need it, and `check`. A panic
//! in a callback ends the process (`extern "C"` does not unwind).

#![allow(dead_code)]

use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::ptr;

pub const OK: i32 = 0;
pub const CANCELLED: i32 = 1;
pub const OUT_OF_RANGE: i32 = 11;
pub const NATIVE: u32 = 0;
pub const INTERPRETER: u32 = 1;
pub const GAS_MAX: u64 = 1 << 62;
pub const I32: u8 = 0x7F;
pub const I64: u8 = 0x7E;
pub const HOST_OK: i32 = 0;
pub const HOST_USER_ERROR: i32 = 1;
pub const HOST_TRAP: i32 = 2;
pub const HOST_OUT_OF_GAS: i32 = 3;
pub const HOST_FAULT: i32 = 4;
pub const HOST_REVERT: i32 = 5;
pub const RETURNED: u32 = 0;
pub const OUT_OF_GAS: u32 = 3;

// Handles are only pointed to.
macro_rules! handles {
    ($($name:ident)*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
}
handles!(Engine Compilation Program Transaction Store Caller Error);

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Value {
    pub type_: u8,
    pub reserved: [u8; 7],
    pub bits: u64,
}

#[repr(C)]
pub struct EngineOptions {
    pub size: u32,
    pub executor: u32,
    pub compile_executor: u32,
    pub compile_threads: u32,
    pub profile: *const u8,
    pub profile_size: u64,
    pub profile_toml: *const c_char,
    pub profile_toml_size: u64,
    pub store_folder: *const c_char,
}

#[repr(C)]
pub struct Verdict {
    pub size: u32,
    pub kind: u32,
    pub code: u32,
    pub function: u32,
    pub offset: u32,
    pub cached: u32,
    pub compile_gas: u64,
    pub artifact_bytes: u64,
    pub module_sha256: [u8; 32],
    pub compiler_sha256: [u8; 32],
    pub profile_sha256: [u8; 32],
    pub artifact_sha256: [u8; 32],
    pub code_name: *const c_char,
    pub message: *const c_char,
}

#[repr(C)]
pub struct Outcome {
    pub size: u32,
    pub kind: u32,
    pub phase: u32,
    pub trap: u32,
    pub function: u32,
    pub offset: u32,
    pub gas_limit: u64,
    pub gas_used: u64,
    pub revert_code: u64,
    pub result_count: u64,
    pub revert_message: *const c_char,
    pub revert_message_size: u64,
    pub frames: *const c_void,
    pub frame_count: u64,
}

/// A structure of zeros with its size set.
pub trait Sized32 {
    fn sized() -> Self;
}
macro_rules! sized {
    ($($name:ident)*) => { $(impl Sized32 for $name {
        fn sized() -> Self {
            // All fields are integers and pointers.
            let mut out: Self = unsafe { std::mem::zeroed() };
            out.size = std::mem::size_of::<Self>() as u32;
            out
        }
    })* };
}
sized!(EngineOptions Verdict Outcome);

pub type Callback = extern "C" fn(
    *mut c_void, *mut Caller, *const Value, usize, *mut Value, usize) -> i32;

extern "C" {
    pub fn ingot_error_message(error: *const Error) -> *const c_char;
    pub fn ingot_error_free(error: *mut Error);
    pub fn ingot_trap_name(trap: u32) -> *const c_char;
    pub fn ingot_engine_new(options: *const EngineOptions,
        out: *mut *mut Engine, error: *mut *mut Error) -> i32;
    pub fn ingot_engine_free(engine: *mut Engine);
    pub fn ingot_compile(engine: *mut Engine, module: *const u8, size: usize,
        gas_limit: u64, out: *mut *mut Compilation, error: *mut *mut Error)
        -> i32;
    pub fn ingot_compilation_verdict(compilation: *const Compilation,
        verdict: *mut Verdict) -> i32;
    pub fn ingot_compilation_artifact(compilation: *const Compilation,
        size: *mut usize) -> *const u8;
    pub fn ingot_compilation_free(compilation: *mut Compilation);
    pub fn ingot_program_load(engine: *mut Engine, artifact: *const u8,
        artifact_size: usize, module: *const u8, module_size: usize,
        out: *mut *mut Program, error: *mut *mut Error) -> i32;
    pub fn ingot_program_free(program: *mut Program);
    pub fn ingot_transaction_new(budget: *const c_void,
        out: *mut *mut Transaction, error: *mut *mut Error) -> i32;
    pub fn ingot_transaction_cancel(transaction: *mut Transaction);
    pub fn ingot_transaction_free(transaction: *mut Transaction);
    pub fn ingot_store_new(engine: *mut Engine, out: *mut *mut Store,
        error: *mut *mut Error) -> i32;
    pub fn ingot_store_free(store: *mut Store);
    pub fn ingot_store_define(store: *mut Store, module: *const c_char,
        name: *const c_char, params: *const u8, param_count: usize,
        results: *const u8, result_count: usize, callback: Callback,
        data: *mut c_void, drop: Option<extern "C" fn(*mut c_void)>,
        error: *mut *mut Error) -> i32;
    pub fn ingot_instantiate(store: *mut Store, program: *const Program,
        transaction: *mut Transaction, gas_limit: u64, instance: *mut u32,
        outcome: *mut Outcome, error: *mut *mut Error) -> i32;
    pub fn ingot_find_function(store: *mut Store, instance: u32,
        name: *const c_char, function: *mut u32, error: *mut *mut Error)
        -> i32;
    pub fn ingot_call(store: *mut Store, function: u32, args: *const Value,
        arg_count: usize, results: *mut Value, capacity: usize,
        transaction: *mut Transaction, gas_limit: u64, outcome: *mut Outcome,
        error: *mut *mut Error) -> i32;
    pub fn ingot_memory_read(store: *mut Store, instance: u32, address: u64,
        to: *mut u8, size: usize) -> i32;
    pub fn ingot_caller_gas_left(caller: *const Caller) -> u64;
    pub fn ingot_caller_charge(caller: *mut Caller, price: u64) -> i32;
    pub fn ingot_caller_read(caller: *mut Caller, address: u64, to: *mut u8,
        size: usize) -> i32;
    pub fn ingot_caller_write(caller: *mut Caller, address: u64,
        from: *const u8, size: usize) -> i32;
    pub fn ingot_caller_copy(caller: *mut Caller, to: u64, from: u64,
        size: u64) -> i32;
    pub fn ingot_caller_set_error(caller: *mut Caller, code: u64,
        message: *const c_char, size: usize);
}

/// A literal as C reads it.
#[macro_export]
macro_rules! name {
    ($text:expr) => { concat!($text, "\0").as_ptr() as *const c_char };
}

/// Ends the program at a fault of `call`, which is given where errors go.
pub fn check(call: impl FnOnce(*mut *mut Error) -> i32) {
    let mut error = ptr::null_mut();
    if call(&mut error) == OK {
        return;
    }
    let message = unsafe { CStr::from_ptr(ingot_error_message(error)) };
    eprintln!("{}", message.to_string_lossy());
    unsafe { ingot_error_free(error) };
    std::process::exit(3);
}
