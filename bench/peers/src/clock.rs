//! Time that this thread, or this process, ran. What a busy machine takes away is not counted, so
//! the least of a few rounds is steady where the time of day is not.

use std::time::Duration;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

/// Of Linux: CLOCK_THREAD_CPUTIME_ID and CLOCK_PROCESS_CPUTIME_ID.
const THREAD_TIME: i32 = 3;
const PROCESS_TIME: i32 = 2;

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

fn now(clock: i32) -> Duration {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the call writes one timespec, whose layout is that of Linux on
    // 64 bits.
    let failed = unsafe { clock_gettime(clock, &mut time) };
    assert_eq!(failed, 0, "this system has no clock per thread");
    Duration::new(time.seconds as u64, time.nanoseconds as u32)
}

#[derive(Clone, Copy)]
pub struct Stopwatch {
    clock: i32,
    begin: Duration,
}

impl Stopwatch {
    pub fn start() -> Stopwatch {
        Stopwatch { clock: THREAD_TIME, begin: now(THREAD_TIME) }
    }

    /// Of all threads together: for what hands its work to another thread.
    pub fn start_of_process() -> Stopwatch {
        Stopwatch { clock: PROCESS_TIME, begin: now(PROCESS_TIME) }
    }

    pub fn elapsed(self) -> Duration {
        now(self.clock) - self.begin
    }
}
