//! From completions to events.

use super::Driver;
use crate::Event;
use crate::ring::Completion;
use crate::token::{Operation, Token};

impl Driver {
    /// Appends what has happened to `events`, in the order in which it happened for each socket.
    pub fn reap(&mut self, events: &mut Vec<Event>) {
        let mut completions = core::mem::take(&mut self.completions);
        self.ring.reap(&mut completions);
        for completion in completions.drain(..) {
            self.complete(&completion);
        }
        self.completions = completions;
        events.append(&mut self.events);
    }

    /// Moves what happened without a completion to `events`: what [`Self::flush`] has sent. No
    /// system call, and nothing that [`Self::reap`] would not report later.
    pub fn take_events(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.events);
    }

    fn complete(&mut self, completion: &Completion) {
        let Some(token) = Token::decode(completion.user_data) else {
            return;
        };
        let Token {
            operation,
            generation,
            index,
        } = token;
        match operation {
            Operation::Accept => self.accept_completed(index, completion),
            // What it cancelled completes itself; what it did not find had completed already.
            Operation::Cancel => {}
            Operation::Close => self.close_completed(index, generation),
            Operation::Connect => self.connect_completed(index, generation, completion.result),
            Operation::Poll => self.poll_completed(index, generation, completion),
            Operation::Send => self.send_completed(index, generation, completion.result),
            Operation::WakePeer => self.wake_completed(index, completion.result),
            Operation::WokenByDescriptor => {
                self.woken();
                if !completion.more {
                    self.arm_waker();
                }
            }
            Operation::WokenByRing => self.woken(),
        }
    }
}
