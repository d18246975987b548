//! What a driver is made with.

/// How queued bytes reach the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendPath {
    /// `send(2)` at the flush; a SEND entry only for what the socket's buffer did not take.
    Call,
    /// [`Self::Call`] if a flush has few sockets to serve, [`Self::Entry`] if it has many: what is
    /// sent by a call is done when the flush is, so that the thread can go to sleep at once; what
    /// is sent by entries takes one system call in all.
    Either,
    /// A SEND entry in the ring.
    Entry,
}

/// How one driver wakes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakePath {
    /// A write to the other's event descriptor: one system call.
    EventDescriptor,
    /// An entry in one's own ring, sent with the rest of the turn.
    RingMessage,
}

/// Sizes and choices of a [`crate::Driver`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriverSettings {
    /// Submission entries, a power of two. Full: queued entries are submitted at once.
    pub submissions: u32,
    /// Completion entries, a power of two. Full: the kernel keeps the rest, at a cost.
    pub completions: u32,
    /// Bytes of send buffers kept for reuse. Full: buffers are freed.
    pub pooled_bytes_max: usize,
    /// How queued bytes reach the kernel.
    pub send_path: SendPath,
    /// How this driver wakes others.
    pub wake_path: WakePath,
}

impl Default for DriverSettings {
    fn default() -> Self {
        Self {
            submissions: 1024,
            completions: 8192,
            pooled_bytes_max: 4 << 20,
            send_path: SendPath::Either,
            wake_path: WakePath::EventDescriptor,
        }
    }
}
