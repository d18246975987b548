//! `delayed`: messages published later.

use crate::field::section;
use crate::value::Limit;

section! {
    /// `$delayed/<seconds>/<topic>`.
    pub struct DelayedConfig {
        /// Whether the prefix means anything; if not, such a topic is an ordinary one.
        enable: bool = "true",
        /// Messages waiting at the most, in the whole process, shared out evenly over the shards;
        /// `0` means no limit too. More are refused with 0x97, Quota exceeded.
        max_delayed_messages: Limit<u32> = "infinity",
    }
}
