//! How the store wakes a shard.

use std::sync::Arc;

use shard_uring::Waker;
use store_rocks::Wake;

use crate::sleep_flag::SleepFlag;

/// Wakes a shard that sleeps, and costs little if it does not.
pub(crate) struct ShardWake {
    pub(crate) sleeping: Arc<SleepFlag>,
    pub(crate) waker: Waker,
}

impl Wake for ShardWake {
    fn wake(&self) {
        if self.sleeping.take() {
            self.waker.wake();
        }
    }
}
