//! The final account: what was sent and received, and what was wrong.

mod judge;

use serde::{Deserialize, Serialize};

use crate::Faults;

/// What the crews of a run sent and received since its beginning; accounts of crews add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Account {
    /// By stream; streams that the crew neither sent nor received are left out.
    pub streams: Vec<StreamCount>,
    /// What shared groups received, and clients that fetch what is retained.
    pub entries: Vec<EntryCount>,
    /// Entries of which members were away or slow, so that what is missing proves nothing.
    pub loose_entries: Vec<u32>,
    /// What was wrong.
    pub faults: Faults,
}

/// What happened to one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct StreamCount {
    /// Which one.
    pub stream: u32,
    /// Messages that its publisher sent.
    pub sent: u64,
    /// Those of them that the broker may never have got: refused, or lost with a connection.
    pub uncertain: u64,
    /// Answers that its publisher got, if it asks.
    pub answers: u64,
    /// Messages that subscribers received, each once: those with an order and without absences.
    pub received: u64,
    /// Subscribers that were away without a session, slow, or never there.
    pub loose_clients: u32,
    /// Messages that those received, each once.
    pub loose_received: u64,
    /// Messages that those lack though they were there before and after.
    pub loose_missed: u64,
    /// A client that lacks a message, and which one.
    pub example: Option<(u32, u32)>,
}

/// What the clients of an entry of the audience received of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct EntryCount {
    /// The entry's id.
    pub entry: u32,
    /// Which stream.
    pub stream: u32,
    /// Messages, each once: by a shared group, or by each of those who fetch.
    pub received: u64,
    /// Messages that members of a shared group in different crews got.
    pub again: u64,
    /// A bit for each message that a shared group got, from the first on.
    pub words: Vec<u64>,
}

impl Account {
    /// Adds the account of another crew.
    pub fn merge(&mut self, other: &Self) {
        self.streams.extend_from_slice(&other.streams);
        self.entries.extend_from_slice(&other.entries);
        self.loose_entries.extend_from_slice(&other.loose_entries);
        self.faults.merge(&other.faults);
        self.tidy();
    }

    /// Adds up what belongs together.
    pub(crate) fn tidy(&mut self) {
        self.streams.sort_by_key(|count| count.stream);
        self.streams.dedup_by(|next, count| {
            let same = next.stream == count.stream;
            if same {
                count.add(next);
            }
            same
        });
        self.entries
            .sort_by_key(|count| (count.entry, count.stream));
        self.entries.dedup_by(|next, count| {
            let same = (next.entry, next.stream) == (count.entry, count.stream);
            if same {
                count.add(next);
            }
            same
        });
        self.loose_entries.sort_unstable();
        self.loose_entries.dedup();
    }
}

impl StreamCount {
    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.uncertain += other.uncertain;
        self.answers += other.answers;
        self.received += other.received;
        self.loose_clients += other.loose_clients;
        self.loose_received += other.loose_received;
        self.loose_missed += other.loose_missed;
        self.example = self.example.or(other.example);
    }
}

impl EntryCount {
    fn add(&mut self, other: &Self) {
        let mut both = 0;
        let words = self.words.iter_mut().zip(&other.words);
        for (word, other) in words {
            both += u64::from((*word & other).count_ones());
            *word |= other;
        }
        if let Some(behind) = other.words.get(self.words.len()..) {
            self.words.extend_from_slice(behind);
        }
        self.received += other.received - both;
        self.again += other.again + both;
    }
}

#[cfg(test)]
mod tests;
