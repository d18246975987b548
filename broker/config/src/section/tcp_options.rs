//! `tcp_options`: the sockets of a listener.

use crate::field::section;
use crate::value::{Auto, ByteCount, Interval, TcpKeepAlive};

section! {
    /// The sockets of one listener.
    pub struct TcpOptionsConfig {
        /// Connections that the kernel holds ready for each shard; `net.core.somaxconn` caps it.
        backlog: u32 = "4096"; in "1..1048576",
        /// Whether small packets are sent at once (`TCP_NODELAY`).
        nodelay: bool = "true",
        /// The kernel's send buffer (`SO_SNDBUF`); `auto`: the kernel tunes it.
        sndbuf: Auto<ByteCount> = "auto"; in "4KB..1GB",
        /// The kernel's receive buffer (`SO_RCVBUF`); `auto`: the kernel tunes it.
        recbuf: Auto<ByteCount> = "auto"; in "4KB..1GB",
        /// A client that takes no byte for this long while something waits for it is cut off.
        send_timeout: Interval = "15s"; in "1s..1h",
        /// Unsent bytes above which a client counts as slow and its messages wait in its session.
        high_watermark: ByteCount = "1MB"; in "16KB..1GB",
        /// TCP keep-alive probes.
        keepalive: TcpKeepAlive = "none",
    }
}
