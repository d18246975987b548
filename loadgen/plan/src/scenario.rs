//! Plans made from a few numbers, one function for each scenario.
//!
//! Each returns a plan that was checked. What all scenarios take stands in
//! [`Options`](crate::Options).

pub(crate) mod build;
mod connect;
mod fan;
mod pairs;
mod requests;
mod retained;
mod session;
mod slow;
pub(crate) mod stages;

pub use connect::{ConnectMode, connect, idle};
pub use fan::{fan_in, fan_out, shared};
pub use pairs::p2p;
pub use requests::request_response;
pub use retained::retained;
pub use session::session;
pub use slow::slow;

#[cfg(test)]
mod tests;
