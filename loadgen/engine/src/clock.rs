//! The clocks: the machine's monotonic one, and the CPU time of the calling thread.

use nix::time::{ClockId, clock_gettime};
use wire_message::Instant;

/// Now, on `CLOCK_MONOTONIC`: the same for all processes of the machine, so stamps of one compare with
/// arrivals at another.
pub(crate) fn now() -> Instant {
    Instant::from_nanos(read(ClockId::CLOCK_MONOTONIC))
}

/// Nanoseconds of CPU that the calling thread has used.
pub(crate) fn thread_cpu_ns() -> u64 {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock).expect("Linux has this clock");
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    part(time.tv_sec()) * 1_000_000_000 + part(time.tv_nsec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_forward_in_small_steps() {
        let (first, mut last) = (now(), now());
        for _ in 0..1000 {
            let next = now();
            assert!(next >= last);
            last = next;
        }
        assert!(last > first && last.since(first).as_secs() < 60);
    }
}
