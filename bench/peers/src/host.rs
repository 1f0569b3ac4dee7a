//! The surroundings of a kernel: the same deterministic subset of WASI that
//! Ingot's own host answers (no files, no clock, standard input at its end),
//! the marks of benchmarks, and stubs that answer 0. In: a call of an import,
//! its arguments, the caller's memory. Out: an answer. Holds: an answer depends
//! on the program's arguments only, and is the same under every engine.

use crate::clock::Stopwatch;
use std::time::Duration;

const SUCCESS: u32 = 0;
const BADF: u32 = 8;
const FAULT: u32 = 21;
const INVAL: u32 = 28;
const NOSYS: u32 = 52;
const SPIPE: u32 = 70;

/// What answers the imports of a module.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    None,
    Wasi,
    Stubs,
}

/// An import that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Import {
    ArgsGet,
    ArgsSizesGet,
    EnvironSizesGet,
    ClockResGet,
    ClockTimeGet,
    FdClose,
    FdFdstatGet,
    FdRead,
    FdWrite,
    NotSeekable,
    ProcExit,
    RandomGet,
    Constant(u32),
    BenchMark(bool),
    Stub,
}

/// How a host function ended: with a value, if the function has one, or by the
/// program's end.
pub enum Answer {
    Value(u32),
    Exit(u32),
}

pub struct Host {
    kind: Kind,
    args: Vec<String>,
    since_mark: Option<Stopwatch>,
    /// Time between the marks of the program; none: it made none.
    pub marked: Option<Duration>,
}

fn range(memory: &mut [u8], at: u32, size: u64) -> Option<&mut [u8]> {
    let begin = at as usize;
    memory.get_mut(begin..begin.checked_add(size as usize)?)
}

fn store(memory: &mut [u8], at: u32, bytes: &[u8]) -> bool {
    match range(memory, at, bytes.len() as u64) {
        Some(to) => {
            to.copy_from_slice(bytes);
            true
        }
        None => false,
    }
}

fn load32(memory: &[u8], at: usize) -> Option<u32> {
    let bytes = memory.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn errno(stored: bool) -> u32 {
    if stored {
        SUCCESS
    } else {
        FAULT
    }
}

impl Host {
    pub fn new(kind: Kind, args: &[String]) -> Host {
        Host { kind, args: args.to_vec(), since_mark: None, marked: None }
    }

    /// What stands behind an imported function; none: it is not provided.
    pub fn find(&self, module: &str, name: &str) -> Option<Import> {
        if self.kind == Kind::Stubs {
            return Some(Import::Stub);
        }
        if self.kind == Kind::None {
            return None;
        }
        if module == "bench" {
            return match name {
                "start" => Some(Import::BenchMark(true)),
                "end" => Some(Import::BenchMark(false)),
                _ => None,
            };
        }
        if module != "wasi_snapshot_preview1" && module != "wasi_unstable" {
            return None;
        }
        Some(match name {
            "args_get" => Import::ArgsGet,
            "args_sizes_get" => Import::ArgsSizesGet,
            "environ_get" | "sched_yield" => Import::Constant(SUCCESS),
            "environ_sizes_get" => Import::EnvironSizesGet,
            "clock_res_get" => Import::ClockResGet,
            "clock_time_get" => Import::ClockTimeGet,
            "fd_close" => Import::FdClose,
            "fd_fdstat_get" => Import::FdFdstatGet,
            "fd_read" => Import::FdRead,
            "fd_write" => Import::FdWrite,
            "fd_pread" | "fd_pwrite" | "fd_seek" | "fd_tell" => Import::NotSeekable,
            "proc_exit" => Import::ProcExit,
            "random_get" => Import::RandomGet,
            "path_symlink" | "poll_oneoff" | "proc_raise" => Import::Constant(NOSYS),
            _ if ["fd_", "path_", "sock_"].iter().any(|p| name.starts_with(p)) => {
                Import::Constant(BADF)
            }
            _ => return None,
        })
    }

    pub fn call(&mut self, import: Import, args: &[u64], memory: &mut [u8]) -> Answer {
        let arg = |i: usize| args[i] as u32;
        Answer::Value(match import {
            Import::Stub => 0,
            Import::Constant(value) => value,
            Import::BenchMark(starts) => {
                self.mark(starts);
                0
            }
            Import::ArgsGet => errno(self.args_get(arg(0), arg(1), memory)),
            Import::ArgsSizesGet => {
                let bytes: usize = self.args.iter().map(|a| a.len() + 1).sum();
                let count = self.args.len() as u32;
                errno(
                    store(memory, arg(0), &count.to_le_bytes())
                        && store(memory, arg(1), &(bytes as u32).to_le_bytes()),
                )
            }
            Import::EnvironSizesGet => {
                errno(store(memory, arg(0), &[0; 4]) && store(memory, arg(1), &[0; 4]))
            }
            Import::ClockResGet if arg(0) > 3 => INVAL,
            Import::ClockResGet => errno(store(memory, arg(1), &1u64.to_le_bytes())),
            Import::ClockTimeGet if arg(0) > 3 => INVAL,
            Import::ClockTimeGet => errno(store(memory, arg(2), &[0; 8])),
            Import::FdClose if arg(0) > 2 => BADF,
            Import::FdClose => SUCCESS,
            Import::FdFdstatGet if arg(0) > 2 => BADF,
            Import::FdFdstatGet => {
                let mut status = [0u8; 24];
                status[0] = 2;
                let rights: u64 = if arg(0) == 0 { 1 << 1 } else { 1 << 6 };
                status[8..16].copy_from_slice(&rights.to_le_bytes());
                errno(store(memory, arg(1), &status))
            }
            Import::FdRead if arg(0) != 0 => BADF,
            Import::FdRead => errno(store(memory, arg(3), &[0; 4])),
            Import::FdWrite if arg(0) != 1 && arg(0) != 2 => BADF,
            Import::FdWrite => errno(Host::fd_write(arg(1), arg(2), arg(3), memory)),
            Import::NotSeekable if arg(0) > 2 => BADF,
            Import::NotSeekable => SPIPE,
            Import::ProcExit => return Answer::Exit(arg(0)),
            Import::RandomGet => match range(memory, arg(0), u64::from(arg(1))) {
                Some(to) => {
                    to.fill(0);
                    SUCCESS
                }
                None => FAULT,
            },
        })
    }

    fn mark(&mut self, starts: bool) {
        if starts {
            self.since_mark = Some(Stopwatch::start());
        } else if let Some(since) = self.since_mark.take() {
            *self.marked.get_or_insert(Duration::ZERO) += since.elapsed();
        }
    }

    fn args_get(&self, mut pointer: u32, mut text: u32, memory: &mut [u8]) -> bool {
        for arg in &self.args {
            let mut bytes = arg.as_bytes().to_vec();
            bytes.push(0);
            if !store(memory, pointer, &text.to_le_bytes()) || !store(memory, text, &bytes) {
                return false;
            }
            pointer += 4;
            text += bytes.len() as u32;
        }
        true
    }

    /// Counts what would be written and drops it.
    fn fd_write(iovecs: u32, count: u32, written: u32, memory: &mut [u8]) -> bool {
        let mut bytes: u64 = 0;
        for i in 0..u64::from(count) {
            let at = (u64::from(iovecs) + 8 * i) as usize;
            let (Some(from), Some(size)) = (load32(memory, at), load32(memory, at + 4)) else {
                return false;
            };
            if range(memory, from, u64::from(size)).is_none() {
                return false;
            }
            bytes += u64::from(size);
        }
        store(memory, written, &(bytes as u32).to_le_bytes())
    }
}
