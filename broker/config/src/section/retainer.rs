//! `retainer`: retained messages.

use crate::field::section;
use crate::value::{ByteCount, Interval, Limit};

section! {
    /// Retained messages.
    pub struct RetainerConfig {
        /// Whether messages are retained; if not, clients are told that retain is not available.
        enable: bool = "true",
        /// Retained messages in the whole process, shared out evenly over the shards; `0` means no
        /// limit too. A further one is delivered but not retained.
        max_retained_messages: Limit<u64> = "infinity",
        /// Bytes of retained messages in the whole process; `0` means no limit too. Beyond, as above.
        max_retained_bytes: Limit<ByteCount> = "infinity",
        /// Largest payload that is retained; a larger one is delivered but not retained.
        max_payload_size: ByteCount = "1MB"; in "1B..268435455B",
        /// Life of a retained message that has no expiry of its own; `0s` means for ever too.
        msg_expiry_interval: Limit<Interval> = "infinity",
        /// Time between two sweeps for expired messages; `0s` means 1m.
        msg_clear_interval: Interval = "1m"; in "0s..30d",
        /// Whether the empty message that clears a retained one is kept from subscribers.
        stop_publish_clear_msg: bool = "false",
    }
}
