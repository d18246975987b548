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
    /// Times that the injected defect did harm.
    harmed,
}
