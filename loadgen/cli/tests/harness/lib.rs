//! What the tests of the binary share: brokers to talk to, a relay that does harm, and the program itself.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]

mod broker_in_memory;
mod program;
mod real_broker;
mod relay;

pub use program::{Program, loadgen, scratch};
pub use relay::{Harm, Relay};

use std::net::SocketAddr;

use broker_in_memory::BrokerInMemory;
use real_broker::RealBroker;

/// A broker for one test.
pub enum Server {
    /// One thread of the test around the naive broker of `loadgen/work`.
    InMemory(BrokerInMemory),
    /// The broker that `SKEIN_BIN` names.
    Real(RealBroker),
}

impl Server {
    /// A broker that is naive and slow, and always there.
    pub fn in_memory() -> Self {
        Self::InMemory(BrokerInMemory::start())
    }

    /// The broker that `SKEIN_BIN` names.
    pub fn real() -> Self {
        Self::Real(RealBroker::start())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        match self {
            Self::InMemory(broker) => broker.address(),
            Self::Real(broker) => broker.address(),
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        match self {
            Self::InMemory(_) => std::process::id(),
            Self::Real(broker) => broker.pid(),
        }
    }
}
