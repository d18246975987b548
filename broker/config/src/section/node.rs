//! `node`: this process.

use crate::field::section;
use crate::value::{Auto, CpuList};

section! {
    /// This process.
    pub struct NodeConfig {
        /// Name of the node, as it stands in `$SYS` topics and in `/status`.
        name: String = "skein@127.0.0.1",
        /// Folder for what the broker keeps; made if it is missing.
        data_dir: String = "data",
        /// Shards, which is threads that serve clients; `auto`: one for each processor of `cpus` if
        /// those are named, otherwise one for each but one of sixteen, and at least one, which are
        /// left to the kernel, the store and the control side.
        shards: Auto<u16> = "auto"; in "1..256",
        /// Processors that shards are pinned to, in turn; `auto`: the last of those that the process may
        /// use, so that the first stay free for interrupts unless there are as many shards as
        /// processors.
        cpus: Auto<CpuList> = "auto",
    }
}
