//! The control side: it answers questions late, allows everything, and keeps the rest.

use shard_engine::{ControlInput, ControlOutput, Input};
use wire_message::Instant;

use super::Driver;
use crate::outside::Outside;
use crate::violation::Checked;

/// An answer on its way to the engine.
#[derive(Debug)]
pub(super) struct Reply {
    due: Instant,
    input: ControlInput,
}

impl Driver {
    /// Takes what the engine tells or asks the control side.
    pub(super) fn tell_control(&mut self, output: ControlOutput, outside: &mut Outside) {
        let due = outside.now + outside.rng.delay(outside.plan.control_delay);
        let input = match output {
            ControlOutput::Authenticate { connection, .. } => ControlInput::Authenticated {
                connection,
                verdict: Ok(()),
            },
            ControlOutput::Authorize {
                connection, wishes, ..
            } => {
                let verdicts = wishes.iter().map(|_| Ok(())).collect();
                ControlInput::Authorized {
                    connection,
                    verdicts,
                }
            }
            ControlOutput::Stopped => {
                self.has_stopped = true;
                return;
            }
            told @ ControlOutput::Report { .. } => return self.reports.push(told),
        };
        self.replies.push(Reply { due, input });
    }

    /// Gives the engine the answers that are due; the connection may be gone by now.
    pub(super) fn hear_control(&mut self, outside: &mut Outside) -> Checked {
        for place in (0..self.replies.len()).rev() {
            if self.replies[place].due <= outside.now {
                let reply = self.replies.swap_remove(place);
                outside.moved += 1;
                self.input(Input::Control(Box::new(reply.input)), outside)?;
            }
        }
        Ok(())
    }
}
