//! What was submitted is there after an orderly end, whatever it was.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use store_model::{Batch, Family, Number, Sequence};
use store_rocks::{Settings, check};
use wire_message::ShardId;

use crate::oracle::Oracle;
use crate::rig::{OPTIONS, image, open, start, start_shared, stored, until, wait_durable};
use crate::script::{Actor, Dice};

/// One run with `shards` shards that submit what chance has them; changes the oracle alike.
fn live(folder: &std::path::Path, settings: Settings, dice: &mut Dice, oracle: &mut Oracle) {
    let first = open(folder).1.first;
    let (store, mut ports) = start(folder, 3, settings);
    let mut actors: Vec<_> = (0..3)
        .map(|shard| Actor::new(ShardId(shard), first))
        .collect();
    let mut submitted = [0; 3];
    for _ in 0..dice.below(150) {
        let shard = dice.below(3);
        let next = actors[shard].batch(dice);
        submitted[shard] += 1;
        next.operations
            .iter()
            .for_each(|operation| oracle.apply(operation));
        let sequence = Sequence(submitted[shard]);
        let next = Batch { sequence, ..next };
        ports[shard].submit(next).expect("the ring has room");
        if dice.below(10) == 0 {
            wait_durable(&mut ports[shard], submitted[shard]);
        }
    }
    if dice.below(2) == 0 {
        assert_eq!(store.close(), store_model::StoreState::Healthy);
    }
}

fn run(seed: u64, settings: Settings) {
    let folder = tempfile::tempdir().expect("there is room");
    let (mut dice, mut oracle) = (Dice(seed), Oracle::default());
    for life in 0..3 {
        live(folder.path(), settings, &mut dice, &mut oracle);
        let found = Oracle::of(&stored(folder.path()));
        assert_eq!(found, oracle, "seed {seed}, life {life}");
        let checked = check(folder.path(), OPTIONS).expect("it can be opened");
        assert!(checked.is_sound(), "seed {seed}, life {life}: {checked:?}");
    }
    let highest = oracle.entries().map(|key| key.number.0).max();
    let (database, opened) = open(folder.path());
    assert!(highest.is_none_or(|highest| opened.first > Number(highest)));
    // The next start finishes the store's own work.
    let needed: BTreeSet<_> = oracle.entries().map(|key| key.number.0).collect();
    let (store, _ports, database) = start_shared((database, opened), 1, settings);
    until("only what is needed is left", || {
        let image = image(&database);
        let keys = |family| image.prefixed(family, &[]).map(|(key, _)| key);
        let body = |key: &[u8]| u64::from_be_bytes(key.try_into().expect("eight bytes"));
        keys(Family::Bodies).eq(keys(Family::Holders))
            && keys(Family::Bodies).all(|key| needed.contains(&body(key)))
            && keys(Family::Queue).count() == oracle.entries().count()
            && keys(Family::Dropped)
                .chain(keys(Family::Quarantine))
                .next()
                .is_none()
    });
    drop(store);
    let kept = Oracle::of(&image(&database));
    assert_eq!(kept, oracle, "seed {seed}: upkeep keeps all");
}

#[test]
fn an_orderly_end_keeps_everything_that_was_submitted() {
    for seed in 0..6 {
        let settings = Settings {
            young_bodies_max: [0, 1, 1024][usize::try_from(seed % 3).expect("small")],
            sync_interval: std::time::Duration::from_millis(3),
            ..Settings::default()
        };
        run(seed, settings);
    }
}

#[test]
fn so_it_does_if_everything_is_synced_at_once() {
    for seed in 100..103 {
        let settings = Settings {
            sync_interval: std::time::Duration::ZERO,
            readers: NonZeroUsize::new(2).expect("not zero"),
            young_bodies_max: 4,
        };
        run(seed, settings);
    }
}
