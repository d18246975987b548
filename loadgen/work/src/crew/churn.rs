//! Clients that leave for a while and come back.

use std::sync::Arc;

use loadgen_plan::Schedule;
use wire_message::Instant;

use super::Crew;
use super::member::Phase;
use crate::Out;
use crate::limits::DEPARTURES_PER_TURN_MAX;
use crate::timetable::Timetable;

impl Crew {
    pub(super) fn begin_churn(&mut self, group: u16, now: Instant) {
        let planned = &self.plan.groups[usize::from(group)];
        let state = &mut self.groups[usize::from(group)];
        let Some(churn) = planned.churn else {
            return;
        };
        if state.share == 0 || state.departures.is_some() {
            return;
        }
        let rate = churn.per_s * f64::from(state.share) / f64::from(planned.clients);
        let phase = f64::from(self.worker.index) / f64::from(self.worker.count);
        state.departures = Some(Timetable::new(now, rate, Schedule::Constant, phase, 0));
    }

    /// Lets those leave whose time has come, and others come back.
    pub(super) fn let_leave(&mut self, now: Instant, out: &mut Out) {
        let plan = Arc::clone(&self.plan);
        for (at, planned) in plan.groups.iter().enumerate() {
            let Some(churn) = planned.churn else {
                continue;
            };
            let mut left = DEPARTURES_PER_TURN_MAX;
            while left > 0
                && let Some(departures) = &mut self.groups[at].departures
                && departures.take_due(now).is_some()
            {
                left -= 1;
                if let Some(local) = self.next_leaver(at) {
                    self.leave(local, churn.abrupt, false, now, out);
                    self.away.push_back((now + churn.offline, local));
                }
            }
        }
        // Groups may stay away for different times, so the order is kept only roughly.
        while let Some(&(back, local)) = self.away.front()
            && back <= now
        {
            self.away.pop_front();
            match self.members[local as usize].phase {
                Phase::Offline => {
                    // A session that was kept has its subscriptions.
                    let subscribe = !self.group_of(local).keeps_session;
                    self.open(local, subscribe, now, out);
                }
                // Its transport is not gone yet.
                Phase::Closing => {
                    self.away.push_back((now + crate::limits::AWAY_MORE, local));
                }
                Phase::Opening | Phase::Connecting | Phase::Subscribing | Phase::Ready => {}
            }
        }
    }

    fn next_leaver(&mut self, group: usize) -> Option<u32> {
        let state = &mut self.groups[group];
        for _ in 0..state.share {
            let local = state.members + state.leaving;
            state.leaving = (state.leaving + 1) % state.share;
            if self.members[local as usize].phase == Phase::Ready {
                return Some(local);
            }
        }
        None
    }
}
