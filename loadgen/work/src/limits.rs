//! Bounds of a crew.

use core::time::Duration;

/// Bytes queued on a publisher's connection above which nothing more is written to it.
///
/// Full: messages that are due wait and are sent late, with their own intended times.
pub(crate) const QUEUED_BYTES_MAX: u32 = 1024 * 1024;

/// Messages of a crew that are due and wait for a connection that can take them.
///
/// Full: further ones are not sent; the sample then shows more scheduled than sent.
pub(crate) const OWED_MAX: usize = 4_000_000;

/// Messages that one call takes from timetables.
///
/// Full: the rest follows in the next call, which is due at once.
pub(crate) const DUE_PER_TURN_MAX: u32 = 16_384;

/// Bytes that one call writes before it takes no more from timetables.
///
/// Full: as above.
pub(crate) const TURN_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Departures of a group that one call takes from its timetable.
///
/// Full: the rest follows in the next call, which is due at once.
pub(crate) const DEPARTURES_PER_TURN_MAX: u32 = 16_384;

/// Gaps in all sequences of a crew that are remembered, so that late messages are told from
/// duplicates.
///
/// Full: messages of a new gap count as lost, and as duplicates should they still come.
pub(crate) const GAPS_MAX: usize = 1_000_000;

/// Examples of violations that are kept in words.
///
/// Full: further ones are only counted.
pub(crate) const EXAMPLES_MAX: usize = 16;

/// Bytes of a packet that a crew receives, at most.
///
/// Full: the connection is closed as one that the broker broke.
pub(crate) const PACKET_BYTES_MAX: u32 = 64 * 1024 * 1024;

/// Time without any progress after which a closed loop opens its window anew.
pub(crate) const STALL: Duration = Duration::from_secs(1);

/// Time between two looks for closed loops that stand still.
pub(crate) const STALL_LOOK: Duration = Duration::from_millis(100);

/// Time between two steps of the keep-alive scan, at most.
pub(crate) const SCAN_STEP: Duration = Duration::from_millis(100);

/// Time that a slow reader may read ahead of its rate.
pub(crate) const READ_AHEAD: Duration = Duration::from_millis(50);

/// Nanoseconds before a loss of connection within which messages of QoS 0 may be lost with it, at
/// least; up to twice as long.
///
/// Full: messages from before are expected to arrive.
pub(crate) const RECENT_NANOS: u64 = 1_000_000_000;

/// Answers of one client that wait for acknowledgements of others.
///
/// Full: further requests are not answered, which shows as loss.
pub(crate) const ANSWERS_MAX: usize = 100_000;

/// Time to wait for a transport that is still closing when its client shall come back.
pub(crate) const AWAY_MORE: Duration = Duration::from_millis(10);
