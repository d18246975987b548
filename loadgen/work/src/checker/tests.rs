//! The checker against a model, and what it makes of single faults.

use std::sync::Arc;

use loadgen_plan::{Options, Plan, RunId, Target, scenario};
use proptest::prelude::*;

use super::*;
use crate::limits::EXAMPLES_MAX;

fn plan(publishers: u32) -> (Plan, Arc<Audience>) {
    let options = Options {
        target: Target {
            brokers: vec!["127.0.0.1:1883".parse().expect("an address")],
            ..Target::default()
        },
        ..Options::default()
    };
    let plan = scenario::fan_in(&options, publishers, 1).expect("the plan is fine");
    let audience = Arc::new(Audience::new(&plan, RunId(1)).expect("nothing overlaps"));
    (plan, audience)
}

fn sighting(stream: u32, sequence: u32) -> Sighting {
    Sighting {
        client: ClientNumber(0),
        stream,
        sequence,
        epoch: 0,
        may_repeat: false,
        dup: false,
        ordered: true,
        forgetful: false,
    }
}

/// A checker for one client of `publishers` streams.
struct Fixture {
    checker: Checker,
    audience: Arc<Audience>,
    watch: Watch,
}

impl Fixture {
    fn new(publishers: u32) -> Self {
        let (_, audience) = plan(publishers);
        let mut checker = Checker::default();
        let id = audience.of_client(0)[0];
        let watch = checker.watch(&audience, id, 0);
        Self {
            checker,
            audience,
            watch,
        }
    }

    fn see(&mut self, sighting: &Sighting) -> bool {
        let found = Checker::find(&[self.watch], sighting.stream, &self.audience);
        let (_, at) = found.expect("the client subscribes to all streams");
        self.checker.is_next(at, sighting.sequence, sighting.epoch)
            || self.checker.check_unusual(at, sighting)
    }

    fn received(&self, stream: u32) -> Received {
        let mut all = self.checker.received(self.watch, &self.audience);
        all.find(|received| received.stream == stream)
            .expect("the client subscribes to it")
    }
}

/// What happens to a message on its way.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    IsLost,
    /// Comes again after so many others.
    ComesAgain(usize),
    /// Comes after so many others.
    ComesLate(usize),
}

fn fates() -> impl Strategy<Value = Vec<(u32, Fate)>> {
    let fate = prop_oneof![
        12 => Just(Fate::Arrives),
        2 => Just(Fate::IsLost),
        1 => (0..30_usize).prop_map(Fate::ComesAgain),
        2 => (1..90_usize).prop_map(Fate::ComesLate),
    ];
    prop::collection::vec((0..3_u32, fate), 0..400)
}

proptest! {
    #[test]
    fn every_loss_duplicate_and_late_message_is_counted_exactly(fates in fates()) {
        let mut fixture = Fixture::new(3);
        // The order of arrival: by where each copy comes out.
        let mut copies = Vec::new();
        let mut sent = [0_u32; 3];
        for (at, (stream, fate)) in fates.iter().enumerate() {
            let sequence = sent[*stream as usize];
            sent[*stream as usize] += 1;
            match fate {
                Fate::Arrives => copies.push((at * 2, *stream, sequence)),
                Fate::IsLost => {}
                Fate::ComesAgain(later) => {
                    copies.push((at * 2, *stream, sequence));
                    copies.push(((at + later) * 2 + 1, *stream, sequence));
                }
                Fate::ComesLate(later) => copies.push(((at + later) * 2 + 1, *stream, sequence)),
            }
        }
        copies.sort_by_key(|(place, ..)| *place);
        // The model: all that was seen, and the highest number, of each stream.
        let mut seen = std::collections::BTreeSet::new();
        let mut highest = [None; 3];
        let (mut duplicates, mut reordered) = (0, 0);
        for (_, stream, sequence) in copies {
            let is_new = seen.insert((stream, sequence));
            let highest = &mut highest[stream as usize];
            let is_late = highest.is_some_and(|highest| sequence < highest);
            *highest = (*highest).max(Some(sequence));
            duplicates += u64::from(!is_new);
            reordered += u64::from(is_new && is_late);
            prop_assert_eq!(fixture.see(&sighting(stream, sequence)), is_new);
        }
        prop_assert_eq!(fixture.checker.faults.duplicates, duplicates);
        prop_assert_eq!(fixture.checker.faults.reordered, reordered);
        for stream in 0..3 {
            let received = fixture.received(stream);
            let of_stream = seen.range((stream, 0)..=(stream, u32::MAX)).count() as u64;
            prop_assert_eq!(received.messages, of_stream);
            let highest = highest[stream as usize];
            let until = highest.map_or(0, |highest| u64::from(highest) + 1);
            prop_assert_eq!(received.missed, until - of_stream);
            let mut numbers = 0..highest.unwrap_or(0);
            let first = numbers.find(|&sequence| !seen.contains(&(stream, sequence)));
            prop_assert_eq!(received.first_missed, first);
        }
    }
}

#[test]
fn a_message_that_comes_again_is_fine_if_the_quality_allows_it() {
    let mut fixture = Fixture::new(1);
    let twice = Sighting {
        may_repeat: true,
        dup: true,
        ..sighting(0, 0)
    };
    assert!(fixture.see(&twice) && !fixture.see(&twice));
    let faults = &fixture.checker.faults;
    assert_eq!((faults.duplicates, faults.duplicates_allowed), (0, 1));
}

#[test]
fn what_is_sent_again_after_others_is_not_out_of_order() {
    let mut fixture = Fixture::new(1);
    assert!(fixture.see(&sighting(0, 1)));
    assert!(fixture.see(&Sighting {
        dup: true,
        ..sighting(0, 0)
    }));
    assert_eq!(fixture.checker.faults.reordered, 0);
    assert_eq!(fixture.received(0).missed, 0);
}

#[test]
fn a_new_connection_excuses_a_gap_only_without_a_session() {
    for forgetful in [false, true] {
        let mut fixture = Fixture::new(1);
        assert!(fixture.see(&sighting(0, 0)));
        let next = Sighting {
            epoch: 1,
            forgetful,
            ..sighting(0, 5)
        };
        assert!(fixture.see(&next));
        // The same connection is not excused twice.
        let later = Sighting {
            epoch: 1,
            forgetful,
            ..sighting(0, 8)
        };
        assert!(fixture.see(&later));
        let received = fixture.received(0);
        assert_eq!(received.messages, 3);
        assert_eq!(received.missed, if forgetful { 2 } else { 6 });
    }
}

#[test]
fn a_stream_that_is_not_watched_is_not_found() {
    let fixture = Fixture::new(2);
    assert!(Checker::find(&[fixture.watch], 2, &fixture.audience).is_none());
    assert!(Checker::find(&[], 0, &fixture.audience).is_none());
}

#[test]
fn examples_are_few() {
    let mut fixture = Fixture::new(1);
    for client in 0..50 {
        fixture.checker.corrupt(ClientNumber(client), 7);
        fixture.checker.corrupt(ClientNumber(client), 7);
        assert!(
            client > 0 || fixture.checker.faults.examples.len() == 1,
            "no example twice"
        );
        fixture.checker.stray(ClientNumber(client), "something");
        fixture.checker.stray(ClientNumber(client), "something");
    }
    assert_eq!(fixture.checker.faults.examples.len(), EXAMPLES_MAX);
    assert_eq!(
        (fixture.checker.faults.corrupt, fixture.checker.faults.stray),
        (100, 100)
    );
}
