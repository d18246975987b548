//! What people and tools get to see of a run, tried on one whose broker paused for a second.
#![allow(
    clippy::disallowed_methods,
    reason = "compares with files and starts a browser"
)]

mod browser;
mod chromium;
mod golden;
mod logs;
mod page;
mod schema;
mod simulated;
