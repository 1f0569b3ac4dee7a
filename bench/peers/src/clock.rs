//! Time that this thread ran. What a busy machine takes away is not counted, so
//! the least of a few rounds is steady where the time of day is not.

use std::time::Duration;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

/// Of Linux: CLOCK_THREAD_CPUTIME_ID.
const THREAD_TIME: i32 = 3;

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

fn now() -> Duration {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the call writes one timespec, whose layout is that of Linux on
    // 64 bits.
    let failed = unsafe { clock_gettime(THREAD_TIME, &mut time) };
    assert_eq!(failed, 0, "this system has no clock per thread");
    Duration::new(time.seconds as u64, time.nanoseconds as u32)
}

#[derive(Clone, Copy)]
pub struct Stopwatch(Duration);

impl Stopwatch {
    pub fn start() -> Stopwatch {
        Stopwatch(now())
    }

    pub fn elapsed(self) -> Duration {
        now() - self.0
    }
}
