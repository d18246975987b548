//! The end of a shard.

use shard_engine::Input;
use tracing::{info, warn};
use wire_message::Instant;

use super::Shard;
use crate::stop::Command;

/// A shard that is about to end.
#[derive(Debug)]
pub(super) struct Leaving {
    deadline: Instant,
    /// The engine has told all clients, and its outputs are out.
    engine_left: bool,
    /// This shard has been counted among those that have nothing more to say.
    counted: bool,
}

impl Shard {
    /// Follows the process's command.
    pub(super) fn take_leave(&mut self) {
        if self.is_told_to_leave() {
            let deadline = self.state.now + self.grace;
            self.state.leaving = Some(Leaving {
                deadline,
                engine_left: false,
                counted: false,
            });
            self.driver.close_listeners();
            self.tell(Input::Stop);
            self.state.lingering.hurry(self.state.now);
        }
        let Some(leaving) = &mut self.state.leaving else {
            return;
        };
        if leaving.engine_left && !leaving.counted && self.state.connections.len() == 0 {
            leaving.counted = true;
            self.ending.finish();
            for link in &self.links {
                self.driver.wake_peer(link.peer_id);
            }
        }
    }

    /// Whether the command to leave has come and nothing was done about it.
    pub(super) fn is_told_to_leave(&self) -> bool {
        self.state.leaving.is_none() && self.ending.command() != Command::Run
    }

    pub(super) fn engine_left(&mut self) {
        if let Some(leaving) = &mut self.state.leaving {
            leaving.engine_left = true;
        }
    }

    pub(super) fn leave_deadline(&self) -> Option<Instant> {
        self.state.leaving.as_ref().map(|leaving| leaving.deadline)
    }

    /// Whether the turns are over. A shard that is done goes on for the others, which may still have
    /// wills for its sessions.
    pub(super) fn left(&self) -> bool {
        if self.ending.command() == Command::Halt {
            warn!(shard = self.id.0, "Stopped at once");
            return true;
        }
        let Some(leaving) = &self.state.leaving else {
            return false;
        };
        if self.state.now >= leaving.deadline {
            warn!(
                shard = self.id.0,
                connections = self.driver.sockets(),
                "Stopped after the grace"
            );
            return true;
        }
        let over = self.ending.finished() > self.links.len() && self.state.lingering.is_empty();
        if over {
            info!(shard = self.id.0, "Stopped");
        }
        over
    }
}
