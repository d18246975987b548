//! Setting up a crew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use loadgen_plan::{Audience, Group, Place, Plan, RunId, Worker, topic_mark};
use wire_message::Instant;

use super::group::{GroupState, Source};
use super::keep_alive::Scan;
use super::member::{Flags, Member};
use super::publisher::{Head, Publisher};
use super::slow::SlowReaders;
use super::{Counters, Crew};
use crate::checker::Checker;
use crate::stamp::Filler;

/// Groups whose payloads are prepared for; more would make the search for a size long.
const SIZES_PREPARED: usize = 4;

/// Bytes of the largest will.
const WILL_BYTES_MAX: u32 = 65_535;

pub(super) fn crew(plan: Arc<Plan>, audience: Arc<Audience>, worker: Worker, run: RunId) -> Crew {
    let mut checker = Checker::default();
    let entries = audience.entries().iter();
    let counts = entries.map(|entry| {
        let streams = if entry.shared { entry.streams.len() } else { 0 };
        checker.count_base(streams)
    });
    let count_bases = counts.collect();
    let sizes = plan.groups.iter().map(payload_bytes_max);
    let publishing = plan
        .groups
        .iter()
        .filter_map(|group| group.publish.as_ref());
    let common = publishing
        .map(|publishing| publishing.size.max())
        .take(SIZES_PREPARED);
    let common = common.collect::<Vec<_>>();
    let filler = Filler::new(plan.seed, sizes.max().unwrap_or(0), &common);
    let scan = Scan::new(&plan);
    let mut crew = Crew {
        plan,
        audience,
        worker,
        run,
        groups: Vec::new(),
        members: Vec::new(),
        publishers: Vec::new(),
        sources: Vec::new(),
        watches: Vec::new(),
        count_bases,
        checker,
        filler,
        arrivals: Vec::new(),
        away: VecDeque::new(),
        listed: Vec::new(),
        slow: SlowReaders::default(),
        scan,
        stall_look: Instant::ZERO,
        foreign: BTreeMap::new(),
        has_published: false,
        has_departed: false,
        has_resent: false,
        counters: Counters::default(),
    };
    let plan = Arc::clone(&crew.plan);
    let members = plan
        .groups
        .iter()
        .map(|group| worker.share(group.clients) as usize)
        .sum();
    crew.members.reserve_exact(members);
    for (at, group) in (0..).zip(&plan.groups) {
        add_group(&mut crew, at, group);
    }
    crew.watches.shrink_to_fit();
    crew
}

fn payload_bytes_max(group: &Group) -> u32 {
    let published = group
        .publish
        .as_ref()
        .map_or(0, |publishing| publishing.size.max());
    let will = group.connect.will.as_ref().map_or(0, |_| WILL_BYTES_MAX);
    published.max(will)
}

fn add_group(crew: &mut Crew, at: u16, group: &Group) {
    let place = |length: usize| u32::try_from(length).expect("a plan's clients are limited");
    let (members, publishers) = (place(crew.members.len()), place(crew.publishers.len()));
    let worker = crew.worker;
    let state = GroupState::new(&crew.plan, at, group, worker, members, publishers);
    let audience = Arc::clone(&crew.audience);
    for local in 0..state.share {
        let index = worker.index(local);
        let number = group.first + index;
        for id in audience.of_client(number) {
            let count_base = crew.count_bases[id.0 as usize];
            crew.watches
                .push(crew.checker.watch(&audience, *id, count_base));
        }
        let publisher = group.publish.as_ref().map(|publishing| {
            let stream = state.first_stream + index;
            let place = Place {
                index,
                number,
                run: crew.run,
                seed: crew.plan.seed,
                sequence: 0,
            };
            let head = Head::new(publishing, &place, state.version);
            let copies = audience.copies(stream);
            let mut publisher = Publisher::new(members + local, stream, at, copies, head);
            if let Some(response) = &publishing.response {
                publisher.answer_mark = topic_mark(response.text(&place).as_bytes());
                // With several answers to each request nobody can say which one came again.
                publisher.answer_at = (copies == 1).then(|| crew.checker.answers());
            }
            crew.publishers.push(publisher);
            publishers + local
        });
        let mut member = Member::new(at, publisher, place(crew.watches.len()));
        member.flags.set(Flags::MEASURED, state.is_measured);
        crew.members.push(member);
    }
    if let Some(form) = &state.form {
        crew.sources.push(Source {
            first_stream: state.first_stream,
            clients: state.clients,
            publishers,
            group: at,
            is_closed: form.window.is_some(),
            qos: form.qos,
        });
    }
    crew.groups.push(state);
}
