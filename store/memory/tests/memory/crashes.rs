//! After a crash the store holds what it held after some group, and all that it had called durable.

use store_memory::{Disk, FaultPlan, MemoryStore, Opened};
use store_model::{Batch, Event, Family, Sequence, StoreState, UnixMillis, WallClock};
use wire_message::{Seed, ShardId};

use crate::oracle::Oracle;
use crate::script::{Actor, Dice};

const SHARDS: u8 = 3;

fn shards() -> impl Iterator<Item = ShardId> {
    (0..SHARDS).map(ShardId)
}

fn open(disk: Disk, plan: FaultPlan) -> (MemoryStore, Opened) {
    let clock = WallClock::new(UnixMillis(1_000));
    MemoryStore::open(disk, plan, usize::from(SHARDS), clock, Seed(5)).expect("the disk is sound")
}

/// How far each shard's batches have come.
type Progress = [Sequence; SHARDS as usize];

/// One run of the process, from its start to its end.
struct Life {
    store: MemoryStore,
    actors: Vec<Actor>,
    batches: Vec<Vec<Batch>>,
    /// What a start found.
    before: Oracle,
    /// The states that the store went through, one for each group.
    states: Vec<Progress>,
    durable: Progress,
    failed: bool,
}

impl Life {
    fn new(disk: Disk, plan: FaultPlan) -> Self {
        let before = Oracle::of(&disk.recovered());
        let (store, opened) = open(disk, plan);
        Self {
            store,
            actors: shards()
                .map(|shard| Actor::new(shard, opened.first))
                .collect(),
            batches: vec![Vec::new(); usize::from(SHARDS)],
            before,
            states: vec![Progress::default()],
            durable: Progress::default(),
            failed: false,
        }
    }

    fn act(&mut self, dice: &mut Dice) {
        if dice.below(3) == 0 {
            let shard = ShardId(u8::try_from(dice.below(usize::from(SHARDS))).expect("few"));
            let batches = &mut self.batches[shard.index()];
            let batch = self.actors[shard.index()].batch(dice);
            // A shard whose batch is not taken waits: here it offers it until it is.
            let mut waiting = batch.clone();
            for _ in 0..10_000 {
                match self.store.submit(shard, waiting) {
                    Ok(()) => {
                        batches.push(batch);
                        break;
                    }
                    Err(back) => waiting = back,
                }
                if self.store.state() == StoreState::Failed {
                    break;
                }
                Self::step(&mut self.store, &mut self.states);
            }
        }
        Self::step(&mut self.store, &mut self.states);
        self.listen();
    }

    fn step(store: &mut MemoryStore, states: &mut Vec<Progress>) {
        store.step();
        let mut state = Progress::default();
        for shard in shards() {
            state[shard.index()] = store.written(shard);
        }
        if states.last() != Some(&state) {
            states.push(state);
        }
    }

    fn listen(&mut self) {
        for shard in shards() {
            while let Some(event) = self.store.poll(shard) {
                match event {
                    Event::Durable { through } => {
                        let known = &mut self.durable[shard.index()];
                        assert!(through > *known, "watermarks rise");
                        assert!(!self.failed || through <= self.store.written(shard));
                        *known = through;
                    }
                    Event::State(state) => self.failed |= state == StoreState::Failed,
                    Event::Answer(..) => unreachable!("nobody asked"),
                }
            }
        }
    }

    /// What must be there if the groups up to `state` are.
    fn expected(&self, state: &Progress) -> Oracle {
        let mut oracle = self.before.clone();
        for (batches, through) in self.batches.iter().zip(state) {
            let written = batches.iter().filter(|batch| batch.sequence <= *through);
            written
                .flat_map(|batch| &batch.operations)
                .for_each(|operation| oracle.apply(operation));
        }
        oracle
    }

    /// The disk after a crash, which must be in one of the allowed states.
    fn crash(self, tally: &mut Tally) -> Disk {
        let mut allowed = Vec::new();
        for state in &self.states {
            if self
                .durable
                .iter()
                .zip(state)
                .all(|(durable, there)| durable <= there)
            {
                allowed.push(self.expected(state));
            }
        }
        assert!(!allowed.is_empty(), "what is durable was written");
        let done = self.store.stats();
        tally.groups += done.groups;
        tally.upkeep += done.upkeep;
        tally.full += done.full;
        tally.failed += u64::from(self.store.state() == StoreState::Failed);
        let (durable, states) = (self.durable, self.states);
        let disk = self.store.crash();
        let found = Oracle::of(&disk.recovered());
        assert!(
            allowed.contains(&found),
            "durable {durable:?}, groups {states:?}, found {found:#?}"
        );
        tally.lost += u64::from(allowed.last() != Some(&found));
        tally.kept += u64::from(allowed.first() != Some(&found));
        disk
    }
}

/// What happened in a run, to see that everything does.
#[derive(Debug, Default)]
struct Tally {
    groups: u64,
    upkeep: u64,
    full: u64,
    failed: u64,
    /// Crashes that lost something written.
    lost: u64,
    /// Crashes that kept something that was not called durable.
    kept: u64,
}

/// Several lives one after the other; the last store is left to finish its upkeep.
fn run(seed: u64, tally: &mut Tally) {
    let mut dice = Dice(seed);
    let mut disk = Disk::new();
    for life in 0..4 {
        let plan = FaultPlan::new(seed.wrapping_mul(31).wrapping_add(life));
        let mut life = Life::new(disk, plan);
        for _ in 0..dice.below(150) {
            life.act(&mut dice);
        }
        disk = life.crash(tally);
    }
    let held = Oracle::of(&disk.recovered());
    let (mut store, _) = open(disk, FaultPlan::calm(seed));
    while store.step() {}
    let image = store.close().recovered();
    assert_eq!(
        Oracle::of(&image),
        held,
        "upkeep changes nothing that counts"
    );
    let count = |family| image.prefixed(family, &[]).count();
    let needed: std::collections::BTreeSet<_> = held.entries().map(|key| key.number).collect();
    let bodies = image.prefixed(Family::Bodies, &[]).map(|(key, _)| key);
    for key in bodies {
        let number = u64::from_be_bytes(key.try_into().expect("eight bytes"));
        assert!(
            needed.contains(&store_model::Number(number)),
            "nobody holds body {number}"
        );
    }
    assert_eq!(count(Family::Bodies), count(Family::Holders));
    assert_eq!(count(Family::Queue), held.entries().count());
    assert_eq!(count(Family::Dropped) + count(Family::Quarantine), 0);
}

#[test]
fn a_crash_leaves_the_state_after_a_group_and_all_that_was_durable() {
    let mut tally = Tally::default();
    // In 1152 an ended session is purged after the sweep that a start begins with.
    for seed in (0..300).chain([1152]) {
        let run = std::panic::AssertUnwindSafe(|| run(seed, &mut tally));
        let outcome = std::panic::catch_unwind(run);
        assert!(outcome.is_ok(), "seed {seed}");
    }
    let Tally {
        groups,
        upkeep,
        full,
        failed,
        lost,
        kept,
    } = tally;
    let all = [groups, upkeep, full, failed, lost, kept];
    assert!(all.iter().all(|count| *count >= 20), "{tally:?}");
}

#[test]
fn equal_seeds_give_equal_runs() {
    let images = [1, 1].map(|seed| {
        let (mut dice, plan) = (Dice(seed), FaultPlan::new(seed));
        let mut life = Life::new(Disk::new(), plan);
        for _ in 0..100 {
            life.act(&mut dice);
        }
        (
            life.store.stats(),
            life.crash(&mut Tally::default()).recovered(),
        )
    });
    assert_eq!(images[0], images[1]);
    assert!(images[0].0.groups > 0);
}

#[test]
fn an_orderly_end_keeps_everything() {
    for seed in 0..30 {
        let (mut dice, plan) = (Dice(seed), FaultPlan::calm(seed));
        let mut life = Life::new(Disk::new(), plan);
        for _ in 0..100 {
            life.act(&mut dice);
        }
        let all = life
            .batches
            .iter()
            .map(|batches| Sequence(batches.len() as u64));
        let all: Vec<_> = all.collect();
        let expected = life.expected(&all.try_into().expect("one for each shard"));
        assert_eq!(Oracle::of(&life.store.close().recovered()), expected);
    }
}

#[test]
fn numbers_are_never_given_again() {
    let (mut highest, mut disk) = (0, Disk::new());
    for seed in 0..20 {
        let mut dice = Dice(seed);
        let mut life = Life::new(disk, FaultPlan::new(seed));
        for _ in 0..60 {
            life.act(&mut dice);
        }
        disk = life.crash(&mut Tally::default());
        let stored = Oracle::of(&disk.recovered());
        highest = stored
            .entries()
            .map(|key| key.number.0)
            .fold(highest, u64::max);
        let (_, opened) = open(disk.clone(), FaultPlan::calm(0));
        assert!(opened.first.0 > highest, "{opened:?} after {highest}");
    }
    assert!(highest > 0);
}
