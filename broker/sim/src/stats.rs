//! What a run met: a simulator that never fills a ring proves nothing about full rings.

use core::ops::AddAssign;

macro_rules! stats {
    ($($(#[doc = $help:literal])+ $field:ident,)+) => {
        /// How often things happened that the properties are about.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Stats {
            $($(#[doc = $help])+ pub $field: u64,)+
        }

        impl Stats {
            /// Each name with its number.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field),)+].into_iter()
            }
        }

        impl AddAssign for Stats {
            fn add_assign(&mut self, other: Self) {
                $(self.$field += other.$field;)+
            }
        }
    };
}

stats! {
    /// Events.
    steps,
    /// Messages that clients published.
    published,
    /// Messages that arrived at clients.
    delivered,
    /// Messages that arrived once more with DUP.
    redelivered,
    /// Messages that clients sent once more.
    resent,
    /// CONNACKs without an error.
    connected,
    /// Sessions that were resumed.
    resumed,
    /// Connections whose client id was taken over.
    taken_over,
    /// Connections that moved to another shard.
    handed_over,
    /// Connections that were not read for a while.
    paused,
    /// Connections that broke.
    broken,
    /// Publishes that met a full ring.
    ring_full,
    /// Entries with messages between shards.
    entries,
    /// Deliveries dropped because a queue was full.
    queue_full,
    /// Shared deliveries that went to another member.
    redispatched,
    /// Wills that arrived.
    wills,
    /// Retained messages that arrived at new subscriptions.
    retained,
    /// Messages that should have been delivered, and that the properties looked for.
    owed,
    /// Processes that were killed.
    killed,
    /// Processes that lost their power.
    power_lost,
    /// Processes that were stopped and followed by another one.
    stopped,
    /// Starts with another number of shards.
    shards_changed,
    /// Sessions that a start found.
    restored,
    /// Sessions that were resumed in another process than the one that they began in.
    resumed_after_start,
    /// Batches for the store.
    batches,
    /// Questions to the store.
    questions,
    /// Times that a shard told another one what is durable.
    watermarks,
    /// Groups for which there was no room on the disk at first.
    disk_full,
    /// Messages that went from client to client while the disk had failed.
    without_disk,
    /// Messages that were refused because the store did not take them.
    refused,
    /// Connections that were refused because of the disk.
    refused_connects,
    /// Times that the injected defect did harm.
    harmed,
}
