//! Who must receive what.

mod mark;
mod numbers;
mod topics;

use std::collections::{BTreeMap, BTreeSet};

use wire_message::{FilterTarget, Qos};

pub use mark::topic_mark;
pub use numbers::StreamSet;

use crate::{Load, PAIRS_MAX, Plan, PlanError, RunId, Subscription};
use topics::Topics;

/// A filter's place in an audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u32);

/// A filter that matches streams, and the clients that subscribe to it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The numbers of the clients.
    pub clients: StreamSet,
    /// The streams that the filter matches.
    pub streams: StreamSet,
    /// The highest quality of service that the clients asked for; the lowest of them in a group.
    pub qos: Qos,
    /// Whether the clients are one shared group, so that only one of them gets each message.
    pub shared: bool,
    /// See [`Subscription::retained`].
    pub retained: bool,
}

/// Which clients receive which streams.
///
/// A *stream* is what one publisher publishes, numbered over all publishers of the plan.
#[derive(Clone, Debug, Default)]
pub struct Audience {
    entries: Vec<Entry>,
    by_stream: Lists,
    by_client: Lists,
    copies: Vec<u32>,
    marks: Vec<u32>,
}

/// Lists of entries, one for each number from 0.
#[derive(Clone, Debug, Default)]
struct Lists {
    /// Where each list ends.
    ends: Vec<u32>,
    ids: Vec<EntryId>,
}

/// What makes subscriptions one entry. Members of a shared group may differ in QoS.
type Key = (String, Option<Qos>, bool);

impl Audience {
    /// The audience of `plan`, which was checked.
    ///
    /// # Errors
    ///
    /// [`PlanError::Topic`], [`PlanError::Filter`], [`PlanError::FilterTwice`],
    /// [`PlanError::Overlap`], [`PlanError::Pairs`].
    pub fn new(plan: &Plan, run: RunId) -> Result<Self, PlanError> {
        let topics = Topics::new(plan, run)?;
        let mut audience = Self::default();
        if !topics.is_empty() {
            audience.entries = entries(plan, run, &topics)?;
        }
        let entries = &audience.entries;
        audience.by_stream = Lists::new(entries, plan.streams(), |entry| &entry.streams);
        audience.by_client = Lists::new(entries, plan.clients(), |entry| &entry.clients);
        audience.copies = (0..plan.streams())
            .map(|stream| audience.count(stream))
            .collect();
        audience.marks = topics.into_marks();
        audience.check()?;
        Ok(audience)
    }

    /// Filters that match at least one stream.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries whose filters match `stream`.
    #[must_use]
    pub fn of_stream(&self, stream: u32) -> &[EntryId] {
        self.by_stream.list(stream)
    }

    /// The entries that client `number` subscribes to.
    #[must_use]
    pub fn of_client(&self, number: u32) -> &[EntryId] {
        self.by_client.list(number)
    }

    /// How many copies of each message of `stream` are delivered: one for each session with a
    /// matching subscription and one for each shared group.
    #[must_use]
    pub fn copies(&self, stream: u32) -> u32 {
        self.copies.get(stream as usize).copied().unwrap_or(0)
    }

    /// The [`topic_mark`] of the topic of `stream`; zero if each message has a topic of its own.
    #[must_use]
    #[inline]
    pub fn topic_mark(&self, stream: u32) -> u32 {
        self.marks.get(stream as usize).copied().unwrap_or(0)
    }

    /// Whether messages of `stream` are delivered to client `number`, or may be, in a shared group.
    #[must_use]
    pub fn expects(&self, stream: u32, number: u32) -> bool {
        let mut of_client = self.of_client(number).iter();
        of_client.any(|id| self.entry(*id).streams.rank(stream).is_some())
    }

    /// The entry with this id.
    ///
    /// # Panics
    ///
    /// If `id` is of another audience.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    /// Checks that a run on `processes` times `threads` workers can close its loops: the audience of
    /// a stream with a window lives in the process of its publisher.
    ///
    /// # Errors
    ///
    /// [`PlanError::LoopSpansProcesses`].
    pub fn check_loops(&self, plan: &Plan, threads: u16, processes: u16) -> Result<(), PlanError> {
        let workers = u32::from(threads) * u32::from(processes);
        let process_of = |index: u32| index % workers / u32::from(threads);
        for (at, group) in (0..).zip(&plan.groups) {
            let load = group.publish.as_ref().map(|publishing| publishing.load);
            if !matches!(load, Some(Load::Window(_))) {
                continue;
            }
            let first = plan.first_stream(at);
            for index in 0..group.clients {
                let ids = self.of_stream(first + index);
                let mut clients = ids.iter().flat_map(|id| self.entry(*id).clients.iter());
                let away = |number: u32| {
                    let found = plan.find_client(number);
                    found.is_some_and(|(_, other)| process_of(other) != process_of(index))
                };
                if clients.any(away) {
                    return Err(PlanError::LoopSpansProcesses {
                        group: group.name.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    fn count(&self, stream: u32) -> u32 {
        let count = |id: &EntryId| {
            let entry = self.entry(*id);
            if entry.shared { 1 } else { entry.clients.len() }
        };
        self.of_stream(stream).iter().map(count).sum()
    }

    /// Checks that no client gets a stream by two subscriptions, as brokers may then deliver once
    /// or twice, and that the records of all pairs fit.
    fn check(&self) -> Result<(), PlanError> {
        let pairs = |entry: &Entry| u64::from(entry.clients.len()) * u64::from(entry.streams.len());
        let plain = self.entries.iter().filter(|entry| !entry.shared);
        let pairs = plain.map(pairs).sum::<u64>();
        if pairs > PAIRS_MAX {
            return Err(PlanError::Pairs { pairs });
        }
        let mut seen = BTreeSet::new();
        for stream in 0..self.copies.len() {
            let stream = u32::try_from(stream).expect("streams are counted with 32 bits");
            let ids = self.of_stream(stream);
            if ids.len() < 2 || !seen.insert(ids) {
                continue;
            }
            for (at, left) in ids.iter().enumerate() {
                for right in &ids[at + 1..] {
                    let (left, right) = (self.entry(*left), self.entry(*right));
                    if let Some(client) = left.clients.first_in_both(&right.clients) {
                        return Err(PlanError::Overlap { client, stream });
                    }
                }
            }
        }
        Ok(())
    }
}

impl Lists {
    fn new(entries: &[Entry], numbers: u32, set: impl Fn(&Entry) -> &StreamSet) -> Self {
        if entries.is_empty() {
            return Self::default();
        }
        let mut ends = vec![0_u32; numbers as usize + 1];
        for number in entries.iter().flat_map(|entry| set(entry).iter()) {
            ends[number as usize + 1] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        let mut ids = vec![EntryId(0); sum as usize];
        // From here on `ends[number]` is where the next id of its list goes, and at last its end.
        for (id, entry) in (0..).map(EntryId).zip(entries) {
            for number in set(entry).iter() {
                let next = &mut ends[number as usize];
                ids[*next as usize] = id;
                *next += 1;
            }
        }
        ends.pop();
        Self { ends, ids }
    }

    fn list(&self, number: u32) -> &[EntryId] {
        let number = number as usize;
        let Some(&end) = self.ends.get(number) else {
            return &[];
        };
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.ids[start as usize..end as usize]
    }
}

/// All subscriptions that match a stream, equal ones together.
fn entries(plan: &Plan, run: RunId, topics: &Topics) -> Result<Vec<Entry>, PlanError> {
    let mut found = BTreeMap::<Key, Option<usize>>::new();
    let mut entries = Vec::<Entry>::new();
    for group in &plan.groups {
        for subscription in &group.subscribe {
            // One entry for all of them if all ask for the same.
            let (step, count) = if subscription.filter.is_constant() {
                (group.clients, 1)
            } else {
                (1, usize::MAX)
            };
            for place in group.places(run, plan.seed).take(count) {
                let text = subscription.filter.text(&place);
                let Some(at) = find(subscription, &text, topics, &mut found, &mut entries)? else {
                    continue;
                };
                let entry = &mut entries[at];
                entry.qos = entry.qos.min(subscription.qos);
                if !entry.clients.push(place.number, step) {
                    return Err(PlanError::FilterTwice { filter: text });
                }
            }
        }
    }
    Ok(entries)
}

/// The place of the entry for `text`; `None` if it matches nothing.
fn find(
    subscription: &Subscription,
    text: &str,
    topics: &Topics,
    found: &mut BTreeMap<Key, Option<usize>>,
    entries: &mut Vec<Entry>,
) -> Result<Option<usize>, PlanError> {
    let wrong = |error| PlanError::Filter {
        filter: text.to_owned(),
        error,
    };
    let (filter, shared) = match FilterTarget::parse(text).map_err(wrong)? {
        FilterTarget::Plain(filter) | FilterTarget::Exclusive(filter) => (filter, false),
        FilterTarget::Shared(_, filter) => (filter, true),
    };
    let qos = (!shared).then_some(subscription.qos);
    let key = (text.to_owned(), qos, subscription.retained);
    if let Some(&at) = found.get(&key) {
        return Ok(at);
    }
    let streams = topics.matching(filter);
    let at = (!streams.is_empty()).then_some(entries.len());
    if at.is_some() {
        entries.push(Entry {
            clients: StreamSet::default(),
            streams,
            qos: subscription.qos,
            shared,
            retained: subscription.retained,
        });
    }
    found.insert(key, at);
    Ok(at)
}

#[cfg(test)]
mod tests;
