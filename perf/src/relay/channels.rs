//! Which sources and sinks belong together.

use shard_uring::SocketKey;

use super::limits::CHANNELS_MAX;

/// Sources and sinks under one number: every byte of each source goes to every sink.
#[derive(Default)]
pub(super) struct Channel {
    pub(super) sinks: Vec<Sink>,
    /// Number of sources.
    pub(super) sources: usize,
    /// Number of sinks that are full.
    pub(super) full: usize,
    /// Sources that wait until none is.
    pub(super) waiting: Vec<usize>,
    /// Whether bytes have been passed on without looking where frames end.
    pub(super) unframed: bool,
}

/// Where a channel's bytes go.
#[derive(Clone, Copy)]
pub(super) struct Sink {
    pub(super) peer: usize,
    pub(super) socket: SocketKey,
}

/// All channels, by number.
#[derive(Default)]
pub(super) struct Channels(Vec<Channel>);

impl Channels {
    /// The channel of this number, made if need be; `None` if the number is too high.
    pub(super) fn channel(&mut self, number: u32) -> Option<&mut Channel> {
        if number >= CHANNELS_MAX {
            return None;
        }
        let index = number as usize;
        if index >= self.0.len() {
            self.0.resize_with(index + 1, Channel::default);
        }
        self.0.get_mut(index)
    }
}
