//! The sleep flag in all interleavings that the memory model allows.

#[path = "../src/sleep_flag.rs"]
mod sleep_flag;

/// What `sleep_flag.rs` finds at `crate::atomic`.
mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering, fence};
}

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use sleep_flag::SleepFlag;

/// A ring of which only the number of entries matters; orderings as those of a real one.
struct Ring(AtomicUsize);

impl Ring {
    fn push(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

/// Whoever sleeps although something waits has been told to wake up.
fn nobody_sleeps_over(threads: usize) {
    // Three switches that nothing forces find every known mistake of this kind; without a bound two
    // wakers take long.
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let flag = Arc::new(SleepFlag::new());
        let ring = Arc::new(Ring(AtomicUsize::new(0)));
        let wakes = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                let (flag, ring, wakes) = (flag.clone(), ring.clone(), wakes.clone());
                loom::thread::spawn(move || {
                    ring.push();
                    if flag.take() {
                        wakes.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        flag.announce();
        let asleep = ring.is_empty();
        for thread in threads {
            thread.join().expect("it does not panic");
        }
        let count = wakes.load(Ordering::Relaxed);
        assert!(!asleep || count > 0, "asleep with something in the ring");
        assert!(count <= 1, "one wake is enough");
        flag.clear();
    });
}

#[test]
fn one_waker_is_not_missed() {
    nobody_sleeps_over(1);
}

#[test]
fn two_wakers_are_not_missed_and_one_of_them_wakes() {
    nobody_sleeps_over(2);
}
