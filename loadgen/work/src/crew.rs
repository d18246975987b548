//! All clients of one worker.

mod acknowledge;
mod answer;
mod begin;
mod build;
mod churn;
mod closing;
mod connect;
mod counters;
mod deliver;
mod final_account;
mod group;
mod keep_alive;
mod loops;
mod member;
mod open_loop;
mod publish;
mod publisher;
mod raw;
mod receive;
mod slow;
mod streak;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use loadgen_plan::{Audience, Plan, RunId, Worker};
use wire_message::Instant;

use crate::checker::{Checker, Watch};
use crate::stamp::Filler;
use crate::timetable::Timetable;
use crate::{Action, ClientNumber, Credit, Input, Out, Progress, Refusal, Sample};
use connect::Arrivals;
use counters::Counters;
use group::{GroupState, Source};
use keep_alive::Scan;
use member::Member;
use publisher::Publisher;
use slow::SlowReaders;

/// The clients of one worker.
///
/// The caller carries out what [`Out`] says after each call, and calls [`Self::handle_timeout`]
/// once after each batch of inputs, and when [`Self::next_timeout`] says so.
#[derive(Debug)]
pub struct Crew {
    plan: Arc<Plan>,
    audience: Arc<Audience>,
    worker: Worker,
    run: RunId,
    groups: Vec<GroupState>,
    /// The crew's clients, group after group, in the order of their indices.
    members: Vec<Member>,
    publishers: Vec<Publisher>,
    /// Groups that publish.
    sources: Vec<Source>,
    /// The subscriptions of all members, member after member.
    watches: Vec<Watch>,
    /// Where the counts of each entry are, for those that have some.
    count_bases: Vec<u32>,
    checker: Checker,
    filler: Filler,
    /// Clients that are to connect, one after the other.
    arrivals: Vec<Arrivals>,
    /// Clients that are away for a while, and when they come back.
    away: VecDeque<(Instant, u32)>,
    /// Publishers that may be able to send.
    listed: Vec<u32>,
    slow: SlowReaders,
    scan: Scan,
    /// When to look for closed loops that stand still.
    stall_look: Instant,
    /// Copies that arrived here and are confirmed to other workers.
    foreign: BTreeMap<(u32, u32), u32>,
    /// Whether publishers have begun, in any crew.
    has_published: bool,
    /// Whether a client has left since, here or, for all this crew knows, elsewhere.
    has_departed: bool,
    /// Whether a publisher has sent messages again after it came back.
    has_resent: bool,
    counters: Counters,
}

impl Crew {
    /// The crew of `worker` for a plan that was checked, with nothing connected.
    #[must_use]
    pub fn new(plan: Arc<Plan>, audience: Arc<Audience>, worker: Worker, run: RunId) -> Self {
        build::crew(plan, audience, worker, run)
    }

    /// Takes note of `input`, and appends to `out` what must follow.
    pub fn handle_input(&mut self, input: Input<'_>, now: Instant, out: &mut Out) {
        out.begin();
        match input {
            Input::Begin(stage) => self.begin(stage, now, out),
            Input::Connected(client) => self.opened(self.local(client), now, out),
            Input::ConnectFailed(client) => self.open_failed(self.local(client), now),
            Input::Bytes(client, bytes) => self.receive(self.local(client), bytes, now, out),
            Input::Closed(client) => self.closed(self.local(client), now, out),
            Input::Writable { client, left } => self.writable(self.local(client), left),
            Input::Credits(credits) => self.take_credits(credits, now),
        }
    }

    /// Does what is due at `now`. Early or repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Out) {
        out.begin();
        self.let_arrive(now, out);
        self.let_leave(now, out);
        self.let_read(now, out);
        self.scan(now, out);
        self.look_for_stalls(now);
        self.follow_timetables(now, out);
        self.send_listed(now, out);
        for ((stream, sequence), copies) in core::mem::take(&mut self.foreign) {
            let credit = Credit {
                stream,
                sequence,
                copies,
            };
            if let Some((_, index)) = self.plan.find_stream(stream) {
                let worker = self.worker.of(index);
                out.actions.push(Action::Credits { worker, credit });
            }
        }
    }

    /// When to call [`Self::handle_timeout`]; ask again after every other call.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        if !self.listed.is_empty() || !self.foreign.is_empty() {
            return Some(Instant::ZERO);
        }
        let groups = self.groups.iter().flat_map(|group| {
            let times = [group.timetable.as_ref(), group.departures.as_ref()];
            times.into_iter().flatten().map(Timetable::next)
        });
        let single = [
            self.arrivals.iter().map(Arrivals::next).min(),
            self.away.front().map(|(back, _)| *back),
            self.slow.next(),
            self.scan.next(),
            (self.stall_look > Instant::ZERO).then_some(self.stall_look),
        ];
        groups.chain(single.into_iter().flatten()).min()
    }

    /// How far the crew is; cheap.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let counters = &self.counters;
        let arrivals = self
            .arrivals
            .iter()
            .map(|arrivals| u64::from(arrivals.left()));
        let left = self.groups.iter().map(|group| group.left);
        let under_way = counters.owed + counters.unacknowledged + counters.clears;
        Progress {
            open: counters.passing + under_way + arrivals.sum::<u64>() + left.sum::<u64>(),
            expected: counters.expected,
            delivered: counters.delivered,
        }
    }

    /// Counters and histograms since the last call; takes new ones of about 1.5 MiB in all.
    pub fn sample(&mut self) -> Sample {
        let counters = &mut self.counters;
        Sample {
            tally: core::mem::take(&mut counters.tally),
            late: core::mem::take(&mut counters.late).into_iter().collect(),
            connected: counters.connected,
            wills: core::mem::take(&mut counters.wills),
            stalls: core::mem::take(&mut counters.stalls),
        }
    }

    /// What the broker refused since the beginning, and how often.
    pub fn refusals(&self) -> impl Iterator<Item = (Refusal, u64)> {
        let refusals = self.counters.refusals.iter();
        refusals.map(|(refusal, times)| (*refusal, *times))
    }

    /// The place of a client among the crew's members.
    ///
    /// # Panics
    ///
    /// If the client is not of this crew.
    #[inline]
    fn local(&self, client: ClientNumber) -> u32 {
        if self.worker.count == 1 {
            return client.0;
        }
        let mut groups = self.groups.iter();
        let local = groups.find_map(|group| {
            let index = client.0.checked_sub(group.first)?;
            (index < group.clients).then(|| group.members + self.worker.local(index))
        });
        local.expect("inputs name clients of this crew")
    }

    /// The number of a member, and its index in its group.
    #[inline]
    fn number(&self, local: u32) -> (ClientNumber, u32) {
        let group = self.group_of(local);
        let index = self.worker.index(local - group.members);
        (ClientNumber(group.first + index), index)
    }

    #[inline]
    fn member(&mut self, local: u32) -> &mut Member {
        &mut self.members[local as usize]
    }

    #[inline]
    fn group_of(&self, local: u32) -> &GroupState {
        let group = self.members[local as usize].group;
        &self.groups[usize::from(group)]
    }
}
