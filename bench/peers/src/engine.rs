//! What every peer can do, whichever crate it comes from. In: module bytes, a
//! host, calls. Out: modules, instances, results as bits. Holds: a peer runs at
//! its own defaults, on one thread; code that is metered has more fuel than any
//! kernel takes.

use crate::host::Host;
use anyhow::Result;
use std::time::Duration;

/// More than any kernel takes.
pub const FUEL: u64 = 1 << 62;

/// A value of a number type, as bits of that type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    Reference,
}

impl Value {
    pub fn bits(self) -> u64 {
        match self {
            Value::I32(bits) | Value::F32(bits) => u64::from(bits),
            Value::I64(bits) | Value::F64(bits) => bits,
            Value::Reference => 0,
        }
    }
}

/// `TYPE:BITS`, separated by spaces, as bench/figures writes results.
pub fn text(values: &[Value]) -> String {
    let words: Vec<String> = values
        .iter()
        .map(|value| match value {
            Value::I32(bits) => format!("i32:{bits}"),
            Value::I64(bits) => format!("i64:{bits}"),
            Value::F32(bits) => format!("f32:{bits}"),
            Value::F64(bits) => format!("f64:{bits}"),
            Value::Reference => "ref".to_string(),
        })
        .collect();
    words.join(" ")
}

/// The program's way out of its host function: WASI's exit.
#[derive(Debug)]
pub struct Exit(pub u32);

impl std::fmt::Display for Exit {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "ends with code {}", self.0)
    }
}

impl std::error::Error for Exit {}

pub trait Engine {
    fn name(&self) -> &'static str;
    /// Code that can be called, and the time from bytes to it.
    fn compile(&self, bytes: &[u8]) -> Result<(Box<dyn Module>, Duration)>;
}

pub trait Module {
    /// Of machine code, or 0 where the crate does not tell.
    fn code_bytes(&self) -> usize;
    fn instantiate(&self, host: Host) -> Result<Box<dyn Instance>>;
}

pub trait Instance {
    /// Chooses what `call` calls; missing arguments are 0.
    fn prepare(&mut self, export: &str, args: &[u64]) -> Result<()>;
    /// The results, and whether the program left by `proc_exit(0)`. A trap is an
    /// error.
    fn call(&mut self) -> Result<Vec<Value>>;
    fn host(&mut self) -> &mut Host;
    /// The whole exported or only memory.
    fn memory(&mut self) -> Vec<u8>;
}
