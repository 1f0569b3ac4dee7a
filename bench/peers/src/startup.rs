//! What it costs to begin: an instance with one empty call, an empty call of an
//! instance that is there, a host function's round trip, machine code from a
//! file's bytes to its first call, calls on two threads. wasmtime by Cranelift,
//! at its defaults but for the pooling allocator (and without it, to compare);
//! the others where their crates make instances.

use crate::clock::Stopwatch;
use crate::engine::Engine;
use crate::host::{Host, Kind};
use crate::by_wasmtime;
use anyhow::{anyhow, Result};
use std::sync::Barrier;
use std::time::{Duration, Instant};
use wasmtime::{
    Extern, ExternType, Func, InstanceAllocationStrategy, InstancePre, Linker, Module,
    PoolingAllocationConfig, Store, Strategy, Val,
};

const SAMPLE: Duration = Duration::from_millis(20);
const ROUNDS: usize = 9;
const HOST_CALLS: i32 = 100_000;

fn wasmtime_engine(pooled: bool) -> Result<wasmtime::Engine> {
    let mut config = by_wasmtime::config(Strategy::Cranelift, false);
    if pooled {
        let pool = PoolingAllocationConfig::default();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    wasmtime::Engine::new(&config).map_err(|e| anyhow!("{e:#}"))
}

/// The module with every imported function a stub, linked as far as it can be.
fn link(engine: &wasmtime::Engine, module: &Module) -> Result<InstancePre<()>> {
    let mut linker = Linker::<()>::new(engine);
    for import in module.imports() {
        let ExternType::Func(ty) = import.ty() else {
            return Err(anyhow!("imports {}.{}", import.module(), import.name()));
        };
        let types: Vec<_> = ty.results().collect();
        linker.allow_shadowing(true);
        linker
            .func_new(import.module(), import.name(), ty, move |_, _, results| {
                for (result, ty) in results.iter_mut().zip(&types) {
                    *result = Val::default_for_ty(ty).unwrap_or(Val::I32(0));
                }
                Ok(())
            })
            .map_err(|e| anyhow!("{e:#}"))?;
    }
    linker.instantiate_pre(module).map_err(|e| anyhow!("{e:#}"))
}

/// The least time of one of as many calls of `work` as fill a sample.
fn least(quick: bool, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    work()?;
    let begin = Stopwatch::start();
    work()?;
    let once = begin.elapsed().as_secs_f64().max(1e-9);
    let calls = ((SAMPLE.as_secs_f64() / once) as u32).clamp(1, 1_000_000);
    let mut least = f64::MAX;
    for _ in 0..if quick { 1 } else { ROUNDS } {
        let begin = Stopwatch::start();
        for _ in 0..calls {
            work()?;
        }
        least = least.min(begin.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }
    Ok(least)
}

fn instantiate_and_call(pre: &InstancePre<()>, entry: &str) -> Result<()> {
    let mut store = Store::new(pre.module().engine(), ());
    let instance = pre.instantiate(&mut store).map_err(|e| anyhow!("{e:#}"))?;
    let run = instance
        .get_typed_func::<(), ()>(&mut store, entry)
        .map_err(|e| anyhow!("{e:#}"))?;
    run.call(&mut store, ()).map_err(|e| anyhow!("{e:#}"))
}

fn by_crate(peer: &dyn Engine, bytes: &[u8], entry: &str, quick: bool) -> Result<f64> {
    let (module, _) = peer.compile(bytes)?;
    least(quick, || {
        let mut instance = module.instantiate(Host::new(Kind::Stubs, &[]))?;
        instance.prepare(entry, &[])?;
        instance.call().map(|_| ())
    })
}

/// Calls a second of `threads` threads, each with a store and an instance of its
/// own, and how long each took.
fn calls_per_second(pre: &InstancePre<()>, entry: &str, threads: usize) -> Result<f64> {
    const CALLS: u32 = 200_000;
    let barrier = Barrier::new(threads);
    let time = std::thread::scope(|scope| -> Result<Duration> {
        let mut running = Vec::new();
        for _ in 0..threads {
            running.push(scope.spawn(|| -> Result<Duration> {
                let mut store = Store::new(pre.module().engine(), ());
                let instance = pre.instantiate(&mut store).map_err(|e| anyhow!("{e:#}"))?;
                let run = instance
                    .get_typed_func::<(), ()>(&mut store, entry)
                    .map_err(|e| anyhow!("{e:#}"))?;
                barrier.wait();
                let begin = Instant::now();
                for _ in 0..CALLS {
                    run.call(&mut store, ()).map_err(|e| anyhow!("{e:#}"))?;
                }
                Ok(begin.elapsed())
            }));
        }
        let mut slowest = Duration::ZERO;
        for thread in running {
            let time = thread.join().map_err(|_| anyhow!("a thread panicked"))??;
            slowest = slowest.max(time);
        }
        Ok(slowest)
    })?;
    Ok(f64::from(CALLS) * threads as f64 / time.as_secs_f64())
}

fn print(figure: &str, engine: &str, result: Result<f64>) {
    match result {
        Ok(number) => println!("{figure}\t{engine}\t{number:.4}\t"),
        Err(error) => println!("{figure}\t{engine}\t0\t{error:#}"),
    }
}

/// `FIGURE ENGINE MICROSECONDS PROBLEM` of a module whose `entry` does nothing;
/// `threads-1` and `threads-2` are calls a second.
pub fn module(path: &str, entry: &str, quick: bool) -> Result<()> {
    let bytes = std::fs::read(path)?;
    println!("figure\tengine\tvalue\tproblem");
    for (name, pooled) in [("cranelift", true), ("cranelift-on-demand", false)] {
        let engine = wasmtime_engine(pooled)?;
        let module = Module::new(&engine, &bytes).map_err(|e| anyhow!("{e:#}"))?;
        let pre = link(&engine, &module)?;
        print("instance", name, least(quick, || instantiate_and_call(&pre, entry)));
        if !pooled {
            continue;
        }
        let mut store = Store::new(&engine, ());
        let instance = pre.instantiate(&mut store).map_err(|e| anyhow!("{e:#}"))?;
        let run = instance
            .get_typed_func::<(), ()>(&mut store, entry)
            .map_err(|e| anyhow!("{e:#}"))?;
        let call = || run.call(&mut store, ()).map_err(|e| anyhow!("{e:#}"));
        print("call", name, least(quick, call));

        let file = module.serialize().map_err(|e| anyhow!("{e:#}"))?;
        let load = || {
            // SAFETY: these bytes were serialized by this engine.
            let module = unsafe { Module::deserialize(&engine, &file) };
            let module = module.map_err(|e| anyhow!("{e:#}"))?;
            instantiate_and_call(&link(&engine, &module)?, entry)
        };
        print("load", name, least(quick, load));
        for (figure, threads) in [("threads-1", 1), ("threads-2", 2)] {
            let mut best = Ok(0.0);
            for _ in 0..if quick { 1 } else { 5 } {
                best = best.and_then(|best: f64| {
                    calls_per_second(&pre, entry, threads).map(|found| found.max(best))
                });
            }
            print(figure, name, best);
        }
    }
    for name in ["winch", "singlepass", "wasmi"] {
        print("instance", name, by_crate(&*crate::engine(name)?, &bytes, entry, quick));
    }
    Ok(())
}

/// The round trip of an imported function i32 -> i32, `entry` called with the
/// number of calls.
pub fn host_call(path: &str, entry: &str, quick: bool) -> Result<()> {
    println!("figure\tengine\tvalue\tproblem");
    let engine = wasmtime_engine(true)?;
    let bytes = std::fs::read(path)?;
    let module = Module::new(&engine, &bytes).map_err(|e| anyhow!("{e:#}"))?;
    let mut store = Store::new(&engine, ());
    let function = Func::wrap(&mut store, |x: i32| -> i32 { x.wrapping_add(1) });
    let instance = wasmtime::Instance::new(&mut store, &module, &[Extern::Func(function)])
        .map_err(|e| anyhow!("{e:#}"))?;
    let run = instance
        .get_typed_func::<i32, i32>(&mut store, entry)
        .map_err(|e| anyhow!("{e:#}"))?;
    let work = || {
        let result = run.call(&mut store, HOST_CALLS).map_err(|e| anyhow!("{e:#}"))?;
        anyhow::ensure!(result == HOST_CALLS, "returns {result}");
        Ok(())
    };
    let time = least(quick, work).map(|us| us / f64::from(HOST_CALLS));
    print("host", "cranelift", time);
    Ok(())
}
