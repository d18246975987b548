//! The store against a naive model of what sessions have, through crashes and faults.

mod across;
mod answers;
mod crashes;
mod damage;
mod faults;
mod oracle;
mod repeated;
mod script;
