//! Compile times, run times, and what one module does. Times are the least of
//! several rounds; a timed part lasts at least 20 ms, by calls of one instance
//! where they can be repeated, by new instances where not.

use crate::clock::Stopwatch;
use crate::engine::{text, Engine, Instance, Module, Value};
use crate::host::{Host, Kind};
use crate::ENGINES;
use anyhow::{bail, Result};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SAMPLE: Duration = Duration::from_millis(20);
const ROUNDS: usize = 7;
/// A module that takes longer than this has two rounds.
const LONG_COMPILATION: Duration = Duration::from_secs(1);
const SHORT_COMPILATIONS: Duration = Duration::from_millis(100);
/// An engine whose first call takes longer has this one sample only.
const LONG_CALL: Duration = Duration::from_secs(2);
const MOST_CALLS: u32 = 100_000;

pub struct Call {
    pub export: String,
    pub args: Vec<u64>,
}

pub struct Kernel {
    pub bytes: Vec<u8>,
    pub host: Kind,
    pub argv: Vec<String>,
    pub before: Vec<Call>,
    pub timed: Call,
    /// Whether a second call of an instance does the same work as the first.
    pub repeatable: bool,
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// One line for the reason, without what would end it.
fn reason(error: &anyhow::Error) -> String {
    format!("{error:#}").replace(['\t', '\n'], " ")
}

/// `PATH ENGINE MICROSECONDS CODE_BYTES PROBLEM` for each path and engine.
pub fn compile(engines: &[Box<dyn Engine>], quick: bool) -> Result<()> {
    let mut paths = String::new();
    std::io::stdin().read_to_string(&mut paths)?;
    println!("module\tengine\tus\tcode_bytes\tproblem");
    for path in paths.lines().filter(|line| !line.is_empty()) {
        let bytes = std::fs::read(path)?;
        for engine in engines {
            let name = engine.name();
            match compile_rounds(&**engine, &bytes, quick) {
                Ok((time, size)) => println!("{path}\t{name}\t{:.1}\t{size}\t", microseconds(time)),
                Err(error) => println!("{path}\t{name}\t0\t0\t{}", reason(&error)),
            }
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn compile_rounds(engine: &dyn Engine, bytes: &[u8], quick: bool) -> Result<(Duration, usize)> {
    let (module, mut least) = engine.compile(bytes)?;
    let size = module.code_bytes();
    let mut all = least;
    let mut rounds = 1;
    while !quick && (rounds < 6 || all < SHORT_COMPILATIONS) {
        if rounds >= 2 && all > LONG_COMPILATION {
            break;
        }
        let (_, time) = engine.compile(bytes)?;
        least = least.min(time);
        all += time;
        rounds += 1;
    }
    Ok((least, size))
}

/// `ENGINE MICROSECONDS RESULTS MEMORY PROBLEM` for each engine.
pub fn run(engines: &[Box<dyn Engine>], kernel: &Kernel, quick: bool) {
    println!("engine\tus\tresults\tmemory\tproblem");
    for engine in engines {
        let name = engine.name();
        match run_rounds(&**engine, kernel, quick) {
            Ok((time, results, memory)) => {
                println!("{name}\t{:.3}\t{}\t{memory}\t", microseconds(time), text(&results));
            }
            Err(error) => println!("{name}\t0\t\t\t{}", reason(&error)),
        }
    }
}

struct Prepared<'a> {
    kernel: &'a Kernel,
    instance: Box<dyn Instance>,
}

impl<'a> Prepared<'a> {
    fn new(module: &dyn Module, kernel: &'a Kernel) -> Result<Prepared<'a>> {
        let host = Host::new(kernel.host, &kernel.argv);
        let mut instance = module.instantiate(host)?;
        for step in &kernel.before {
            instance.prepare(&step.export, &step.args)?;
            instance.call()?;
        }
        instance.prepare(&kernel.timed.export, &kernel.timed.args)?;
        Ok(Prepared { kernel, instance })
    }

    /// A call, and its time or that between the program's marks.
    fn call(&mut self) -> Result<(Vec<Value>, Duration)> {
        self.instance.host().marked = None;
        let begin = Stopwatch::start();
        let results = self.instance.call()?;
        let time = begin.elapsed();
        Ok((results, self.instance.host().marked.unwrap_or(time)))
    }

    /// The time of one of `calls` calls after the first.
    fn repeat(&mut self, calls: u32) -> Result<Duration> {
        debug_assert!(self.kernel.repeatable);
        let begin = Stopwatch::start();
        for _ in 0..calls {
            self.instance.call()?;
        }
        Ok(begin.elapsed() / calls)
    }
}

fn run_rounds(
    engine: &dyn Engine,
    kernel: &Kernel,
    quick: bool,
) -> Result<(Duration, Vec<Value>, String)> {
    let (module, _) = engine.compile(&kernel.bytes)?;
    let mut prepared = Prepared::new(&*module, kernel)?;
    let (results, first) = prepared.call()?;
    let memory = hex(&Sha256::digest(prepared.instance.memory()));
    let mut least = first;
    if !quick && first < LONG_CALL {
        let mut calls = 1;
        if kernel.repeatable {
            let (_, again) = prepared.call()?;
            let wanted = SAMPLE.as_secs_f64() / again.as_secs_f64().max(1e-9);
            calls = (wanted as u32 + 1).clamp(1, MOST_CALLS);
        }
        drop(prepared);
        let mut rounds = 0;
        let mut all = Duration::ZERO;
        while rounds < 3 || (rounds < ROUNDS && all < Duration::from_millis(1500)) {
            let time = sample(&*module, kernel, calls, &results)?;
            least = if rounds == 0 { time } else { least.min(time) };
            all += time * calls;
            rounds += 1;
        }
    }
    Ok((least, results, memory))
}

fn sample(
    module: &dyn Module,
    kernel: &Kernel,
    calls: u32,
    wanted: &[Value],
) -> Result<Duration> {
    if calls > 1 {
        let mut prepared = Prepared::new(module, kernel)?;
        prepared.call()?;
        return prepared.repeat(calls);
    }
    let mut all = Duration::ZERO;
    let mut count = 0;
    while count == 0 || all < SAMPLE {
        let (results, time) = Prepared::new(module, kernel)?.call()?;
        if results != wanted {
            bail!("returns {} and then {}", text(wanted), text(&results));
        }
        // A program whose marked part takes no time has no 20 ms to fill.
        all += time.max(Duration::from_micros(20));
        count += 1;
    }
    Ok(all / count)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `MICROSECONDS PEAK_KB` of one compilation in a fresh process.
pub fn once(engine: &dyn Engine, path: &str) -> Result<()> {
    let bytes = std::fs::read(path)?;
    let before = peak_kilobytes();
    let (module, time) = engine.compile(&bytes)?;
    println!("{:.1}\t{}", microseconds(time), peak_kilobytes().saturating_sub(before));
    drop(module);
    Ok(())
}

fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let word = line.and_then(|rest| rest.split_whitespace().next());
    word.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// `MODULE ENGINE MICROSECONDS PEAK_KB PROBLEM` of each module under each engine,
/// in a process of its own that is ended after some seconds.
pub fn bombs(paths: &[String], seconds: u64) -> Result<()> {
    println!("module\tengine\tus\tpeak_kb\tproblem");
    let me = std::env::current_exe()?;
    for path in paths {
        for name in ENGINES {
            let mut child = Command::new(&me)
                .args(["once", name, path])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?;
            let begin = Instant::now();
            let ended = loop {
                match child.try_wait()? {
                    Some(_) => break true,
                    None if begin.elapsed().as_secs() >= seconds => break false,
                    None => std::thread::sleep(Duration::from_millis(5)),
                }
            };
            if !ended {
                child.kill()?;
            }
            let output = child.wait_with_output()?;
            let out = String::from_utf8_lossy(&output.stdout);
            if !ended {
                println!("{path}\t{name}\t0\t0\tover {seconds} s");
            } else if output.status.success() {
                println!("{path}\t{name}\t{}\t", out.trim_end());
            } else {
                let error = String::from_utf8_lossy(&output.stderr);
                let first = error.lines().next().unwrap_or("").replace('\t', " ");
                println!("{path}\t{name}\t0\t0\t{}: {first}", output.status);
            }
            std::io::stdout().flush()?;
        }
    }
    Ok(())
}

/// `EXPORT RESULTS PROBLEM` of each call of one instance; a trap ends none of
/// those behind it. With `memory` a last line: the SHA-256 of the memory.
pub fn call(
    engine: &dyn Engine,
    path: &str,
    host: Kind,
    calls: &[Call],
    memory: bool,
) -> Result<()> {
    let (module, _) = engine.compile(&std::fs::read(path)?)?;
    let mut instance = module.instantiate(Host::new(host, &[]))?;
    println!("export\tresults\tproblem");
    for call in calls {
        let outcome =
            instance.prepare(&call.export, &call.args).and_then(|()| instance.call());
        match outcome {
            Ok(results) => println!("{}\t{}\t", call.export, text(&results)),
            Err(error) => println!("{}\t\t{}", call.export, reason(&error)),
        }
    }
    if memory {
        println!("memory\t{}\t", hex(&Sha256::digest(instance.memory())));
    }
    Ok(())
}
