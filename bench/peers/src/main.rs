//! Other engines beside Ingot, for bench/run (see README.md). In: a mode and
//! module files. Out: lines of columns separated by tabs. Holds: every engine
//! gets the same bytes, the same host and the same calls; a line without a time
//! says why.

mod by_wasmer;
mod by_wasmi;
mod by_wasmtime;
mod clock;
mod engine;
mod host;
mod startup;
mod times;

use anyhow::{bail, Result};
use engine::Engine;
use host::Kind;
use times::{Call, Kernel};
use wasmtime::Strategy;

const USAGE: &str = "usage:
  peers compile [--quick] [ENGINE,...]       module paths on standard input
  peers run [--quick] [--engines LIST] MODULE HOST ARGV CALLS REPEATABLE
  peers startup [--quick] MODULE ENTRY
  peers host-call [--quick] MODULE ENTRY
  peers once ENGINE MODULE
  peers bomb [--seconds N] MODULE...
  peers call [--engine NAME] [--host HOST] [--memory] MODULE CALLS
HOST is none, wasi or stubs; CALLS is \"EXPORT BITS...; EXPORT BITS...\", of
which `run` times the last; ENGINE is one of
  cranelift cranelift-fuel winch winch-fuel singlepass singlepass-metered wasmi";

pub const ENGINES: [&str; 7] = [
    "cranelift",
    "cranelift-fuel",
    "winch",
    "winch-fuel",
    "singlepass",
    "singlepass-metered",
    "wasmi",
];

fn engine(name: &str) -> Result<Box<dyn Engine>> {
    use by_wasmtime::Wasmtime;
    Ok(match name {
        "cranelift" => Box::new(Wasmtime::new("cranelift", Strategy::Cranelift, false)?),
        "cranelift-fuel" => Box::new(Wasmtime::new("cranelift-fuel", Strategy::Cranelift, true)?),
        "winch" => Box::new(Wasmtime::new("winch", Strategy::Winch, false)?),
        "winch-fuel" => Box::new(Wasmtime::new("winch-fuel", Strategy::Winch, true)?),
        "singlepass" => Box::new(by_wasmer::Wasmer::new("singlepass", false)),
        "singlepass-metered" => Box::new(by_wasmer::Wasmer::new("singlepass-metered", true)),
        "wasmi" => Box::new(by_wasmi::Wasmi::new()),
        _ => bail!("no engine is called {name}"),
    })
}

fn engines(list: Option<&str>) -> Result<Vec<Box<dyn Engine>>> {
    match list {
        None => ENGINES.iter().map(|name| engine(name)).collect(),
        Some(names) => names.split(',').map(engine).collect(),
    }
}

fn kind(name: &str) -> Result<Kind> {
    Ok(match name {
        "none" => Kind::None,
        "wasi" => Kind::Wasi,
        "stubs" => Kind::Stubs,
        _ => bail!("no host is called {name}"),
    })
}

fn calls(text: &str) -> Result<Vec<Call>> {
    let mut calls = Vec::new();
    for part in text.split(';') {
        let mut words = part.split_whitespace();
        let Some(export) = words.next() else { continue };
        let args = words.map(bits).collect::<Result<Vec<u64>>>()?;
        calls.push(Call { export: export.to_string(), args });
    }
    Ok(calls)
}

fn bits(word: &str) -> Result<u64> {
    Ok(match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16)?,
        None => match word.parse::<u64>() {
            Ok(number) => number,
            Err(_) => word.parse::<i64>()? as u64,
        },
    })
}

/// Takes `--name VALUE` out of the arguments.
fn option(args: &mut Vec<String>, name: &str) -> Result<Option<String>> {
    let Some(at) = args.iter().position(|arg| arg == name) else { return Ok(None) };
    if at + 1 >= args.len() {
        bail!("{name} needs a value");
    }
    args.remove(at);
    Ok(Some(args.remove(at)))
}

fn flag(args: &mut Vec<String>, name: &str) -> bool {
    let at = args.iter().position(|arg| arg == name);
    at.map(|at| args.remove(at)).is_some()
}

fn run(mut args: Vec<String>) -> Result<()> {
    if args.is_empty() {
        bail!("{USAGE}");
    }
    let mode = args.remove(0);
    let quick = flag(&mut args, "--quick");
    match mode.as_str() {
        "compile" => times::compile(&engines(args.first().map(|s| s.as_str()))?, quick),
        "run" => {
            let list = option(&mut args, "--engines")?;
            let [module, host, argv, steps, repeatable] = args.as_slice() else {
                bail!("{USAGE}");
            };
            let mut before = calls(steps)?;
            let Some(timed) = before.pop() else { bail!("no call") };
            let kernel = Kernel {
                bytes: std::fs::read(module)?,
                host: kind(host)?,
                argv: argv.split_whitespace().map(str::to_string).collect(),
                before,
                timed,
                repeatable: repeatable == "yes",
            };
            times::run(&engines(list.as_deref())?, &kernel, quick);
            Ok(())
        }
        "startup" => {
            let [module, entry] = args.as_slice() else { bail!("{USAGE}") };
            startup::module(module, entry, quick)
        }
        "host-call" => {
            let [module, entry] = args.as_slice() else { bail!("{USAGE}") };
            startup::host_call(module, entry, quick)
        }
        "once" => {
            let [name, module] = args.as_slice() else { bail!("{USAGE}") };
            times::once(&*engine(name)?, module)
        }
        "bomb" => {
            let seconds = option(&mut args, "--seconds")?.unwrap_or("60".to_string());
            times::bombs(&args, seconds.parse()?)
        }
        "call" => {
            let name = option(&mut args, "--engine")?.unwrap_or("cranelift".to_string());
            let host = option(&mut args, "--host")?.unwrap_or("none".to_string());
            let memory = flag(&mut args, "--memory");
            let [module, steps] = args.as_slice() else { bail!("{USAGE}") };
            times::call(&*engine(&name)?, module, kind(&host)?, &calls(steps)?, memory)
        }
        _ => bail!("{USAGE}"),
    }
}

fn main() {
    if let Err(error) = run(std::env::args().skip(1).collect()) {
        eprintln!("peers: {error:#}");
        std::process::exit(2);
    }
}
