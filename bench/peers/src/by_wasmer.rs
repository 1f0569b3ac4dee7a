//! wasmer's singlepass compiler, with and without its metering middleware.

use crate::clock::Stopwatch;
use crate::engine::{Engine, Exit, Instance, Module, Value, FUEL};
use crate::host::{Answer, Host};
use anyhow::{anyhow, bail, Result};
use std::sync::Arc;
use std::time::Duration;
use wasmer::sys::{CompilerConfig, EngineBuilder, Singlepass};
use wasmer::{
    AsStoreRef, Extern, ExternType, Function, FunctionEnv, FunctionEnvMut, Imports, Memory,
    RuntimeError, Store, Type,
};
use wasmer_middlewares::Metering;

pub struct Wasmer {
    name: &'static str,
    metered: bool,
}

impl Wasmer {
    pub fn new(name: &'static str, metered: bool) -> Wasmer {
        Wasmer { name, metered }
    }
}

struct Compiled {
    module: wasmer::Module,
    /// Of what wasmer would write to a file; it does not tell the code's own.
    serialized: usize,
    engine: wasmer::Engine,
}

struct Environment {
    host: Host,
    memory: Option<Memory>,
}

struct Running {
    store: Store,
    environment: FunctionEnv<Environment>,
    instance: wasmer::Instance,
    function: Option<Function>,
    args: Vec<wasmer::Value>,
}

impl Engine for Wasmer {
    fn name(&self) -> &'static str {
        self.name
    }

    /// The middleware serves one module, so there is an engine for each.
    fn compile(&self, bytes: &[u8]) -> Result<(Box<dyn Module>, Duration)> {
        let mut config = Singlepass::default();
        if self.metered {
            config.push_middleware(Arc::new(Metering::new(FUEL, |_: &_| 1)));
        }
        config.num_threads(std::num::NonZero::<usize>::MIN);
        let engine: wasmer::Engine = EngineBuilder::new(config).engine().into();
        let begin = Stopwatch::start_of_process();
        let module = wasmer::Module::new(&engine, bytes)?;
        let time = begin.elapsed();
        let serialized = module.serialize().map(|s| s.len()).unwrap_or(0);
        Ok((Box::new(Compiled { module, serialized, engine }), time))
    }
}

fn value(val: &wasmer::Value) -> Value {
    match val {
        wasmer::Value::I32(v) => Value::I32(*v as u32),
        wasmer::Value::I64(v) => Value::I64(*v as u64),
        wasmer::Value::F32(v) => Value::F32(v.to_bits()),
        wasmer::Value::F64(v) => Value::F64(v.to_bits()),
        _ => Value::Reference,
    }
}

fn val(ty: &Type, bits: u64) -> Result<wasmer::Value> {
    Ok(match ty {
        Type::I32 => wasmer::Value::I32(bits as i32),
        Type::I64 => wasmer::Value::I64(bits as i64),
        Type::F32 => wasmer::Value::F32(f32::from_bits(bits as u32)),
        Type::F64 => wasmer::Value::F64(f64::from_bits(bits)),
        _ => bail!("takes a reference"),
    })
}

impl Module for Compiled {
    fn code_bytes(&self) -> usize {
        self.serialized
    }

    fn instantiate(&self, host: Host) -> Result<Box<dyn Instance>> {
        let mut store = Store::new(self.engine.clone());
        let environment = FunctionEnv::new(&mut store, Environment { host, memory: None });
        let mut imports = Imports::new();
        for import in self.module.imports() {
            let found = environment.as_ref(&store).host.find(import.module(), import.name());
            let (Some(found), ExternType::Function(ty)) = (found, import.ty().clone()) else {
                bail!("imports {}.{}", import.module(), import.name());
            };
            let types = ty.results().to_vec();
            let function = Function::new_with_env(
                &mut store,
                &environment,
                &ty,
                move |mut caller: FunctionEnvMut<'_, Environment>, params: &[wasmer::Value]| {
                    let args: Vec<u64> = params.iter().map(|p| value(p).bits()).collect();
                    let (environment, store) = caller.data_and_store_mut();
                    let ended = match &environment.memory {
                        Some(memory) => {
                            let store = store.as_store_ref();
                            let view = memory.view(&store);
                            // SAFETY: the program waits for this host function,
                            // so nothing else touches its memory.
                            let bytes = unsafe { view.data_unchecked_mut() };
                            environment.host.call(found, &args, bytes)
                        }
                        None => environment.host.call(found, &args, &mut []),
                    };
                    match ended {
                        Answer::Exit(code) => Err(RuntimeError::user(Box::new(Exit(code)))),
                        Answer::Value(number) => types
                            .iter()
                            .map(|ty| val(ty, u64::from(number)))
                            .collect::<Result<Vec<_>>>()
                            .map_err(|e| RuntimeError::new(e.to_string())),
                    }
                },
            );
            imports.define(import.module(), import.name(), Extern::Function(function));
        }
        let instance = wasmer::Instance::new(&mut store, &self.module, &imports)?;
        let memory = instance.exports.iter().find_map(|(_, e)| match e {
            Extern::Memory(memory) => Some(memory.clone()),
            _ => None,
        });
        environment.as_mut(&mut store).memory = memory;
        Ok(Box::new(Running { store, environment, instance, function: None, args: vec![] }))
    }
}

impl Instance for Running {
    fn prepare(&mut self, export: &str, args: &[u64]) -> Result<()> {
        let function = self
            .instance
            .exports
            .get_function(export)
            .map_err(|_| anyhow!("no exported function {export}"))?
            .clone();
        self.args.clear();
        for (i, param) in function.ty(&self.store).params().iter().enumerate() {
            self.args.push(val(param, args.get(i).copied().unwrap_or(0))?);
        }
        self.function = Some(function);
        Ok(())
    }

    fn call(&mut self) -> Result<Vec<Value>> {
        let Some(function) = &self.function else { bail!("nothing prepared") };
        match function.call(&mut self.store, &self.args) {
            Ok(results) => Ok(results.iter().map(value).collect()),
            Err(error) => match error.downcast::<Exit>() {
                Ok(Exit(0)) => Ok(vec![]),
                Ok(exit) => bail!("{exit}"),
                Err(error) => bail!("traps: {}", error.message()),
            },
        }
    }

    fn host(&mut self) -> &mut Host {
        &mut self.environment.as_mut(&mut self.store).host
    }

    fn memory(&mut self) -> Vec<u8> {
        let memory = self.environment.as_ref(&self.store).memory.clone();
        memory
            .map(|m| m.view(&self.store).copy_to_vec().unwrap_or_default())
            .unwrap_or_default()
    }
}
