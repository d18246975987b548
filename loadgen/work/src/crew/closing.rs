//! Clients go: by plan, or because the connection is lost.

use loadgen_plan::Reading;
use wire_message::{Instant, Qos};
use wire_mqtt::{Disconnect, DisconnectProperties, ReasonCode, Version};

use super::Crew;
use super::group::GroupState;
use super::member::{Flags, Phase};
use crate::{Action, Out};

impl Crew {
    pub(super) fn leave_all(
        &mut self,
        group: u16,
        abrupt: bool,
        forget: bool,
        now: Instant,
        out: &mut Out,
    ) {
        self.cancel_arrivals(group);
        let state = &mut self.groups[usize::from(group)];
        state.cycling = false;
        let members = state.members..state.members + state.share;
        self.away.retain(|(_, local)| !members.contains(local));
        for local in members {
            self.leave(local, abrupt, forget, now, out);
        }
    }

    /// A member goes by plan: with DISCONNECT, or without.
    pub(super) fn leave(
        &mut self,
        local: u32,
        abrupt: bool,
        forget: bool,
        now: Instant,
        out: &mut Out,
    ) {
        let phase = self.members[local as usize].phase;
        if matches!(phase, Phase::Offline | Phase::Closing) {
            return;
        }
        let publishing = self.groups.iter().any(GroupState::is_sending);
        let forget = forget && self.group_of(local).keeps_session;
        let raw = self.plan.target.raw;
        let member = self.member(local);
        if publishing {
            member.flags.set(Flags::LEFT_EARLY, true);
        }
        if !abrupt && !raw && phase != Phase::Opening {
            let expiry = (forget && member.client.version() == Version::V5).then_some(0);
            let disconnect = Disconnect {
                reason: ReasonCode::Success,
                properties: DisconnectProperties {
                    session_expiry_interval_s: expiry,
                    ..DisconnectProperties::default()
                },
            };
            // A client core that knows of no connection has nothing to say.
            let _ = member.client.disconnect(&disconnect, &mut out.bytes);
            self.assign(local, now, out);
        }
        self.counters.tally.connections.closed += 1;
        self.close(local, abrupt, out);
    }

    /// The connection ended against the plan.
    pub(super) fn lost(&mut self, local: u32, out: &mut Out) {
        self.count_lost(local);
        self.close(local, true, out);
    }

    fn count_lost(&mut self, local: u32) {
        self.counters.tally.connections.lost += 1;
        let group = usize::from(self.members[local as usize].group);
        // Brokers may part with those who do not read.
        if self.plan.groups[group].reading == Reading::Full {
            let (client, _) = self.number(local);
            self.checker.disconnected(client);
        }
    }

    /// Lets the transport go, and forgets what ends with it.
    pub(super) fn close(&mut self, local: u32, abrupt: bool, out: &mut Out) {
        let (client, _) = self.number(local);
        // What was not sent yet is not worth it any more.
        out.discard();
        out.actions.push(Action::Close { client, abrupt });
        self.end_connection(local, abrupt);
        self.enter(local, Phase::Closing);
    }

    /// The transport is gone.
    pub(super) fn closed(&mut self, local: u32, now: Instant, out: &mut Out) {
        let phase = self.members[local as usize].phase;
        match phase {
            Phase::Offline => return,
            Phase::Closing => {}
            Phase::Opening | Phase::Connecting => {
                self.counters.tally.connections.failed += 1;
                self.end_connection(local, true);
            }
            Phase::Subscribing | Phase::Ready => {
                self.count_lost(local);
                self.end_connection(local, true);
            }
        }
        self.enter(local, Phase::Offline);
        if self.group_of(local).cycling {
            self.open(local, false, now, out);
        }
    }

    fn end_connection(&mut self, local: u32, abrupt: bool) {
        let keeps_session = self.group_of(local).keeps_session;
        self.has_departed |= self.has_published;
        let member = self.member(local);
        member.client.connection_lost();
        member.pending = Vec::new();
        member.queued = 0;
        member.flags.set(Flags::PINGED, false);
        member.flags.set(Flags::PAUSED, false);
        let publisher = member.publisher;
        self.slow.forget(local);
        let Some(at) = publisher else {
            return;
        };
        if !keeps_session {
            self.forget_outflow(at);
        }
        let publisher = &mut self.publishers[at as usize];
        publisher.alias = None;
        if let Some(window) = &mut publisher.window {
            window.reopen();
        }
        self.counters.clears -= u64::from(core::mem::take(&mut publisher.clears));
        let form = self.groups[usize::from(publisher.group)].form.as_ref();
        if abrupt && form.is_some_and(|form| form.qos == Qos::AtMostOnce) {
            publisher.uncertain += u64::from(publisher.take_recent());
        }
    }

    /// Messages without an acknowledgement may have arrived or not.
    pub(super) fn forget_outflow(&mut self, publisher: u32) {
        let publisher = &mut self.publishers[publisher as usize];
        if let Some(outflow) = publisher.outflow.take() {
            let open = u64::from(outflow.open());
            publisher.uncertain += open;
            self.counters.unacknowledged -= open;
        }
    }
}
