//! Whether everything stored can be read and fits together.

mod walk;

use core::fmt::Display;

use thiserror::Error;

use self::walk::Walk;
use crate::limits::FINDINGS_MAX;
use crate::{DamageError, Family, MetaKey, Source};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Records of each family, damaged ones included, in the order of [`Family::ALL`].
    pub records: [u64; Family::ALL.len()],
    /// Live sessions.
    pub sessions: u64,
    /// What is wrong: the first [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How much is wrong.
    pub wrong: u64,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{wrong}")]
pub struct Finding {
    /// The family.
    pub family: Family,
    /// The record; of several of one session the first. Empty if it concerns the whole family.
    pub key: Vec<u8>,
    /// What.
    pub wrong: Wrong,
}

/// What may be wrong with a record or among several.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    /// Its message is shared and not there: it can't be delivered.
    #[error("the message that it shares is missing")]
    BodyMissing,
    /// It can't be read. A start sets it aside.
    #[error("damaged: {0}")]
    Damaged(DamageError),
    /// Something is on its way that is not there.
    #[error("the entry that is in flight is missing")]
    EntryMissing,
    /// It belongs to a session that is not there and did not end.
    #[error("its session has no head")]
    HeadMissing,
    /// Another number of entries share a message than is noted: it goes too early, or never.
    #[error("{stored} entries are noted as sharing the message, {found} do")]
    HoldersDiffer {
        /// As noted.
        stored: i64,
        /// Entries that are there.
        found: u64,
    },
    /// It is not noted how many entries share the message: it never goes.
    #[error("nothing is noted of those who share it")]
    HoldersMissing,
    /// A record of the store itself is missing.
    #[error("the record {0:?} is missing")]
    MetaMissing(MetaKey),
    /// It has a number that would be given again.
    #[error("its number is not below the next one")]
    NumberTooHigh,
    /// The family can't be read to its end.
    #[error("can't be read: {0}")]
    Unreadable(String),
}

impl Check {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.wrong == 0
    }

    /// Records of a family.
    #[must_use]
    pub fn records_of(&self, family: Family) -> u64 {
        let records = self.records.get(usize::from(family.tag()));
        records.copied().unwrap_or(0)
    }

    fn find(&mut self, family: Family, key: &[u8], wrong: Wrong) {
        self.wrong += 1;
        if self.findings.len() < FINDINGS_MAX {
            let key = key.to_vec();
            self.findings.push(Finding { family, key, wrong });
        }
    }
}

/// Reads every record and looks at how they fit together: entries and the messages they share,
/// flights and entries, sessions and what is theirs, numbers. Writes nothing.
///
/// Records of sessions that ended and receipts of unknown ones are no findings, nor is what was set
/// aside. Memory is bounded by [`crate::limits::CHECK_BODIES_MAX`].
#[must_use]
pub fn check<S: Source>(source: &S) -> Check
where
    S::Error: Display,
{
    let mut walk = Walk::new(source);
    walk.meta();
    walk.sessions();
    walk.queue();
    walk.bodies();
    walk.holders();
    walk.flights();
    walk.others();
    walk.check
}
