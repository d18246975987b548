//! The beginning of a stage.

use std::sync::Arc;

use loadgen_plan::{Action as Planned, Load, Schedule, Verb};
use wire_message::Instant;

use super::Crew;
use super::connect::Arrivals;
use super::member::Phase;
use crate::Out;
use crate::limits::STALL_LOOK;
use crate::timetable::Timetable;
use crate::window::Window;

impl Crew {
    /// Does what the actions of a stage say, in order.
    ///
    /// # Panics
    ///
    /// If the plan has no such stage.
    pub(super) fn begin(&mut self, stage: usize, now: Instant, out: &mut Out) {
        let plan = Arc::clone(&self.plan);
        let number = u16::try_from(stage).expect("plans have few stages");
        self.counters.begin(number, now);
        let stage = plan
            .stages
            .get(stage)
            .expect("the plan has the stage that begins");
        for &Planned { group, verb } in &stage.actions {
            let at = usize::from(group);
            match verb {
                Verb::Connect {
                    rate_per_s,
                    subscribe,
                } => {
                    let arrivals = Arrivals::new(self, group, rate_per_s, subscribe, now);
                    self.arrivals.push(arrivals);
                    self.let_arrive(now, out);
                }
                Verb::Cycle => {
                    self.groups[at].cycling = true;
                    self.arrivals
                        .push(Arrivals::new(self, group, None, false, now));
                    self.let_arrive(now, out);
                }
                Verb::Publish => self.begin_publishing(group, now),
                Verb::Churn => self.begin_churn(group, now),
                Verb::Stop => {
                    self.count_overdue(at, now);
                    let stopped = &mut self.groups[at];
                    stopped.publishing = false;
                    stopped.cycling = false;
                    stopped.timetable = None;
                    stopped.departures = None;
                    stopped.left = 0;
                }
                Verb::Clear => self.begin_clearing(group),
                Verb::Disconnect { forget } => self.leave_all(group, false, forget, now, out),
                Verb::Drop => self.leave_all(group, true, false, now, out),
            }
        }
    }

    fn begin_publishing(&mut self, group: u16, now: Instant) {
        self.has_published = true;
        let plan = Arc::clone(&self.plan);
        let (planned, worker) = (&plan.groups[usize::from(group)], self.worker);
        let state = &mut self.groups[usize::from(group)];
        let Some(publishing) = &planned.publish else {
            return;
        };
        if state.publishing {
            return;
        }
        state.publishing = true;
        let (first, share) = (state.publishers, state.share);
        let own = first as usize..(first + share) as usize;
        if let (Some(form), Some(_)) = (&state.form, publishing.limit) {
            let left = |at: usize| u64::from(form.limit - self.publishers[at].sequence);
            state.left = own.clone().map(left).sum();
        }
        match publishing.load {
            Load::Rate { per_s, schedule } if share > 0 => {
                let part = f64::from(share) / f64::from(planned.clients);
                let phase = f64::from(worker.index) / f64::from(worker.count);
                let seed = plan.seed ^ u64::from(group) << 32 ^ u64::from(worker.index) << 48;
                let schedule = match schedule {
                    Schedule::Ramp { to_per_s, over } => Schedule::Ramp {
                        to_per_s: to_per_s * part,
                        over,
                    },
                    Schedule::Constant | Schedule::Poisson => schedule,
                };
                let timetable = Timetable::new(now, per_s * part, schedule, phase, seed);
                state.timetable = Some(timetable);
            }
            Load::Rate { .. } => {}
            Load::Window(window) => {
                for at in own {
                    self.open_window(at, window);
                }
                self.stall_look = now + STALL_LOOK;
            }
        }
    }

    fn open_window(&mut self, at: usize, messages: u32) {
        let publisher = &mut self.publishers[at];
        let form = self.groups[usize::from(publisher.group)].form.as_ref();
        let Some(form) = form else {
            return;
        };
        // An answer says that its request arrived, too.
        let acknowledged = u32::from(form.qos != wire_message::Qos::AtMostOnce);
        let needed = publisher.copies + acknowledged;
        if publisher.window.is_none() {
            publisher.window = Some(Box::new(Window::new(messages, needed)));
        }
        let member = publisher.member;
        if self.members[member as usize].phase == Phase::Ready {
            self.list(at);
        }
    }
}
