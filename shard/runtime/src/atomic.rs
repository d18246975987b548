//! The atomics of `sleep_flag.rs`, at one place so that a model checker can put its own there.

pub(crate) use core::sync::atomic::{AtomicBool, Ordering, fence};
