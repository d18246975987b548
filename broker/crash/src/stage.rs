//! All clients, driven by one thread: what it sees and does first is first in the history.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::device::Device;
use crate::history::Event;
use crate::log::Log;
use crate::part::{Mode, Part, Scene};

/// Between two looks at the sockets. They are few, so asking each is simple and cheap.
const PACE: Duration = Duration::from_millis(1);

/// The clients with their parts.
pub(crate) struct Stage {
    pub(crate) log: Log,
    pub(crate) clients: Vec<(Device, Part)>,
    pub(crate) chance: Chance,
    pub(crate) address: SocketAddr,
    pub(crate) mode: Mode,
    pub(crate) life: usize,
}

impl Stage {
    /// Lets everybody do a step.
    pub(crate) fn turn(&mut self) {
        let mut scene = Scene {
            address: self.address,
            mode: self.mode,
            life: self.life,
            chance: &mut self.chance,
            log: &mut self.log,
        };
        for (device, part) in &mut self.clients {
            part.act(device, &mut scene);
            device.serve(scene.log);
        }
        thread::sleep(PACE);
    }

    /// Goes on until `condition` holds, or for `limit`; whether it held.
    pub(crate) fn until(
        &mut self,
        limit: Duration,
        mut condition: impl FnMut(&mut Self) -> bool,
    ) -> bool {
        let deadline = Instant::now() + limit;
        while !condition(self) {
            if Instant::now() > deadline {
                return false;
            }
            self.turn();
        }
        true
    }

    /// Cuts all connections.
    pub(crate) fn hang_up(&mut self) {
        self.bury();
        for (device, _) in &mut self.clients {
            device.close(&mut self.log);
        }
    }

    /// Notes which wills must now be published.
    fn bury(&mut self) {
        for (device, part) in &mut self.clients {
            if let Part::WillBearer(bearer) = part {
                bearer.cut_off(device, &mut self.log);
            }
        }
    }

    /// Notes that the broker was ended, and reads what it had sent before; whether all sockets ended.
    pub(crate) fn broker_ended(&mut self) -> bool {
        self.bury();
        self.log.note(Event::Killed);
        self.mode = Mode::Pause;
        self.until(Duration::from_secs(10), |stage| {
            stage.clients.iter().all(|(device, _)| !device.is_open())
        })
    }

    /// Messages of all publishers that the broker has not taken to the end.
    pub(crate) fn unfinished(&self) -> usize {
        self.clients
            .iter()
            .map(|(device, _)| device.unfinished())
            .sum()
    }
}
