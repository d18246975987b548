//! What the leader wants, and what peers have to say.

use loadgen_work::Input;
use wire_message::Instant;

use super::Worker;
use crate::clock;
use crate::limits::MAIL_PER_TURN_MAX;
use crate::mailbox::Mail;
use crate::message::{Accounted, Command, Notice, Sampled};

impl Worker {
    pub(super) fn take_mail(&mut self) {
        for _ in 0..MAIL_PER_TURN_MAX {
            match self.mailbox.take() {
                None => return,
                Some(Mail::Credits(credits)) => self.tell(Input::Credits(&credits)),
                Some(Mail::Command(command)) => self.take_command(command),
            }
        }
    }

    fn take_command(&mut self, command: Command) {
        match command {
            Command::Account => {
                let refusals = self.crew.refusals();
                let mut troubles = self.state.troubles.list();
                troubles.extend(refusals.map(|(refusal, times)| (refusal.to_string(), times)));
                let accounted = Accounted {
                    account: self.crew.account(),
                    troubles,
                    opened: self.state.opened,
                };
                self.tell_leader(Notice::Accounted(Box::new(accounted)));
            }
            Command::Begin { at_ns, .. } | Command::Sample { at_ns } => {
                self.run_planned();
                let former = self
                    .state
                    .planned
                    .replace((Instant::from_nanos(at_ns), command));
                assert!(former.is_none(), "the leader plans one thing at a time");
            }
            Command::End => self.state.over = true,
            Command::Progress => self.tell_leader(Notice::Progressed(self.crew.progress())),
        }
    }

    /// Does what was planned for now.
    pub(super) fn run_planned(&mut self) {
        let now = self.state.now;
        let Some((at, command)) = self.state.planned.take_if(|(at, _)| *at <= now) else {
            return;
        };
        if let Command::Begin { stage, .. } = command {
            self.state.unsettled = self.settles(stage).then_some(stage);
            let out = &mut self.state.out;
            self.crew.handle_input(Input::Begin(stage.into()), at, out);
            self.perform();
        } else {
            self.sample();
        }
    }

    fn sample(&mut self) {
        let mut sample = self.crew.sample();
        core::mem::swap(&mut sample.tally.turn, &mut self.state.turns);
        let total_ns = clock::thread_cpu_ns();
        let cpu_ns = total_ns - self.state.cpu_ns;
        self.state.cpu_ns = total_ns;
        self.tell_leader(Notice::Sampled(Box::new(Sampled { sample, cpu_ns })));
    }
}
