//! The store on a real database: against the model, through kills, faults and damage.

#![allow(
    clippy::disallowed_methods,
    reason = "drives processes, files and threads"
)]

mod answers;
mod archives;
mod checks;
mod copies;
mod damage;
mod faults;
mod groups;
mod kills;
mod lives;
mod log;
#[path = "../../../memory/tests/memory/oracle.rs"]
mod oracle;
mod refusals;
mod rig;
#[path = "../../../memory/tests/memory/script.rs"]
mod script;
