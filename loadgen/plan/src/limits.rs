//! Bounds of a plan.

use core::time::Duration;

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

/// Stages of a plan; their numbers fit a `u16`.
///
/// Full: the plan is refused with [`PlanError::Stages`](crate::PlanError::Stages).
pub(crate) const STAGES_MAX: usize = 1_000;

/// Bytes of a will, at least: it has a stamp with both times.
///
/// Below: the plan is refused with [`PlanError::Rule`](crate::PlanError::Rule).
pub(crate) const WILL_BYTES_MIN: u16 = 32;

/// Events per second of a group, connections, messages or departures, at least.
///
/// Below: the plan is refused with [`PlanError::Rate`](crate::PlanError::Rate).
pub(crate) const RATE_MIN: f64 = 0.001;

/// Events per second of a group, at most.
///
/// Full: the plan is refused with [`PlanError::Rate`](crate::PlanError::Rate).
pub(crate) const RATE_MAX: f64 = 100_000_000.0;

/// Messages of a publisher that may be under way in a closed loop: each has a counter.
///
/// Full: the plan is refused with [`PlanError::Window`](crate::PlanError::Window).
pub(crate) const WINDOW_MAX: u32 = 65_535;

/// Messages of a group whose number is limited, over all its clients.
///
/// Full: the plan is refused with [`PlanError::Messages`](crate::PlanError::Messages).
pub(crate) const MESSAGES_MAX: u64 = 100_000_000;

/// Bytes of a client identifier, user name, password, topic or filter, as the protocol has it.
///
/// Full: the plan is refused with [`PlanError::Text`](crate::PlanError::Text).
pub(crate) const TEXT_BYTES_MAX: usize = 65_535;

/// Bytes of a message beside its payload: topic, response topic, properties.
///
/// Full: the plan is refused with [`PlanError::Text`](crate::PlanError::Text).
pub(crate) const HEAD_BYTES_MAX: usize = 60_000;

/// Length of a stage, and of an absence.
///
/// Full: the plan is refused with [`PlanError::Long`](crate::PlanError::Long).
pub(crate) const TIME_MAX: Duration = Duration::from_hours(366 * 24);
