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
    /// The store loses what a batch says.
    BatchLost,
    /// A shard is told that its batch is durable before it is: acknowledgements go out too early.
    DurableEarly,
    /// A start does not find which messages were in flight.
    FlightsForgotten,
    /// A start does not find which messages were taken over.
    ReceiptsForgotten,
    /// The store does not remove what is acknowledged.
    RemovalLost,
    /// A start forgets a session.
    SessionForgotten,
    /// A shard is not told what is durable on another one.
    WatermarkForgotten,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::BatchLost,
        Self::BytesLost,
        Self::CloseForgotten,
        Self::DurableEarly,
        Self::EntriesSwapped,
        Self::EntryDoubled,
        Self::EntryDropped,
        Self::EntryPerSubscriber,
        Self::FlightsForgotten,
        Self::ReceiptsForgotten,
        Self::RemovalLost,
        Self::ResumeForgotten,
        Self::RetainedForgotten,
        Self::RoutesStale,
        Self::SessionForgotten,
        Self::SubackEarly,
        Self::WatermarkForgotten,
    ];

    /// Whether it does harm only where there is a store.
    pub(crate) const fn is_of_store(self) -> bool {
        matches!(
            self,
            Self::BatchLost
                | Self::DurableEarly
                | Self::FlightsForgotten
                | Self::ReceiptsForgotten
                | Self::RemovalLost
                | Self::SessionForgotten
                | Self::WatermarkForgotten
        )
    }
}
