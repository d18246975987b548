//! The task that publishes `$SYS` topics.

use core::time::Duration;
use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};
use wire_message::Instant;

use crate::control::Shared;
use crate::snapshot::Snapshot;
use crate::sys_topics::{self, SysMessage};

/// What is published of a snapshot.
type Messages = fn(&Snapshot) -> Vec<SysMessage>;

/// Starts one task for each kind of message that is wanted; the first goes out at once.
pub(crate) fn start(shared: &Arc<Shared>, heartbeat: Option<Duration>, figures: Option<Duration>) {
    let kinds: [(_, Messages); 2] = [
        (heartbeat, sys_topics::heartbeat),
        (figures, sys_topics::figures),
    ];
    for (every, messages) in kinds {
        if let Some(every) = every {
            tokio::spawn(publish(shared.clone(), every, messages));
        }
    }
}

async fn publish(shared: Arc<Shared>, every: Duration, messages: Messages) {
    let started = std::time::Instant::now();
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let snapshot = shared.snapshot().await;
        // A little behind the shards' own clock, which started earlier; these never expire.
        let now = Instant::from_secs(1) + started.elapsed();
        for message in messages(&snapshot) {
            shared.hub().publish(message.to_message(now)).await;
        }
    }
}
