//! Wrong behaviour put in on purpose, to prove that the oracle sees it.

/// What goes wrong in a run that must fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A close that the engine ordered is not carried out.
    CloseForgotten,
    /// An entry with a message is lost between two shards.
    EntryDropped,
    /// An entry with a message arrives twice.
    EntryDoubled,
    /// Two entries with messages change places.
    EntriesSwapped,
    /// A shard is told that its filter is routed before it is: SUBACK goes out too early.
    SubackEarly,
    /// Bytes to a client are lost.
    BytesLost,
    /// A connection that may be read again is forgotten.
    ResumeForgotten,
    /// Shards do not see that cached routes are out of date.
    RoutesStale,
    /// A publisher is told that its message is retained, and it is not.
    RetainedForgotten,
    /// A message is put into the ring once for every subscriber.
    EntryPerSubscriber,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::BytesLost,
        Self::CloseForgotten,
        Self::EntriesSwapped,
        Self::EntryDoubled,
        Self::EntryDropped,
        Self::EntryPerSubscriber,
        Self::ResumeForgotten,
        Self::RetainedForgotten,
        Self::RoutesStale,
        Self::SubackEarly,
    ];
}
