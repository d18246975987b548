//! Bounds of a plan.

/// Clients of one run.
///
/// Full: the plan is refused with [`PlanError::Clients`](crate::PlanError::Clients).
pub const CLIENTS_MAX: u32 = 16_000_000;

/// Pairs of a stream and a client that receives it outside shared groups: each has a record.
///
/// Full: the plan is refused with [`PlanError::Pairs`](crate::PlanError::Pairs).
pub const PAIRS_MAX: u64 = 100_000_000;

/// Bytes of a payload, at least: the stamp stands in them.
pub const PAYLOAD_BYTES_MIN: u32 = 16;

/// Bytes of a payload, at most.
///
/// Full: the size is refused with [`SizeError`](crate::SizeError).
pub const PAYLOAD_BYTES_MAX: u32 = 16 * 1024 * 1024;

/// Groups of a plan; group numbers fit a `u16`.
///
/// Full: the plan is refused with [`PlanError::Groups`](crate::PlanError::Groups).
pub(crate) const GROUPS_MAX: usize = 1_000;
