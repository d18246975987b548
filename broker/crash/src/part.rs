//! What clients do by themselves: the parts they play, a step at a time.

mod publisher;
mod subscriber;
mod will_bearer;

pub(crate) use publisher::Publisher;
pub(crate) use subscriber::{Attendance, Subscriber};
pub(crate) use will_bearer::{Departure, NEVER, Progress, WillBearer};

use std::net::SocketAddr;

use crate::chance::Chance;
use crate::device::Device;
use crate::log::Log;

/// What everybody is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everybody comes and takes what is there; nothing new.
    Drain,
    /// Publishers finish what they began.
    Finish,
    /// Everything happens.
    Load,
    /// Nobody does anything.
    Pause,
}

/// The world as a part sees it.
pub(crate) struct Scene<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) mode: Mode,
    /// Counts the broker's lives.
    pub(crate) life: usize,
    pub(crate) chance: &'a mut Chance,
    pub(crate) log: &'a mut Log,
}

/// The part of a client.
pub(crate) enum Part {
    Publisher(Publisher),
    Subscriber(Subscriber),
    WillBearer(WillBearer),
}

impl Part {
    /// Does the next step, if there is one.
    pub(crate) fn act(&mut self, device: &mut Device, scene: &mut Scene<'_>) {
        if scene.mode == Mode::Pause {
            return;
        }
        match self {
            Self::Publisher(publisher) => publisher.act(device, scene),
            Self::Subscriber(subscriber) => subscriber.act(device, scene),
            Self::WillBearer(bearer) => bearer.act(device, scene),
        }
    }
}
