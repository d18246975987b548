//! What the account of a run says about the broker.

use loadgen_plan::{Audience, EntryId, Plan};
use loadgen_report::Checks;

use super::{Account, EntryCount, StreamCount};

/// Sums over streams while a judgment is made.
#[derive(Debug, Default)]
struct Sums {
    expected: u64,
    delivered: u64,
    lost: u64,
    /// Duplicates that members of a shared group in different crews got.
    surplus: u64,
    surplus_allowed: u64,
    example: Option<String>,
}

impl Account {
    /// What the merged accounts of all crews say about the broker.
    ///
    /// A message is lost if it did not arrive although its publisher is certain that the broker
    /// has it and the receiver was there or had a session that keeps it. A corrupt message counts
    /// as lost, too, because nobody can say which one it was.
    #[must_use]
    pub fn judge(&self, plan: &Plan, audience: &Audience) -> Checks {
        let mut sums = Sums::default();
        for count in &self.streams {
            sums.add_stream(count, plan, audience);
        }
        self.add_entries(&mut sums, plan, audience);
        let faults = &self.faults;
        let mut checks = Checks {
            expected: sums.expected,
            delivered: sums.delivered,
            lost: sums.lost,
            duplicates: faults.duplicates + sums.surplus,
            duplicates_allowed: faults.duplicates_allowed + sums.surplus_allowed,
            reordered: faults.reordered,
            corrupt: faults.corrupt,
            stray: faults.stray,
            downgraded: faults.downgraded,
            disconnected: faults.disconnected,
            violations: Vec::new(),
        };
        let allow = plan.allow;
        let rows = [
            (allow.loss, checks.lost, "lost"),
            (
                allow.duplicates,
                checks.duplicates,
                "delivered more than once",
            ),
            (allow.reordering, checks.reordered, "out of order"),
            (false, checks.corrupt, "corrupt"),
            (false, checks.stray, "stray"),
            (
                false,
                checks.downgraded,
                "of another QoS than was asked for (subscriptions included)",
            ),
        ];
        let found = rows
            .into_iter()
            .filter(|(allowed, count, _)| !allowed && *count > 0);
        let sentences = found.map(|(_, count, what)| sentence(count, what));
        checks.violations.extend(sentences);
        if !allow.disconnects && checks.disconnected > 0 {
            let text = match checks.disconnected {
                1 => "1 connection was lost that the plan did not end".to_owned(),
                count => format!("{count} connections were lost that the plan did not end"),
            };
            // Mostly the reason for all that follows.
            checks.violations.insert(0, text);
        }
        if !checks.violations.is_empty() {
            checks.violations.extend(sums.example);
            checks.violations.extend(faults.examples.iter().cloned());
        }
        checks
    }

    /// Judges entries whose messages have no order: shared groups, and those who fetch.
    fn add_entries(&self, sums: &mut Sums, plan: &Plan, audience: &Audience) {
        for (id, entry) in (0..).map(EntryId).zip(audience.entries()) {
            if !entry.shared && !entry.retained {
                continue;
            }
            let copies = if entry.shared {
                1
            } else {
                entry.clients.len().into()
            };
            let is_loose = self.loose_entries.binary_search(&id.0).is_ok();
            for stream in entry.streams.iter() {
                let key = (id.0, stream);
                let found = self
                    .entries
                    .binary_search_by_key(&key, |count| (count.entry, count.stream));
                let none = EntryCount {
                    entry: id.0,
                    stream,
                    ..EntryCount::default()
                };
                let count = found.map_or(&none, |at| &self.entries[at]);
                let sent = self.stream(stream);
                sums.add_entry(count, sent, copies, is_loose, plan);
            }
        }
    }

    fn stream(&self, stream: u32) -> StreamCount {
        let found = self
            .streams
            .binary_search_by_key(&stream, |count| count.stream);
        found.map_or(StreamCount::default(), |at| self.streams[at])
    }
}

fn sentence(count: u64, what: &str) -> String {
    let messages = if count == 1 {
        "message was"
    } else {
        "messages were"
    };
    format!("{count} {messages} {what}")
}

impl Sums {
    /// Judges the pairs of a stream and a client that have an order, and the answers.
    fn add_stream(&mut self, count: &StreamCount, plan: &Plan, audience: &Audience) {
        let ids = audience.of_stream(count.stream).iter();
        let ordered = ids.map(|id| audience.entry(*id));
        let ordered = ordered.filter(|entry| !entry.shared && !entry.retained);
        let clients = ordered
            .map(|entry| u64::from(entry.clients.len()))
            .sum::<u64>();
        let firm = clients.saturating_sub(count.loose_clients.into());
        let certain = count.sent.saturating_sub(count.uncertain);
        let mut lost = (firm * certain).saturating_sub(count.received);
        lost += count
            .loose_missed
            .saturating_sub(count.uncertain * u64::from(count.loose_clients));
        self.delivered += count.received + count.loose_received;
        self.expected += (firm * certain).max(count.received);
        self.expected += count.loose_received + count.loose_missed;
        if asks(plan, count.stream) {
            let answers = u64::from(audience.copies(count.stream)) * certain;
            lost += answers.saturating_sub(count.answers);
            self.expected += answers.max(count.answers);
            self.delivered += count.answers;
        }
        self.lost += lost;
        if lost > 0 && self.example.is_none() {
            let text = match count.example {
                Some((client, sequence)) => {
                    format!(
                        "message {sequence} of stream {} is missing at client {client}",
                        count.stream
                    )
                }
                None => format!("the last messages of stream {} are missing", count.stream),
            };
            self.example = Some(text);
        }
    }

    /// Judges what an entry without order received of a stream.
    fn add_entry(
        &mut self,
        count: &EntryCount,
        sent: StreamCount,
        copies: u64,
        is_loose: bool,
        plan: &Plan,
    ) {
        let certain = copies * sent.sent.saturating_sub(sent.uncertain);
        self.delivered += count.received;
        let surplus = count.again;
        let mut missing = certain.saturating_sub(count.received);
        if is_loose {
            missing = 0;
        }
        self.expected += count.received.max(if is_loose { 0 } else { certain });
        self.lost += missing;
        if missing > 0 && self.example.is_none() {
            let text = format!(
                "messages of stream {} are missing at all of a group",
                count.stream
            );
            self.example = Some(text);
        }
        let publishing = plan.find_stream(count.stream);
        let group = publishing.and_then(|(group, _)| plan.groups.get(usize::from(group)));
        let qos = group
            .and_then(|group| group.publish.as_ref())
            .map(|publish| publish.qos);
        if qos == Some(wire_message::Qos::AtLeastOnce) {
            self.surplus_allowed += surplus;
        } else {
            self.surplus += surplus;
        }
    }
}

/// Whether the messages of `stream` are requests.
fn asks(plan: &Plan, stream: u32) -> bool {
    let group = plan
        .find_stream(stream)
        .and_then(|(at, _)| plan.groups.get(usize::from(at)));
    let publishing = group.and_then(|group| group.publish.as_ref());
    publishing.is_some_and(|publishing| publishing.response.is_some())
}
