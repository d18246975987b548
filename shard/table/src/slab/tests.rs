//! The slab against a `BTreeMap`.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::key::OfSession;
use crate::{SessionKey, Slab};

type Numbers = Slab<u32, OfSession>;

#[test]
fn a_key_outlives_its_entry_and_finds_nothing() {
    let mut slab = Numbers::new();
    let first = slab.insert(1);
    assert_eq!(slab.remove(first), Some(1));
    let second = slab.insert(2);
    assert_eq!(second.index(), first.index());
    assert_eq!((slab.get(first), slab.get(second)), (None, Some(&2)));
    assert_eq!((slab.remove(first), slab.len()), (None, 1));
}

#[test]
fn a_key_finds_nothing_after_its_page_was_given_back_and_taken_again() {
    let mut slab = Numbers::new();
    let old: Vec<_> = (0..1024).map(|number| slab.insert(number)).collect();
    for key in &old {
        slab.remove(*key);
    }
    let allocated = |slab: &Numbers| slab.pages.len() - slab.holes.len();
    assert_eq!(allocated(&slab), 1);
    let new: Vec<_> = (0..1024).map(|number| slab.insert(number)).collect();
    assert_eq!(allocated(&slab), 4);
    assert!(old.iter().all(|key| !slab.contains(*key)));
    assert!(
        new.iter()
            .zip(0..)
            .all(|(key, number)| slab.get(*key) == Some(&number))
    );
}

#[test]
fn an_entry_can_know_its_own_key() {
    let mut slab: Slab<SessionKey, OfSession> = Slab::new();
    let key = slab.insert_with(|key| key);
    assert_eq!(slab.get(key), Some(&key));
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u16),
    Remove(usize),
    RemoveAgain(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..600_u16).prop_map(Step::Insert),
        any::<usize>().prop_map(Step::Remove),
        any::<usize>().prop_map(Step::RemoveAgain),
    ]
}

proptest! {
    /// A slab is a map whose keys are never used twice.
    #[test]
    fn behaves_like_a_map(steps in prop::collection::vec(step(), 0..16)) {
        let mut slab = Numbers::new();
        let mut model = BTreeMap::new();
        let mut gone = Vec::new();
        let mut next = 0;
        for step in steps {
            match step {
                Step::Insert(count) => for _ in 0..count {
                    next += 1;
                    let key = slab.insert(next);
                    prop_assert_eq!(model.insert(key, next), None);
                    prop_assert!(!gone.contains(&key));
                },
                Step::Remove(pick) => for _ in 0..model.len() / 2 {
                    let key = *model.keys().nth(pick % model.len()).expect("in range");
                    prop_assert_eq!(slab.remove(key), model.remove(&key));
                    gone.push(key);
                },
                Step::RemoveAgain(pick) => if !gone.is_empty() {
                    prop_assert_eq!(slab.remove(gone[pick % gone.len()]), None);
                },
            }
            prop_assert_eq!(slab.len(), model.len());
            let entries: Vec<_> = model.iter().map(|(key, value)| (*key, *value)).collect();
            let listed: Vec<_> = slab.iter().map(|(key, value)| (key, *value)).collect();
            prop_assert_eq!(&listed, &entries);
            let mut walked = Vec::new();
            while let Some(key) = slab.key_from(walked.last().map_or(0, |key: &SessionKey| key.index() + 1)) {
                walked.push(key);
            }
            prop_assert!(walked.iter().eq(entries.iter().map(|(key, _)| key)));
        }
    }
}
