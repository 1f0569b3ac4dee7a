//! wasmi, an interpreter; translated at once, so that compile times compare.

use crate::clock::Stopwatch;
use crate::engine::{Engine, Exit, Instance, Module, Value};
use crate::host::{Answer, Host};
use anyhow::{anyhow, bail, Result};
use std::time::Duration;
use wasmi::{Caller, Config, Extern, ExternType, Func, Linker, Store, Val, ValType};

pub struct Wasmi {
    engine: wasmi::Engine,
}

impl Wasmi {
    pub fn new() -> Wasmi {
        let mut config = Config::default();
        config.compilation_mode(wasmi::CompilationMode::Eager);
        Wasmi { engine: wasmi::Engine::new(&config) }
    }
}

struct Compiled {
    module: wasmi::Module,
}

struct Running {
    store: Store<Host>,
    instance: wasmi::Instance,
    function: Option<Func>,
    args: Vec<Val>,
    results: Vec<Val>,
}

/// What wasmi lets through host functions must say that it is a host's error.
#[derive(Debug)]
struct HostExit(Exit);

impl std::fmt::Display for HostExit {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(to)
    }
}

impl wasmi::errors::HostError for HostExit {}

impl Engine for Wasmi {
    fn name(&self) -> &'static str {
        "wasmi"
    }

    fn compile(&self, bytes: &[u8]) -> Result<(Box<dyn Module>, Duration)> {
        let begin = Stopwatch::start_of_process();
        let module = wasmi::Module::new(&self.engine, bytes).map_err(|e| anyhow!("{e}"))?;
        let time = begin.elapsed();
        Ok((Box::new(Compiled { module }), time))
    }
}

fn value(val: &Val) -> Value {
    match val {
        Val::I32(v) => Value::I32(*v as u32),
        Val::I64(v) => Value::I64(*v as u64),
        Val::F32(v) => Value::F32(v.to_bits()),
        Val::F64(v) => Value::F64(v.to_bits()),
        _ => Value::Reference,
    }
}

fn val(ty: &ValType, bits: u64) -> Result<Val> {
    Ok(match ty {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits as i64),
        ValType::F32 => Val::F32(wasmi::F32::from_bits(bits as u32)),
        ValType::F64 => Val::F64(wasmi::F64::from_bits(bits)),
        _ => bail!("takes a reference"),
    })
}

impl Module for Compiled {
    fn code_bytes(&self) -> usize {
        0
    }

    fn instantiate(&self, host: Host) -> Result<Box<dyn Instance>> {
        let engine = self.module.engine();
        let mut store = Store::new(engine, host);
        let mut linker = Linker::<Host>::new(engine);
        for import in self.module.imports() {
            let found = store.data().find(import.module(), import.name());
            let (Some(found), ExternType::Func(ty)) = (found, import.ty()) else {
                bail!("imports {}.{}", import.module(), import.name());
            };
            let types = ty.results().to_vec();
            let function = Func::new(
                &mut store,
                ty.clone(),
                move |mut caller: Caller<'_, Host>, params: &[Val], results: &mut [Val]| {
                    let args: Vec<u64> = params.iter().map(|p| value(p).bits()).collect();
                    let ended = match caller.get_export("memory") {
                        Some(Extern::Memory(memory)) => {
                            let (bytes, host) = memory.data_and_store_mut(&mut caller);
                            host.call(found, &args, bytes)
                        }
                        _ => caller.data_mut().call(found, &args, &mut []),
                    };
                    match ended {
                        Answer::Exit(code) => Err(wasmi::Error::host(HostExit(Exit(code)))),
                        Answer::Value(number) => {
                            for (result, ty) in results.iter_mut().zip(&types) {
                                if let Ok(bits) = val(ty, u64::from(number)) {
                                    *result = bits;
                                }
                            }
                            Ok(())
                        }
                    }
                },
            );
            // A module may import one function twice.
            let _ = linker.define(import.module(), import.name(), function);
        }
        let instance = linker
            .instantiate_and_start(&mut store, &self.module)
            .map_err(|e| anyhow!("{e}"))?;
        Ok(Box::new(Running { store, instance, function: None, args: vec![], results: vec![] }))
    }
}

impl Instance for Running {
    fn prepare(&mut self, export: &str, args: &[u64]) -> Result<()> {
        let Some(function) = self.instance.get_func(&self.store, export) else {
            bail!("no exported function {export}");
        };
        let ty = function.ty(&self.store);
        self.args.clear();
        for (i, param) in ty.params().iter().enumerate() {
            self.args.push(val(param, args.get(i).copied().unwrap_or(0))?);
        }
        self.results = vec![Val::I32(0); ty.results().len()];
        self.function = Some(function);
        Ok(())
    }

    fn call(&mut self) -> Result<Vec<Value>> {
        let Some(function) = self.function else { bail!("nothing prepared") };
        match function.call(&mut self.store, &self.args, &mut self.results) {
            Ok(()) => Ok(self.results.iter().map(value).collect()),
            Err(error) => match error.downcast_ref::<HostExit>() {
                Some(HostExit(Exit(0))) => Ok(vec![]),
                Some(HostExit(exit)) => bail!("{exit}"),
                None => bail!("traps: {error}"),
            },
        }
    }

    fn host(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    fn memory(&mut self) -> Vec<u8> {
        let memory = self.instance.exports(&self.store).find_map(|e| e.into_memory());
        memory.map(|m| m.data(&self.store).to_vec()).unwrap_or_default()
    }
}
