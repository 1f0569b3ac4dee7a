//! wasmtime: Cranelift and Winch, each with and without fuel.

use crate::clock::Stopwatch;
use crate::engine::{Engine, Exit, Instance, Module, Value, FUEL};
use crate::host::{Answer, Host, Import};
use anyhow::{anyhow, bail, Result};
use std::time::Duration;
use wasmtime::{Caller, Config, Extern, ExternType, Func, FuncType, Store, Strategy, Val, ValType};

pub struct Wasmtime {
    name: &'static str,
    engine: wasmtime::Engine,
    fuel: bool,
}

/// Defaults but for what is measured: one thread, this compiler, fuel or none.
pub fn config(strategy: Strategy, fuel: bool) -> Config {
    let mut config = Config::new();
    config.strategy(strategy);
    config.consume_fuel(fuel);
    config
}

impl Wasmtime {
    pub fn new(name: &'static str, strategy: Strategy, fuel: bool) -> Result<Wasmtime> {
        let engine = wasmtime::Engine::new(&config(strategy, fuel)).map_err(|e| anyhow!("{e}"))?;
        Ok(Wasmtime { name, engine, fuel })
    }
}

struct Compiled {
    module: wasmtime::Module,
    fuel: bool,
}

struct Running {
    store: Store<Host>,
    instance: wasmtime::Instance,
    function: Option<Func>,
    args: Vec<Val>,
    results: Vec<Val>,
}

impl Engine for Wasmtime {
    fn name(&self) -> &'static str {
        self.name
    }

    fn compile(&self, bytes: &[u8]) -> Result<(Box<dyn Module>, Duration)> {
        let begin = Stopwatch::start_of_process();
        let module = wasmtime::Module::new(&self.engine, bytes).map_err(|e| anyhow!("{e:#}"))?;
        let time = begin.elapsed();
        Ok((Box::new(Compiled { module, fuel: self.fuel }), time))
    }
}

fn value(val: &Val) -> Value {
    match val {
        Val::I32(v) => Value::I32(*v as u32),
        Val::I64(v) => Value::I64(*v as u64),
        Val::F32(v) => Value::F32(*v),
        Val::F64(v) => Value::F64(*v),
        _ => Value::Reference,
    }
}

fn val(ty: &ValType, bits: u64) -> Result<Val> {
    Ok(match ty {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits as i64),
        ValType::F32 => Val::F32(bits as u32),
        ValType::F64 => Val::F64(bits),
        _ => bail!("takes a reference"),
    })
}

/// Stubs of the plainest types go by the fast way that a host would take.
fn stub(store: &mut Store<Host>, ty: &FuncType) -> Option<Func> {
    let params: Vec<ValType> = ty.params().collect();
    let plain = params.iter().all(|p| matches!(p, ValType::I32));
    match (plain, params.len(), ty.results().len()) {
        (true, 0, 0) => Some(Func::wrap(store, || {})),
        (true, 1, 0) => Some(Func::wrap(store, |_: i32| {})),
        _ => None,
    }
}

fn answer(
    caller: &mut Caller<'_, Host>,
    import: Import,
    types: &[ValType],
    params: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let args: Vec<u64> = params.iter().map(|p| value(p).bits()).collect();
    let ended = match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => {
            let (bytes, host) = memory.data_and_store_mut(&mut *caller);
            host.call(import, &args, bytes)
        }
        _ => caller.data_mut().call(import, &args, &mut []),
    };
    match ended {
        Answer::Exit(code) => Err(wasmtime::Error::new(Exit(code))),
        Answer::Value(number) => {
            for (result, ty) in results.iter_mut().zip(types) {
                // A reference is null.
                *result = val(ty, u64::from(number))
                    .ok()
                    .or_else(|| Val::default_for_ty(ty))
                    .ok_or_else(|| wasmtime::Error::msg("returns no null"))?;
            }
            Ok(())
        }
    }
}

impl Module for Compiled {
    fn code_bytes(&self) -> usize {
        self.module.text().len()
    }

    fn instantiate(&self, host: Host) -> Result<Box<dyn Instance>> {
        let mut store = Store::new(self.module.engine(), host);
        if self.fuel {
            store.set_fuel(FUEL).map_err(|e| anyhow!("{e}"))?;
        }
        let mut imports = Vec::new();
        for import in self.module.imports() {
            let found = store.data().find(import.module(), import.name());
            let (Some(found), ExternType::Func(ty)) = (found, import.ty()) else {
                bail!("imports {}.{}", import.module(), import.name());
            };
            let quick = if found == Import::Stub { stub(&mut store, &ty) } else { None };
            let function = match quick {
                Some(function) => function,
                None => {
                    let types: Vec<ValType> = ty.results().collect();
                    Func::new(&mut store, ty, move |mut caller, params, results| {
                        answer(&mut caller, found, &types, params, results)
                    })
                }
            };
            imports.push(Extern::Func(function));
        }
        let instance = wasmtime::Instance::new(&mut store, &self.module, &imports)
            .map_err(|e| anyhow!("{e:#}"))?;
        Ok(Box::new(Running { store, instance, function: None, args: vec![], results: vec![] }))
    }
}

impl Instance for Running {
    fn prepare(&mut self, export: &str, args: &[u64]) -> Result<()> {
        let Some(function) = self.instance.get_func(&mut self.store, export) else {
            bail!("no exported function {export}");
        };
        let ty = function.ty(&self.store);
        self.args.clear();
        for (i, param) in ty.params().enumerate() {
            self.args.push(val(&param, args.get(i).copied().unwrap_or(0))?);
        }
        self.results = vec![Val::I32(0); ty.results().len()];
        self.function = Some(function);
        Ok(())
    }

    fn call(&mut self) -> Result<Vec<Value>> {
        let Some(function) = self.function else { bail!("nothing prepared") };
        match function.call(&mut self.store, &self.args, &mut self.results) {
            Ok(()) => Ok(self.results.iter().map(value).collect()),
            Err(error) => match error.downcast_ref::<Exit>() {
                Some(Exit(0)) => Ok(vec![]),
                Some(Exit(code)) => bail!("ends with code {code}"),
                None => match error.downcast_ref::<wasmtime::Trap>() {
                    Some(trap) => bail!("traps: {trap}"),
                    None => bail!("{error:#}"),
                },
            },
        }
    }

    fn host(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    fn memory(&mut self) -> Vec<u8> {
        let memories: Vec<_> =
            self.instance.exports(&mut self.store).filter_map(|e| e.into_memory()).collect();
        memories.first().map(|m| m.data(&self.store).to_vec()).unwrap_or_default()
    }
}
