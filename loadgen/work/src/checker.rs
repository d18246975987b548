//! What arrived, compared with what must arrive.

mod bits;
mod missing;

use loadgen_plan::{Audience, EntryId};
use wire_message::Qos;

use crate::{ClientNumber, EntryCount, Faults};
use bits::Bits;
use missing::Missing;

/// Where the records of a client's subscription are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// The first stream, and how many follow without a gap; none if the audience must be asked.
    start: u32,
    len: u32,
    /// The place of the first stream's record or count.
    pub(crate) base: u32,
    pub(crate) entry: EntryId,
    /// Whether messages are counted and not put in order.
    pub(crate) is_count: bool,
    /// Whether the client is one of a shared group.
    pub(crate) is_shared: bool,
    /// The highest QoS that the client asked for; the least of a shared group.
    pub(crate) qos: Qos,
}

/// The messages of one stream at one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Record {
    /// The sequence number that comes next.
    next: u32,
    /// Messages before `next` that were not to come.
    excused: u32,
    /// Messages before `next` that are missing, and not remembered one by one.
    gone: u32,
    /// The client's connection of the last message.
    epoch: u16,
}

/// A message, as the checker sees it.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something else, and all combinations exist"
)]
pub(crate) struct Sighting {
    pub(crate) client: ClientNumber,
    pub(crate) stream: u32,
    pub(crate) sequence: u32,
    /// The client's connection, counted from 0.
    pub(crate) epoch: u16,
    /// Whether the message may come twice: by its QoS, and because it says that it may have come
    /// before, or because a connection was lost on its way.
    pub(crate) may_repeat: bool,
    /// Whether it says that it may have come before.
    pub(crate) dup: bool,
    /// Whether messages come in order.
    pub(crate) ordered: bool,
    /// Whether messages may be left out between two connections.
    pub(crate) forgetful: bool,
}

/// What a client received of a stream, at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) stream: u32,
    /// Messages, each once.
    pub(crate) messages: u64,
    /// Messages that are missing among them.
    pub(crate) missed: u64,
    /// The first that is missing.
    pub(crate) first_missed: Option<u32>,
}

/// The records of all clients of a crew.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    records: Vec<Record>,
    counts: Vec<Bits>,
    missing: Missing,
    pub(crate) faults: Faults,
}

impl Checker {
    /// Makes room for a subscription.
    pub(crate) fn watch(&mut self, audience: &Audience, id: EntryId, count_base: u32) -> Watch {
        let entry = audience.entry(id);
        let (start, len) = entry.streams.single_run().unwrap_or((0, 0));
        let is_count = entry.shared || entry.retained;
        let mut base = count_base;
        if is_count && !entry.shared {
            // Each of those who fetch gets all.
            base = self.count_base(entry.streams.len());
        }
        if !is_count {
            base = place(self.records.len());
            let end = self.records.len() + entry.streams.len() as usize;
            self.records.resize(end, Record::default());
        }
        Watch {
            start,
            len,
            base,
            entry: id,
            is_count,
            is_shared: entry.shared,
            qos: entry.qos,
        }
    }

    /// Makes room for `streams` counts, and says where.
    pub(crate) fn count_base(&mut self, streams: u32) -> u32 {
        let base = place(self.counts.len());
        let end = self.counts.len() + streams as usize;
        self.counts.resize(end, Bits::default());
        base
    }

    /// Where the record or count of `stream` is, and whether it is a count.
    #[inline]
    pub(crate) fn find(
        watches: &[Watch],
        stream: u32,
        audience: &Audience,
    ) -> Option<(Watch, u32)> {
        for watch in watches {
            let mut rank = stream.wrapping_sub(watch.start);
            if rank >= watch.len {
                if watch.len > 0 {
                    continue;
                }
                match audience.entry(watch.entry).streams.rank(stream) {
                    Some(found) => rank = found,
                    None => continue,
                }
            }
            return Some((*watch, watch.base + rank));
        }
        None
    }

    /// Notes a message where order does not matter; whether it is the first copy.
    #[inline]
    pub(crate) fn count(&mut self, at: u32, sequence: u32) -> bool {
        self.counts[at as usize].insert(sequence)
    }

    /// Takes a message where order matters, if it is the next one, as nearly all are.
    #[inline]
    pub(crate) fn is_next(&mut self, at: u32, sequence: u32, epoch: u16) -> bool {
        let record = &mut self.records[at as usize];
        let is_next = record.next == sequence && record.epoch == epoch;
        record.next += u32::from(is_next);
        is_next
    }

    /// Checks any other message where order matters; whether it is the first copy.
    #[cold]
    pub(crate) fn check_unusual(&mut self, at: u32, sighting: &Sighting) -> bool {
        let record = &mut self.records[at as usize];
        let sequence = sighting.sequence;
        if sequence >= record.next {
            let gap = sequence - record.next;
            if sighting.forgetful && record.epoch != sighting.epoch {
                record.excused += gap;
            } else if gap > 0 && !self.missing.insert(at, record.next, sequence) {
                record.gone += gap;
            }
            record.next = sequence.saturating_add(1);
            record.epoch = sighting.epoch;
            return true;
        }
        if self.missing.take(at, sequence) {
            // [v5 4.6.0-1] orders first deliveries only.
            if !sighting.dup && sighting.ordered {
                self.faults.reordered += 1;
                self.example(sighting, "came late");
            }
            return true;
        }
        self.came_again(sighting);
        false
    }

    /// Notes a message that came before.
    #[cold]
    pub(crate) fn came_again(&mut self, sighting: &Sighting) {
        if sighting.may_repeat {
            self.faults.duplicates_allowed += 1;
        } else {
            self.faults.duplicates += 1;
            self.example(sighting, "came again");
        }
    }

    /// Notes a packet of QoS 2 that was sent again before it was released.
    #[cold]
    pub(crate) fn sent_again(&mut self, client: ClientNumber, may_repeat: bool) {
        if may_repeat {
            self.faults.duplicates_allowed += 1;
        } else {
            self.faults.duplicates += 1;
            let client = client.0;
            let text = format!("client {client} got a packet of QoS 2 again on one connection");
            self.faults.example(text);
        }
    }

    /// Notes a message that this client should not have got.
    #[cold]
    pub(crate) fn stray(&mut self, client: ClientNumber, what: &str) {
        self.faults.stray += 1;
        self.faults
            .example(format!("client {} got {what}", client.0));
    }

    /// Notes `count` deliveries or subscriptions with another QoS than was asked for.
    #[cold]
    pub(crate) fn downgraded(&mut self, client: ClientNumber, what: &str, count: u64) {
        self.faults.downgraded += count;
        self.faults
            .example(format!("client {} got {what}", client.0));
    }

    /// Notes a message that is not as it was sent.
    #[cold]
    pub(crate) fn corrupt(&mut self, client: ClientNumber, bytes: usize) {
        self.faults.corrupt += 1;
        let text = format!("client {} got {bytes} bytes with a wrong check", client.0);
        self.faults.example(text);
    }

    /// Notes a connection that the plan did not end.
    #[cold]
    pub(crate) fn disconnected(&mut self, client: ClientNumber) {
        self.faults.disconnected += 1;
        let text = format!("the connection of client {} was lost", client.0);
        self.faults.example(text);
    }

    fn example(&mut self, sighting: &Sighting, what: &str) {
        let Sighting {
            client,
            stream,
            sequence,
            ..
        } = sighting;
        let text = format!(
            "message {sequence} of stream {stream} {what} at client {}",
            client.0
        );
        self.faults.example(text);
    }

    /// What a client received by a subscription, stream by stream; nothing for counts.
    pub(crate) fn received<'a>(
        &'a self,
        watch: Watch,
        audience: &'a Audience,
    ) -> impl Iterator<Item = Received> + 'a {
        let streams = audience.entry(watch.entry).streams.iter();
        let streams = streams.filter(move |_| !watch.is_count);
        (watch.base..).zip(streams).map(|(at, stream)| {
            let record = &self.records[at as usize];
            let missed = self.missing.count(at) + u64::from(record.gone);
            Received {
                stream,
                messages: self.messages(at),
                missed,
                first_missed: self.missing.gaps(at).next().map(|(start, _)| start),
            }
        })
    }

    /// Makes room for a stream of answers, and says where.
    pub(crate) fn answers(&mut self) -> u32 {
        let at = place(self.records.len());
        self.records.push(Record::default());
        at
    }

    /// How many messages arrived, each once, by the record at this place.
    pub(crate) fn messages(&self, at: u32) -> u64 {
        let record = &self.records[at as usize];
        let missed = self.missing.count(at) + u64::from(record.gone);
        u64::from(record.next) - u64::from(record.excused) - missed
    }

    /// The counts of an entry whose place is `base`; streams without a message are left out.
    pub(crate) fn counted<'a>(
        &'a self,
        id: EntryId,
        base: u32,
        audience: &'a Audience,
    ) -> impl Iterator<Item = EntryCount> + 'a {
        let entry = audience.entry(id);
        let counts = (base..)
            .zip(entry.streams.iter())
            .map(|(at, stream)| (stream, &self.counts[at as usize]));
        counts.filter_map(move |(stream, bits)| {
            let received = bits.len();
            (received > 0).then(|| EntryCount {
                entry: id.0,
                stream,
                received,
                again: 0,
                // Others of a shared group may have got the same ones.
                words: if entry.shared {
                    bits.words()
                } else {
                    Vec::new()
                },
            })
        })
    }
}

fn place(index: usize) -> u32 {
    u32::try_from(index).expect("a plan's pairs are limited")
}

#[cfg(test)]
mod tests;
