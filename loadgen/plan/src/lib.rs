//! What a run of the load generator does, before anything is done.
//!
//! A [`Plan`] is groups of clients and the stages that they go through. The functions in
//! [`scenario`] make plans from a few numbers, [`mod@file`] reads them from TOML. [`Audience`] tells who
//! must receive what, without looking at pairs of clients; [`Worker`] tells which thread drives
//! which client.
//!
//! Pure: no sockets, no clock, no files; texts in, values out. The same plan and seed give the same
//! topics, sizes and audiences in every process.
//!
//! Start with [`Plan`], then [`Audience`].

mod audience;
mod check;
mod duration;
pub mod file;
mod group;
mod limits;
mod load;
mod options;
mod plan;
mod protocol;
mod run_id;
pub mod scenario;
mod size;
mod source_range;
mod template;
mod worker;

pub use audience::{Audience, Entry, EntryId, StreamSet, topic_mark};
pub use check::PlanError;
pub use duration::{DurationError, parse_duration};
pub use group::{Churn, Connect, Group, Publishing, Reading, Responding, Subscription, Will};
pub use limits::{CLIENTS_MAX, PAIRS_MAX, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN};
pub use load::{Load, Schedule};
pub use options::Options;
pub use plan::{Action, Allow, Plan, Stage, Target, Until, Verb};
pub use run_id::RunId;
pub use size::{Size, SizeError};
pub use source_range::{SourceRange, SourceRangeError};
pub use template::{Place, Template, TemplateError};
pub use worker::Worker;
