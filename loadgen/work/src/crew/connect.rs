//! Clients come: transport, CONNECT, CONNACK, SUBSCRIBE, SUBACK.

mod packets;

use core::net::IpAddr;

use wire_client::Client;
use wire_message::Instant;

use super::Crew;
use super::member::{Flags, Phase};
use crate::timetable::Timetable;
use crate::{Action, Out};
use loadgen_plan::Schedule;

/// Clients of a group that connect one after the other.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// None: all at once.
    timetable: Option<Timetable>,
    group: u16,
    next: u32,
    end: u32,
    subscribe: bool,
    since: Instant,
}

/// What an accepted client learns from CONNACK.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted {
    session_present: bool,
    receive_maximum: u16,
    takes_aliases: bool,
    keep_alive_s: Option<u16>,
}

impl Arrivals {
    pub(super) fn new(
        crew: &Crew,
        group: u16,
        rate_per_s: Option<f64>,
        subscribe: bool,
        since: Instant,
    ) -> Self {
        let state = &crew.groups[usize::from(group)];
        let worker = crew.worker;
        let part = f64::from(state.share) / f64::from(state.clients.max(1));
        let phase = f64::from(worker.index) / f64::from(worker.count);
        let timetable = rate_per_s
            .filter(|_| state.share > 0)
            .map(|rate| Timetable::new(since, rate * part, Schedule::Constant, phase, 0));
        Self {
            timetable,
            group,
            next: state.members,
            end: state.members + state.share,
            subscribe,
            since,
        }
    }

    pub(super) fn next(&self) -> Instant {
        self.timetable.as_ref().map_or(self.since, Timetable::next)
    }

    pub(super) fn left(&self) -> u32 {
        self.end - self.next
    }
}

impl Crew {
    /// Opens the transports of those whose time has come.
    pub(super) fn let_arrive(&mut self, now: Instant, out: &mut Out) {
        let mut arrivals = core::mem::take(&mut self.arrivals);
        for row in &mut arrivals {
            while row.next < row.end {
                let due = match &mut row.timetable {
                    Some(timetable) => timetable.take_due(now).is_some(),
                    None => true,
                };
                if !due {
                    break;
                }
                let local = row.next;
                row.next += 1;
                if self.members[local as usize].phase == Phase::Offline {
                    self.open(local, row.subscribe, now, out);
                }
            }
        }
        arrivals.retain(|row| row.next < row.end);
        self.arrivals = arrivals;
    }

    /// Clients of the group that were to come do not.
    pub(super) fn cancel_arrivals(&mut self, group: u16) {
        self.arrivals.retain(|row| row.group != group);
    }

    pub(super) fn open(&mut self, local: u32, subscribe: bool, now: Instant, out: &mut Out) {
        let (client, _) = self.number(local);
        let target = &self.plan.target;
        let broker = target.brokers[client.0 as usize % target.brokers.len()];
        let local_address = target
            .sources
            .map(|range| IpAddr::V4(range.address(client.0)));
        out.actions.push(Action::Connect {
            client,
            broker,
            local: local_address,
        });
        self.counters.tally.connections.attempted += 1;
        let has_published = self.has_published;
        let member = self.member(local);
        member.asked_at = now;
        member.flags.set(Flags::SUBSCRIBE, subscribe);
        if has_published {
            if !member.flags.has(Flags::KNOWN) {
                member.flags.set(Flags::LATE, true);
            }
            member.epoch = member.epoch.wrapping_add(1);
        }
        self.enter(local, Phase::Opening);
    }

    /// Moves a member to another phase, and counts.
    pub(super) fn enter(&mut self, local: u32, phase: Phase) {
        let member = &mut self.members[local as usize];
        let group = &mut self.groups[usize::from(member.group)];
        let before = core::mem::replace(&mut member.phase, phase);
        let counters = &mut self.counters;
        let change = |count: &mut u64, was: bool, is: bool| {
            *count = *count + u64::from(is) - u64::from(was);
        };
        change(
            &mut counters.passing,
            before.is_passing(),
            phase.is_passing(),
        );
        change(
            &mut counters.connected,
            before.is_connected(),
            phase.is_connected(),
        );
        let ready = |phase| u32::from(phase == Phase::Ready);
        group.online = group.online + ready(phase) - ready(before);
    }

    /// The transport is there.
    pub(super) fn opened(&mut self, local: u32, now: Instant, out: &mut Out) {
        if self.members[local as usize].phase != Phase::Opening {
            return;
        }
        self.enter(local, Phase::Connecting);
        if self.plan.target.raw {
            self.greet(local, out);
        } else {
            self.member(local).client = Client::new(wire_client::Settings::default());
            self.write_connect(local, now, out);
        }
        self.assign(local, now, out);
    }

    pub(super) fn open_failed(&mut self, local: u32, now: Instant) {
        if self.members[local as usize].phase == Phase::Opening {
            self.counters.tally.connections.failed += 1;
        }
        let _ = now;
        self.enter(local, Phase::Offline);
    }

    /// CONNACK says yes.
    pub(super) fn accepted(&mut self, local: u32, accepted: Accepted, now: Instant, out: &mut Out) {
        let member = &mut self.members[local as usize];
        let waited = now.since(member.asked_at).as_nanos();
        let tally = &mut self.counters.tally;
        tally
            .connect
            .saturating_record(u64::try_from(waited).unwrap_or(u64::MAX));
        tally.connections.connected += 1;
        let group = usize::from(member.group);
        member.flags.set(Flags::PINGED, false);
        member.unanswered = 0;
        let planned = self.plan.groups[group].connect.keep_alive_s;
        member.keep_alive_s = accepted.keep_alive_s.unwrap_or(planned);
        if !accepted.session_present {
            member.unreleased.clear();
        }
        if self.groups[group].cycling {
            self.leave(local, false, false, now, out);
            return;
        }
        if let Some(publisher) = member.publisher {
            self.prepare_publisher(publisher, accepted.receive_maximum, accepted.takes_aliases);
            if !accepted.session_present {
                self.forget_outflow(publisher);
            }
        }
        if let Some(responder) = &mut self.member(local).responder {
            responder.restart();
        }
        self.set_responder_maximum(local, accepted.receive_maximum);
        let subscribes = !self.plan.groups[group].subscribe.is_empty();
        if subscribes
            && self.members[local as usize].flags.has(Flags::SUBSCRIBE)
            && !self.plan.target.raw
        {
            self.member(local).asked_at = now;
            self.write_subscribe(local, now, out);
            self.enter(local, Phase::Subscribing);
        } else {
            self.ready(local, now, out);
        }
    }

    /// All is there: the client may do its work.
    pub(super) fn ready(&mut self, local: u32, now: Instant, out: &mut Out) {
        self.member(local).flags.set(Flags::KNOWN, true);
        self.enter(local, Phase::Ready);
        if let Some(publisher) = self.members[local as usize].publisher {
            self.send_again(publisher, now, out);
            self.take_over_owed(publisher);
            self.list(publisher as usize);
        }
    }
}
